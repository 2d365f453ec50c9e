// SPDX-License-Identifier: GPL-3.0-or-later
// A network's definition to another node.
#include "base/mem.h"
#include "cmd/commands.h"
#include "cmd/net/net.h"
#include "cmd/objects.h"
#include "cmd/rows.h"
#include "core/clone/clone.h"
#include "io/virt/net.h"

enum { NETWORK, DEST };

static const struct opt_def opts[] = {
    [NETWORK] = NETWORK_ROW,
    [DEST] = DEST_ROW("the node (or URI) that is to have the network too"),
    {NULL},
};

static const struct view unchanged = {VIEW_NONE, .message = "Network {name} is on {to} already, as on {from}"};

static int run(struct cmd_call *c, struct err *e)
{
    _cleanup_(virt_net_free_p) struct virt_net *net = NULL;
    _cleanup_(virt_conn_unref_p) struct virt_conn *to = NULL;
    if (net_find(c, NETWORK, &net, e) < 0 || object_dest(c, DEST, "network", &to, e) < 0)
        return -1;
    struct clone_way way = {target_label(&c->where), target_label(&c->vals[DEST].target), to};
    if (clone_net(net, &way, c->job, &c->result, e) < 0)
        return -1;
    object_cloned(c, DEST, "network", virt_net_name(net), &unchanged);
    return 0;
}

const struct cmd_def cmd_net_clone = {
    .name = "net-clone",
    .group = "Networks",
    .summary = "give another node the same network",
    .help =
        "What is done by hand with net-dumpxml on one host, a copy of the file, and net-define, net-start and\n"
        "net-autostart on the other. The network is started and marked as autostarted where it is so on the first\n"
        "host. Only libvirt's definition is taken over: a bridge of the host's own that it names has to be there.\n"
        "If a step fails, or Ctrl-C is pressed, the steps before it are undone. A network of that name with another\n"
        "definition is left alone; with the same one, only what is missing is done.",
    .example = "net-clone default dest --node source",
    .opts = opts,
    .flags = CMD_CONN,
    .view = {VIEW_NONE, .message = "Network {name} cloned from {from} to {to}"},
    .run = run};
