// SPDX-License-Identifier: GPL-3.0-or-later
// Who is in a network: the addresses that libvirt's DHCP server gave away, and the ports that are plugged in.
#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "cmd/commands.h"
#include "cmd/net/net.h"
#include "cmd/objects.h"
#include "cmd/rows.h"
#include "io/virt/net.h"

enum { NETWORK, MAC, UUID = MAC, PORT = MAC, TABLE, XPATH = TABLE, WRAP };
enum { FILE_OPT = MAC, VALIDATE };

// Seen by net-port-list; of whichever network.
static void complete_port(struct ctx *ctx, const char *prefix, struct strv *out)
{
    ctx_names(ctx, "net-port", NULL, prefix, out);
}

#define PORT_ROW                                                                                                       \
    {                                                                                                                  \
        "port", OPT_STRING, OPTF_POS | OPTF_REQ, "port UUID", .complete = complete_port                                \
    }

static const struct opt_def lease_opts[] = {
    [NETWORK] = NETWORK_ROW,
    [MAC] = {"mac", OPT_STRING, OPTF_POS, "MAC address"},
    {NULL},
};
static const struct opt_def list_opts[] = {
    [NETWORK] = NETWORK_ROW,
    [UUID] = {"uuid", OPT_BOOL, 0, "list uuids only", .excludes = "table"},
    [TABLE] = {"table", OPT_BOOL, 0, "list table (default)"},
    {NULL},
};
static const struct opt_def xml_opts[] = {
    [NETWORK] = NETWORK_ROW, [PORT] = PORT_ROW, [XPATH] = XPATH_ROW, [WRAP] = WRAP_ROW, {NULL},
};

static const struct opt_def create_opts[] = {
    [NETWORK] = NETWORK_ROW,
    [FILE_OPT] = FILE_ROW("file containing an XML network port description"),
    [VALIDATE] = VALIDATE_ROW(0),
    {NULL},
};
static const struct opt_def delete_opts[] = {[NETWORK] = NETWORK_ROW, [PORT] = PORT_ROW, {NULL}};

static const struct view_col lease_cols[] = {{"expiry_time", "Expiry Time"},
                                             {"mac", "MAC address"},
                                             {"protocol", "Protocol"},
                                             {"address_prefix", "IP address"},
                                             {"hostname", "Hostname"},
                                             {"client_id", "Client ID or DUID"},
                                             {NULL}};
static const struct view_col port_cols[] = {{"uuid", "UUID"}, {NULL}};
static const struct view uuid_view = {VIEW_LINES, port_cols};

static int run_leases(struct cmd_call *c, struct err *e)
{
    _cleanup_(virt_net_free_p) struct virt_net *net = NULL;
    size_t i;
    json_t *row;
    if (net_find(c, NETWORK, &net, e) < 0)
        return -1;
    if (virt_net_leases(net, c->vals[MAC].s, &c->result, e) < 0)
        return err_wrap(e, "failed to get leases info for %s", virt_net_name(net));
    json_array_foreach(c->result, i, row)
    {
        _cleanup_free_ char *when = clock_text((double)json_integer_value(json_object_get(row, "expires")));
        _cleanup_free_ char *where = xasprintf("%s/%lld", json_text_at(row, "address"),
                                               (long long)json_integer_value(json_object_get(row, "prefix")));
        json_object_set_new(row, "expiry_time", json_text(when));
        json_object_set_new(row, "address_prefix", json_text(where));
    }
    return 0;
}

static int run_ports(struct cmd_call *c, struct err *e)
{
    _cleanup_(virt_net_free_p) struct virt_net *net = NULL;
    c->view = c->vals[UUID].b ? &uuid_view : NULL;
    if (net_find(c, NETWORK, &net, e) < 0 || virt_net_ports(net, &c->result, e) < 0)
        return -1;
    object_remember(c, "net-port", "uuid", false);
    return 0;
}

static int port_failed(struct cmd_call *c, const struct virt_net *net, const char *verb, struct err *e)
{
    err_wrap(e, "failed to %s port '%s'", verb, c->vals[PORT].s);
    return e->code == ERR_NOT_FOUND ? err_hint(e, "net-port-list %s shows its ports", virt_net_name(net)) : -1;
}

