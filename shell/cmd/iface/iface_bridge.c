// SPDX-License-Identifier: GPL-3.0-or-later
// A host's interface put below a bridge of its own, which takes over its addresses, and that undone.
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "cmd/commands.h"
#include "cmd/iface/iface.h"
#include "cmd/objects.h"
#include "cmd/rows.h"
#include "io/xml.h"

enum { INTERFACE, BRIDGE, NO_STP, DELAY, NO_START };
enum { OF_BRIDGE, UN_NO_START };

static const struct opt_def bridge_opts[] = {
    [INTERFACE] = {"interface", OPT_INTERFACE, OPTF_POS | OPTF_REQ, "existing interface name"},
    [BRIDGE] = {"bridge", OPT_STRING, OPTF_POS | OPTF_REQ, "new bridge device name"},
    [NO_STP] = {"no-stp", OPT_BOOL, 0, "do not enable STP for this bridge"},
    [DELAY] = {"delay", OPT_INT, OPTF_POS, "number of seconds to squelch traffic on newly connected ports", .def = "0",
               .min = 0, .max = 3600},
    [NO_START] = {"no-start", OPT_BOOL, 0, "don't start the bridge immediately"},
    {NULL},
};
static const struct opt_def unbridge_opts[] = {
    [OF_BRIDGE] = {"bridge", OPT_INTERFACE, OPTF_POS | OPTF_REQ, "current bridge device name"},
    [UN_NO_START] = {"no-start", OPT_BOOL, 0, "don't start the detached interface immediately (not recommended)"},
    {NULL},
};

// Type and name of the interface that is described, and a piece behind all that is in it; NULL: none.
static int change_root(struct xml_doc *doc, const char *type, const char *name, const char *piece, struct err *e)
{
    size_t n;
    _cleanup_free_ struct xml_node **root = xml_nodes(doc, NULL, "/interface", &n);
    if (!n)
        return err_set(e, ERR_FAILED, "libvirt's description is not one of an interface");
    if (xml_node_set_attribute(root[0], "type", type, e) < 0 || xml_node_set_attribute(root[0], "name", name, e) < 0)
        return -1;
    return piece ? xml_append(root[0], piece, e) : 0;
}

// What of an interface is its own, and not what a bridge above it takes over.
#define OWN "/interface/mac | /interface/bond | /interface/vlan"

static int put_below(struct xml_doc *doc, const struct cmd_call *c, char **ret, struct err *e)
{
    _cleanup_buf_ struct buf b = BUF_INIT;
    _cleanup_err_ struct err none = ERR_INIT;
    _cleanup_free_ char *type = xml_string(doc, NULL, "/interface/@type");
    _cleanup_free_ char *name = xml_string(doc, NULL, "/interface/@name"), *own = NULL;
    if (!type || !name)
        return err_set(e, ERR_FAILED, "libvirt's description tells no type and name of the interface");
    if (strcmp(type, "bridge") == 0)
        return err_set(e, ERR_STATE, "'%s' is a bridge already", name);
    buf_addf(&b, "<bridge stp='%s' delay='%lld'><interface", c->vals[NO_STP].b ? "off" : "on", c->vals[DELAY].i);
    xml_add_attribute(&b, "type", type);
    xml_add_attribute(&b, "name", name);
    buf_addc(&b, '>');
    if (xml_query(doc, OWN, false, &own, &none) == 0)
        buf_adds(&b, own);
    buf_adds(&b, "</interface></bridge>");
    xml_remove(doc, OWN);
    if (change_root(doc, "bridge", c->vals[BRIDGE].s, buf_str(&b), e) < 0)
        return -1;
    *ret = xml_text(doc);
    return 0;
}

