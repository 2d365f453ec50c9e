// SPDX-License-Identifier: GPL-3.0-or-later
// A host's own network interfaces: listed, described, and their two names.
#include "cmd/iface/iface.h"

#include "base/json.h"
#include "base/mem.h"
#include "cmd/commands.h"
#include "cmd/objects.h"
#include "cmd/rows.h"

enum { INACTIVE_ONLY, ALL };
enum { INTERFACE, INACTIVE, XPATH, WRAP };

static const struct opt_def list_opts[] = {
    [INACTIVE_ONLY] = {"inactive", OPT_BOOL, 0, "list inactive interfaces", .bits = VIRT_IFACE_INACTIVE},
    [ALL] = {"all", OPT_BOOL, 0, "list inactive & active interfaces", .bits = VIRT_IFACE_INACTIVE | VIRT_IFACE_ACTIVE},
    {NULL},
};
static const struct opt_def plain_opts[] = {[INTERFACE] = INTERFACE_ROW, {NULL}};
static const struct opt_def xml_opts[] = {
    [INTERFACE] = INTERFACE_ROW,
    [INACTIVE] = {"inactive", OPT_BOOL, 0, "show inactive defined XML"},
    [XPATH] = XPATH_ROW,
    [WRAP] = WRAP_ROW,
    {NULL},
};

static const struct view_col cols[] = {{"name", "Name"},
                                       {"active", "State", .yes = "active", .no = "inactive", .state = true},
                                       {"mac", "MAC Address"},
                                       {NULL}};

int iface_find(struct cmd_call *c, int opt, struct virt_iface **ret, struct err *e)
{
    return virt_iface_lookup(c->conn, c->vals[opt].s, ret, e) == 0
               ? 0
               : object_not_found(c, "iface-list --all shows the interfaces that are there", e);
}

int iface_config(struct virt_iface *iface, char **ret, struct err *e)
{
    if (virt_iface_xml(iface, true, ret, e) == 0)
        return 0;
    if (e->code != ERR_USAGE)
        return -1;
    err_release(e);
    return virt_iface_xml(iface, false, ret, e);
}

void iface_result(struct cmd_call *c, const struct virt_iface *iface)
{
    const char *mac = virt_iface_mac(iface);
    c->result = json_pack("{s:o, s:o}", "name", json_text(virt_iface_name(iface)), "mac",
                          mac && *mac ? json_text(mac) : json_null());
    object_add_node(c);
    ctx_names_add(c->ctx, "interface", target_label(&c->where), virt_iface_name(iface));
}

static int run_list(struct cmd_call *c, struct err *e)
{
    unsigned bits = cmd_bits(c) ? cmd_bits(c) : VIRT_IFACE_ACTIVE;
    if (virt_iface_list(c->conn, bits, &c->result, e) < 0)
        return -1;
    object_remember(c, "interface", "name", bits == (VIRT_IFACE_ACTIVE | VIRT_IFACE_INACTIVE));
    return 0;
}

static int run_dumpxml(struct cmd_call *c, struct err *e)
{
    _cleanup_(virt_iface_free_p) struct virt_iface *iface = NULL;
    _cleanup_free_ char *xml = NULL;
    if (iface_find(c, INTERFACE, &iface, e) < 0 || virt_iface_xml(iface, c->vals[INACTIVE].b, &xml, e) < 0)
        return -1;
    return object_xml_result(c, xml, XPATH, WRAP, e);
}

static int run_mac(struct cmd_call *c, struct err *e)
{
    _cleanup_(virt_iface_free_p) struct virt_iface *iface = NULL;
    if (iface_find(c, INTERFACE, &iface, e) < 0)
        return -1;
    c->result = json_text(virt_iface_mac(iface));
    return 0;
}

static int run_name(struct cmd_call *c, struct err *e)
{
    _cleanup_(virt_iface_free_p) struct virt_iface *iface = NULL;
    if (iface_find(c, INTERFACE, &iface, e) < 0)
        return -1;
    c->result = json_text(virt_iface_name(iface));
    return 0;
}

const struct cmd_def cmd_iface_dumpxml = {.name = "iface-dumpxml",
                                          .group = "Networks",
                                          .summary = "interface information in XML",
                                          .example = "iface-dumpxml br0\niface-dumpxml eth0 --xpath //mtu",
                                          .opts = xml_opts,
                                          .flags = CMD_CONN,
                                          .view = {VIEW_TEXT},
                                          .run = run_dumpxml};

const struct cmd_def cmd_iface_list = {
    .name = "iface-list",
    .group = "Networks",
    .summary = "list physical host interfaces",
    .help =
        "The host's own, bridges too, as far as its libvirt tells of them. Active ones, unless options ask for others.",
    .example = "iface-list --all\niface-list --node all",
    .opts = list_opts,
    .flags = CMD_CONN | CMD_EACH,
    .view = {VIEW_TABLE, cols, .empty = "no interfaces: iface-list --all shows inactive ones, too"},
    .run = run_list};

const struct cmd_def cmd_iface_mac = {.name = "iface-mac",
                                      .group = "Networks",
                                      .summary = "convert an interface name to interface MAC address",
                                      .example = "iface-mac eth0",
                                      .opts = plain_opts,
                                      .flags = CMD_CONN,
                                      .view = {VIEW_TEXT},
                                      .run = run_mac};

const struct cmd_def cmd_iface_name = {.name = "iface-name",
                                       .group = "Networks",
                                       .summary = "convert an interface MAC address to interface name",
                                       .example = "iface-name 52:54:00:12:34:56",
                                       .opts = plain_opts,
                                       .flags = CMD_CONN,
                                       .view = {VIEW_TEXT},
                                       .run = run_name};