static int run_port_xml(struct cmd_call *c, struct err *e)
{
    _cleanup_(virt_net_free_p) struct virt_net *net = NULL;
    _cleanup_free_ char *xml = NULL;
    if (net_find(c, NETWORK, &net, e) < 0)
        return -1;
    if (virt_net_port_xml(net, c->vals[PORT].s, &xml, e) < 0)
        return port_failed(c, net, "get", e);
    return object_xml_result(c, xml, XPATH, WRAP, e);
}

static void port_result(struct cmd_call *c, const struct virt_net *net, const char *uuid)
{
    c->result = json_pack("{s:o, s:o}", "network", json_text(virt_net_name(net)), "uuid", json_text(uuid));
    object_add_node(c);
}

static int make_port(struct cmd_call *c, const char *xml, bool validate, struct err *e)
{
    _cleanup_(virt_net_free_p) struct virt_net *net = NULL;
    _cleanup_free_ char *uuid = NULL;
    if (net_find(c, NETWORK, &net, e) < 0 || virt_net_port_create(net, xml, validate, &uuid, e) < 0)
        return -1;
    port_result(c, net, uuid);
    ctx_names_add(c->ctx, "net-port", target_label(&c->where), uuid);
    return 0;
}

static int run_port_create(struct cmd_call *c, struct err *e)
{
    return object_from_file(c, FILE_OPT, "create", "network port", make_port, e);
}

static int run_port_delete(struct cmd_call *c, struct err *e)
{
    _cleanup_(virt_net_free_p) struct virt_net *net = NULL;
    if (net_find(c, NETWORK, &net, e) < 0)
        return -1;
    if (virt_net_port_delete(net, c->vals[PORT].s, e) < 0)
        return port_failed(c, net, "delete", e);
    port_result(c, net, c->vals[PORT].s);
    ctx_names_remove(c->ctx, "net-port", target_label(&c->where), c->vals[PORT].s);
    return 0;
}

const struct cmd_def cmd_net_dhcp_leases = {
    .name = "net-dhcp-leases",
    .group = "Networks",
    .summary = "print lease info for a given network",
    .help = "The addresses that libvirt's own DHCP server has given to guests, with the time until which they hold.",
    .example = "net-dhcp-leases default\nnet-dhcp-leases default --mac 52:54:00:12:34:56\n"
               "net-dhcp-leases default --node all",
    .opts = lease_opts,
    .flags = CMD_CONN | CMD_EACH,
    .view = {VIEW_TABLE, lease_cols, .empty = "no leases: no guest has an address of this network's DHCP server"},
    .run = run_leases};

const struct cmd_def cmd_net_port_create = {
    .name = "net-port-create",
    .group = "Networks",
    .summary = "create a network port from an XML file",
    .help = "What libvirt does itself for a network card of a guest; the file is read here, on the admin's machine.",
    .example = "net-port-create default port.xml",
    .opts = create_opts,
    .flags = CMD_CONN,
    .view = {VIEW_NONE, .message = "Network port {uuid} created from {file}"},
    .run = run_port_create};

const struct cmd_def cmd_net_port_delete = {
    .name = "net-port-delete",
    .group = "Networks",
    .summary = "delete the specified network port",
    .help = "The network card of a guest that is plugged in there loses its network.",
    .example = "net-port-delete default 09a5e1ed-9a42-4ee7-a5cb-61c9f2f4dd21",
    .opts = delete_opts,
    .flags = CMD_CONN | CMD_DESTROYS,
    .view = {VIEW_NONE, .message = "Network port {uuid} deleted"},
    .run = run_port_delete};

const struct cmd_def cmd_net_port_dumpxml = {.name = "net-port-dumpxml",
                                             .group = "Networks",
                                             .summary = "network port information in XML",
                                             .example = "net-port-dumpxml default 09a5e1ed-9a42-4ee7-a5cb-61c9f2f4dd21",
                                             .opts = xml_opts,
                                             .flags = CMD_CONN,
                                             .view = {VIEW_TEXT},
                                             .run = run_port_xml};

const struct cmd_def cmd_net_port_list = {
    .name = "net-port-list",
    .group = "Networks",
    .summary = "list network ports",
    .help = "A port is what a guest's network card is plugged into.",
    .example = "net-port-list default",
    .opts = list_opts,
    .flags = CMD_CONN,
    .view = {VIEW_TABLE, port_cols, .empty = "no ports: no running guest is connected to this network"},
    .run = run_ports};