static int take_out(struct xml_doc *doc, const char *bridge, char **ret_name, char **ret, struct err *e)
{
    static const char below[] = "/interface/bridge/interface";
    size_t n, k;
    _cleanup_err_ struct err none = ERR_INIT;
    _cleanup_free_ struct xml_node **is_bridge = xml_nodes(doc, NULL, "/interface[@type='bridge']/bridge", &n);
    _cleanup_free_ struct xml_node **list = xml_nodes(doc, NULL, below, &k);
    _cleanup_free_ char *type = xml_string(doc, NULL, "/interface/bridge/interface/@type"), *own = NULL;
    _cleanup_free_ char *name = xml_string(doc, NULL, "/interface/bridge/interface/@name");
    if (!n)
        return err_set(e, ERR_STATE, "'%s' is not a bridge", bridge);
    if (k != 1)
        return err_set(e, ERR_STATE, "%s to bridge '%s'",
                       k ? "several interfaces are attached" : "no interface is attached", bridge);
    if (!type || !name)
        return err_set(e, ERR_FAILED, "libvirt's description tells no type and name of what is attached to '%s'",
                       bridge);
    (void)xml_query(doc, "/interface/bridge/interface/*", false, &own, &none);
    xml_remove(doc, "/interface/bridge");
    if (change_root(doc, type, name, own, e) < 0)
        return -1;
    *ret = xml_text(doc);
    *ret_name = steal(&name);
    return 0;
}

// Defines the interface, and starts it unless that is not wanted.
static int define(struct cmd_call *c, const char *xml, const char *name, bool start, struct err *e)
{
    _cleanup_(virt_iface_free_p) struct virt_iface *made = NULL;
    if (virt_iface_define(c->conn, xml, false, &made, e) < 0)
        return err_wrap(e, "failed to define interface '%s'", name);
    ctx_names_add(c->ctx, "interface", target_label(&c->where), name);
    return start && virt_iface_start(made, e) < 0 ? err_wrap(e, "failed to start interface '%s'", name) : 0;
}

static void result(struct cmd_call *c, const char *bridge, const char *interface, bool started)
{
    c->result = json_pack("{s:o, s:o, s:b}", "bridge", json_text(bridge), "interface", json_text(interface), "started",
                          started);
    object_add_node(c);
}

static int run_bridge(struct cmd_call *c, struct err *e)
{
    static const struct view started = {
        VIEW_NONE,
        .message = "Created bridge {bridge} with attached device {interface}\nBridge interface {bridge} started"};
    _cleanup_(virt_iface_free_p) struct virt_iface *iface = NULL, *there = NULL;
    _cleanup_(xml_free_p) struct xml_doc *doc = NULL;
    _cleanup_free_ char *was = NULL, *xml = NULL;
    _cleanup_err_ struct err why = ERR_INIT;
    const char *bridge = c->vals[BRIDGE].s;
    bool start = !c->vals[NO_START].b;
    if (iface_find(c, INTERFACE, &iface, e) < 0)
        return -1;
    if (virt_iface_lookup(c->conn, bridge, &there, &why) == 0)
        return err_set(e, ERR_EXISTS, "there is an interface '%s' already", bridge);
    if (why.code != ERR_NOT_FOUND) {
        err_move(e, &why);
        return -1;
    }
    if (iface_config(iface, &was, e) < 0 || xml_parse(was, &doc, e) < 0 || put_below(doc, c, &xml, e) < 0 ||
        define(c, xml, bridge, start, e) < 0)
        return -1;
    result(c, bridge, virt_iface_name(iface), start);
    if (start)
        c->view = &started;
    return 0;
}

// What there was before a bridge is taken away: it, and a definition of what is attached to it, where there is one.
struct before {
    const char *bridge;
    char *device, *bridge_xml, *device_xml;
    bool active;
};

static void before_release(struct before *b)
{
    free(b->device);
    free(b->bridge_xml);
    free(b->device_xml);
}

static int look_at_device(struct cmd_call *c, struct before *b, struct err *e)
{
    _cleanup_(virt_iface_free_p) struct virt_iface *there = NULL;
    if (virt_iface_lookup(c->conn, b->device, &there, e) == 0)
        return iface_config(there, &b->device_xml, e);
    if (e->code != ERR_NOT_FOUND)
        return -1;
    err_release(e);
    return 0;
}

static int take_away(struct virt_iface *iface, struct err *e)
{
    bool active;
    if (virt_iface_is_active(iface, &active, e) < 0 || (active && virt_iface_destroy(iface, e) < 0))
        return -1;
    return virt_iface_undefine(iface, e);
}

