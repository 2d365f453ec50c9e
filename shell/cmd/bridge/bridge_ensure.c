// SPDX-License-Identifier: GPL-3.0-or-later
// Make a bridge on a node, with our own ssh running through its port.
#include "base/json.h"
#include "cmd/commands.h"
#include "cmd/engine/apply.h"
#include "cmd/rows.h"
#include "core/bridge/ensure.h"

enum { NODE, BRIDGE, PORT, ADDRESS, GATEWAY, MOVE, STP, DELAY, BACKEND, WITHIN };

static const struct opt_def opts[] = {
    [NODE] = NODE_ROW("the node"),
    [BRIDGE] = {"bridge", OPT_STRING, OPTF_POS | OPTF_REQ, "the bridge, made if it is not there"},
    [PORT] = {"port", OPT_STRING, OPTF_REQ, "network interface of the node that leads out of it"},
    [ADDRESS] = {"address", OPT_STRING, OPTF_MULTI, "ADDRESS/PREFIX that the bridge is to have",
                 .excludes = "move-address"},
    [GATEWAY] = {"gateway", OPT_STRING, OPTF_MULTI, "of the default route by the bridge", .needs = "address"},
    [MOVE] = {"move-address", OPT_BOOL, 0, "the port's own addresses and routes become the bridge's"},
    [STP] = {"stp", OPT_BOOL, 0, "let the bridge speak STP"},
    [DELAY] = {"forward-delay", OPT_INT, 0, "seconds for which STP keeps a new port from forwarding, twice", .def = "0",
               .min = 0, .max = 30},
    [BACKEND] = {"backend", OPT_ENUM, 0, "what is to keep it over a boot; without it: what configures the port there",
                 .choices = bridge_backend_names},
    [WITHIN] = {"within", OPT_DURATION, 0, "how long the node waits for us before it takes the change back",
                .def = "90s", .unit = "s"},
    APPLY_ROWS,
    {NULL},
};

static int make(struct cmd_call *c, enum apply_mode mode, void *data, struct plan *p, struct err *e)
{
    return bridge_ensure_plan(c->ctx, c->job, c->vals[NODE].node, data, mode == APPLY_MODE_VERIFY, p, e);
}

static int run(struct cmd_call *c, struct err *e)
{
    enum { S = 1000, MAX_WITHIN_S = 3600 };
    const struct opt_val *v = c->vals;
    if (v[WITHIN].ms < BRIDGE_WITHIN_MIN_S * S || v[WITHIN].ms > MAX_WITHIN_S * S)
        return err_set(e, ERR_USAGE, "--within is %d s at least, as a login takes its time, and an hour at most",
                       BRIDGE_WITHIN_MIN_S);
    struct bridge_wish w = {.bridge = v[BRIDGE].s,
                            .port = v[PORT].s,
                            .addresses = &v[ADDRESS].list,
                            .gateways = &v[GATEWAY].list,
                            .move = v[MOVE].b,
                            .stp = v[STP].b,
                            .delay_s = v[DELAY].i,
                            .backend = v[BACKEND].s,
                            .within_s = (long long)(v[WITHIN].ms / S)};
    json_t *about = json_pack("{s:o, s:o}", "node", json_text(v[NODE].node->name), "bridge", json_text(v[BRIDGE].s));
    return apply_node(c, c->vals[NODE].node, about, make, &w, e);
}

const struct cmd_def cmd_bridge_ensure = {
    .name = "bridge-ensure",
    .group = "Networks",
    .summary = "make a bridge on a node, and come back to it",
    .help =
        "BRIDGE with the port IFACE, without STP and forward delay unless told otherwise, with the port's MTU and MAC\n"
        "address; taps of running guests stay in it. It is kept over a boot by what configures the network there:\n"
        "netplan, NetworkManager, systemd-networkd, network-scripts (ifcfg), ifupdown; nothing of these: until the\n"
        "next boot. Files of others are not touched, but for the port's own addresses, which become comments.\n"
        "The tests run the real ip, ifupdown, systemd-networkd and NetworkManager. Of netplan and network-scripts\n"
        "they try the files alone: `netplan apply` and the `ifup` of network-scripts have never been run by it.\n"
        "\n"
        "The change is on trial: its undo lies on the node and is armed there before anything is changed. It stays\n"
        "only by a login made afterwards, to the address that the node has in the inventory. If this console is\n"
        "killed, the link cut or the address wrong, the node has its files and links back after --within, by itself.\n"
        "(A boot in that time ends the trial with the new files.) --revert goes the same way, and is refused while\n"
        "guests are in the bridge. What is as wanted is left alone.",
    .example = "bridge-ensure dest br0 --port eth0 --move-address --plan\n"
               "bridge-ensure dest br0 --port eth0 --move-address --within 30s --apply\n"
               "bridge-ensure test2 virbr1 --port ens33 --address 192.168.1.102/24 --gateway 192.168.1.254 --apply\n"
               "bridge-ensure dest br0 --port eth0 --revert",
    .opts = opts,
    .view = {VIEW_CUSTOM, .render = apply_render},
    .run = run};
