// SPDX-License-Identifier: GPL-3.0-or-later
// Is an address free?
#include <string.h>

#include "base/json.h"
#include "cmd/commands.h"
#include "cmd/engine/render.h"
#include "core/bridge/address.h"
#include "core/bridge/ensure.h"

enum { ADDRESS, FROM, INTERFACE };

static const struct opt_def opts[] = {
    [ADDRESS] = {"address", OPT_STRING, OPTF_POS | OPTF_REQ, "an address of IPv4 or IPv6"},
    [FROM] = {"node", OPT_NODES, OPTF_MULTI, "ask the segments of these nodes", .def = "all"},
    [INTERFACE] = {"interface", OPT_STRING, 0, "over this network interface of each; without it: where the route goes"},
    {NULL},
};

static int run(struct cmd_call *c, struct err *e)
{
    const struct opt_val *v = &c->vals[FROM];
    const char *address = c->vals[ADDRESS].s, *link = c->vals[INTERFACE].s;
    if ((link && bridge_check_name(link, "network interface", e) < 0) ||
        address_check(c->ctx, c->job, v->nodes, v->n_nodes, address, link, &c->result, e) < 0)
        return -1;
    const char *verdict = json_text_at(c->result, "verdict");
    if (strcmp(verdict, "taken") == 0)
        return err_set(e, ERR_VERDICT, "%s is taken", address);
    if (strcmp(verdict, "unknown") == 0)
        return err_set(e, ERR_UNREACHABLE, "nobody could be asked for %s", address);
    return 0;
}

static void render(const json_t *value, struct buf *out)
{
    static const struct view_col cols[] = {
        {"node", "Node"},        {"interface", "Interface"}, {"verdict", "Verdict", .state = true},
        {"mac", "MAC"},          {"who.kind", "Who"},        {"who.name", "Name"},
        {"who.node", "On node"}, {"why", "Reason"},          {NULL}};
    static const struct view nodes = {VIEW_TABLE, cols};
    render_view(&nodes, json_object_get(value, "nodes"), out);
    buf_addf(out, "\n%s: %s\n", json_text_at(value, "address"), json_text_at(value, "verdict"));
}

const struct cmd_def cmd_address_check = {
    .name = "address-check",
    .group = "Networks",
    .summary = "tell whether an address is free, and who has it",
    .help =
        "Each node asks its segment for the address without claiming it (an ARP probe, or a neighbour solicitation),\n"
        "where it is reached without a gateway; by perl, or for IPv4 else by arping of iputils. Free: nobody\n"
        "answered; taken: by which MAC address, and which guest or node of the inventory that is; own: that node has\n"
        "it itself; unknown: it could not be asked, and why. Fails unless it is free.",
    .example = "address-check 192.168.1.103\naddress-check 2001:db8::10 --node source,dest\n"
               "address-check 10.0.0.7 --node dest --interface br1",
    .opts = opts,
    .flags = CMD_READS,
    .view = {VIEW_CUSTOM, .render = render},
    .run = run};
