// SPDX-License-Identifier: GPL-3.0-or-later
// A network's definition to another node.
#include <string.h>

#include "base/mem.h"
#include "cmd/commands.h"
#include "cmd/net/net.h"
#include "cmd/rows.h"
#include "core/network/net_clone.h"
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
    const struct target *dest = &c->vals[DEST].target;
    if (net_find(c, NETWORK, &net, e) < 0)
        return -1;
    if (ctx_connect(c->ctx, c->job, dest->uri, &to, e) < 0)
        return err_wrap(e, "node %s", target_label(dest));
    if (strcmp(virt_conn_uri(to), virt_conn_uri(c->conn)) == 0)
        return err_set(e, ERR_USAGE, "the network is on %s: that is where it would be cloned to", target_label(dest));
    struct net_clone nc = {
        .from = net, .from_label = target_label(&c->where), .to_label = target_label(dest), .to = to};
    if (net_clone(&nc, c->job, &c->result, e) < 0)
        return -1;
    if (!json_array_size(json_object_get(c->result, "steps")))
        c->view = &unchanged;
    ctx_names_add(c->ctx, "network", target_label(dest), virt_net_name(net));
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