static int put_back(struct cmd_call *c, const struct before *b, struct err *e)
{
    _cleanup_(virt_iface_free_p) struct virt_iface *made = NULL;
    if (b->device_xml) {
        if (define(c, b->device_xml, b->device, false, e) < 0)
            return -1;
    } else if (virt_iface_lookup(c->conn, b->device, &made, e) == 0) {
        if (take_away(made, e) < 0)
            return err_wrap(e, "failed to take away interface '%s'", b->device);
    } else if (e->code != ERR_NOT_FOUND) {
        return -1;
    }
    err_release(e);
    return define(c, b->bridge_xml, b->bridge, b->active, e);
}

static int failed(struct cmd_call *c, const struct before *b, struct err *e)
{
    _cleanup_err_ struct err why = ERR_INIT;
    if (put_back(c, b, &why) == 0)
        return err_hint(e, "bridge '%s' is defined again as it was%s", b->bridge, b->active ? ", and started" : "");
    err_wrap(&why, "bridge '%s' could not be put back", b->bridge);
    err_join(e, &why);
    return err_hint(e, "iface-rollback takes back what was changed since iface-begin; the bridge was %s",
                    b->bridge_xml);
}

static int unbridge(struct cmd_call *c, struct virt_iface *bridge, struct before *b, struct err *e)
{
    _cleanup_(xml_free_p) struct xml_doc *doc = NULL;
    _cleanup_free_ char *xml = NULL;
    bool start = !c->vals[UN_NO_START].b;
    b->bridge = virt_iface_name(bridge);
    if (iface_config(bridge, &b->bridge_xml, e) < 0 || xml_parse(b->bridge_xml, &doc, e) < 0 ||
        take_out(doc, b->bridge, &b->device, &xml, e) < 0 || look_at_device(c, b, e) < 0 ||
        virt_iface_is_active(bridge, &b->active, e) < 0)
        return -1;
    if (take_away(bridge, e) < 0) {
        err_wrap(e, "failed to take away bridge '%s'", b->bridge);
        return failed(c, b, e);
    }
    if (define(c, xml, b->device, start, e) < 0)
        return failed(c, b, e);
    ctx_names_remove(c->ctx, "interface", target_label(&c->where), b->bridge);
    result(c, b->bridge, b->device, start);
    return 0;
}

static int run_unbridge(struct cmd_call *c, struct err *e)
{
    static const struct view started = {
        VIEW_NONE, .message = "Device {interface} un-attached from bridge {bridge}\nInterface {interface} started"};
    _cleanup_(virt_iface_free_p) struct virt_iface *bridge = NULL;
    _cleanup_(before_release) struct before b = {NULL};
    if (iface_find(c, OF_BRIDGE, &bridge, e) < 0 || unbridge(c, bridge, &b, e) < 0)
        return -1;
    if (!c->vals[UN_NO_START].b)
        c->view = &started;
    return 0;
}

const struct cmd_def cmd_iface_bridge = {
    .name = "iface-bridge",
    .group = "Networks",
    .summary = "create a bridge device and attach an existing network device to it",
    .help =
        "The bridge takes over the interface's addresses. Where something goes wrong the host may be out of reach:\n"
        "iface-begin before it, or bridge-ensure instead, which comes back by itself.",
    .example = "iface-bridge eth0 br0\niface-bridge eth0 br0 --no-stp --no-start",
    .opts = bridge_opts,
    .flags = CMD_CONN | CMD_DESTROYS,
    .view = {VIEW_NONE, .message = "Created bridge {bridge} with attached device {interface}"},
    .run = run_bridge};

const struct cmd_def cmd_iface_unbridge = {
    .name = "iface-unbridge",
    .group = "Networks",
    .summary = "undefine a bridge device after detaching its device",
    .help = "The interface below it gets its addresses back. iface-begin before it makes a way back for all of it.",
    .example = "iface-unbridge br0",
    .opts = unbridge_opts,
    .flags = CMD_CONN | CMD_DESTROYS,
    .view = {VIEW_NONE, .message = "Device {interface} un-attached from bridge {bridge}"},
    .run = run_unbridge};
