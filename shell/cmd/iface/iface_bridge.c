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

// The configuration; a driver that has one description only gives that.
static int read_doc(struct virt_iface *iface, struct xml_doc **ret, struct err *e)
{
    _cleanup_free_ char *xml = NULL;
    if (virt_iface_xml(iface, true, &xml, e) < 0) {
        if (e->code != ERR_USAGE)
            return -1;
        err_release(e);
        if (virt_iface_xml(iface, false, &xml, e) < 0)
            return -1;
    }
    return xml_parse(xml, ret, e);
}

static int set_root(struct xml_doc *doc, const char *type, const char *name, struct err *e)
{
    size_t n;
    _cleanup_free_ struct xml_node **root = xml_nodes(doc, NULL, "/interface", &n);
    if (!n)
        return err_set(e, ERR_FAILED, "libvirt's description is not one of an interface");
    return xml_node_set_attribute(root[0], "type", type, e) < 0 ? -1 : xml_node_set_attribute(root[0], "name", name, e);
}

// Behind all that is in the document's root.
static int append(struct xml_doc *doc, const char *piece, struct err *e)
{
    size_t n, n_last;
    _cleanup_free_ struct xml_node **root = xml_nodes(doc, NULL, "/interface", &n);
    _cleanup_free_ struct xml_node **last = xml_nodes(doc, root[0], "node()[last()]", &n_last);
    return xml_insert(root[0], n_last ? last[0] : NULL, piece, e);
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
    buf_addf(&b, "<bridge stp='%s' delay='%lld'><interface type='", c->vals[NO_STP].b ? "off" : "on", c->vals[DELAY].i);
    xml_escape(&b, type);
    buf_adds(&b, "' name='");
    xml_escape(&b, name);
    buf_adds(&b, "'>");
    if (xml_query(doc, OWN, false, &own, &none) == 0)
        buf_adds(&b, own);
    buf_adds(&b, "</interface></bridge>");
    xml_remove(doc, OWN);
    if (set_root(doc, "bridge", c->vals[BRIDGE].s, e) < 0 || append(doc, buf_str(&b), e) < 0)
        return -1;
    *ret = xml_text(doc);
    return 0;
}

static int put_back(struct xml_doc *doc, const char *bridge, char **ret_name, char **ret, struct err *e)
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
    if (set_root(doc, type, name, e) < 0 || (own && append(doc, own, e) < 0))
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
    _cleanup_free_ char *xml = NULL;
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
    if (read_doc(iface, &doc, e) < 0 || put_below(doc, c, &xml, e) < 0 || define(c, xml, bridge, start, e) < 0)
        return -1;
    result(c, bridge, virt_iface_name(iface), start);
    if (start)
        c->view = &started;
    return 0;
}

static int run_unbridge(struct cmd_call *c, struct err *e)
{
    static const struct view started = {
        VIEW_NONE, .message = "Device {interface} un-attached from bridge {bridge}\nInterface {interface} started"};
    _cleanup_(virt_iface_free_p) struct virt_iface *iface = NULL;
    _cleanup_(xml_free_p) struct xml_doc *doc = NULL;
    _cleanup_free_ char *xml = NULL, *name = NULL;
    bool active, start = !c->vals[UN_NO_START].b;
    if (iface_find(c, OF_BRIDGE, &iface, e) < 0)
        return -1;
    const char *bridge = virt_iface_name(iface);
    if (read_doc(iface, &doc, e) < 0 || put_back(doc, bridge, &name, &xml, e) < 0 ||
        virt_iface_is_active(iface, &active, e) < 0)
        return -1;
    if ((active && virt_iface_destroy(iface, e) < 0) || virt_iface_undefine(iface, e) < 0)
        return err_wrap(e, "failed to take away bridge '%s'", bridge);
    ctx_names_remove(c->ctx, "interface", target_label(&c->where), bridge);
    if (define(c, xml, name, start, e) < 0)
        return -1;
    result(c, bridge, name, start);
    if (start)
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
