// SPDX-License-Identifier: GPL-3.0-or-later
// Choose the current host.
#include "base/json.h"
#include "cmd/commands.h"
#include "io/virt/conn.h"

enum { TARGET };

static const struct opt_def opts[] = {
    [TARGET] = {"name", OPT_URI, OPTF_POS, "a node of the inventory, or a libvirt URI; nothing: libvirt's default"},
    {NULL},
};

static int run(struct cmd_call *c, struct err *e)
{
    struct virt_conn *conn;
    struct target *t = &c->vals[TARGET].target;
    if (ctx_connect(c->ctx, c->job, t->uri, &conn, e) < 0)
        return -1;
    ctx_set_current(c->ctx, t->node, t->uri);
    c->result = json_object();
    json_object_set_new(c->result, "name", json_text(target_label(t)));
    json_object_set_new(c->result, "uri", json_text(virt_conn_uri(conn)));
    virt_conn_unref(conn);
    return 0;
}

const struct cmd_def cmd_connect = {
    .name = "connect",
    .group = "Console",
    .summary = "make a node or URI the current host",
    .help = "Commands that name no host go to the current one. Without a current host, listings show all hypervisors\n"
            "of the inventory, and a domain is looked for on all of them.",
    .example = "connect source\nconnect qemu+ssh://root@192.0.2.7/system",
    .opts = opts,
    .view = {VIEW_NONE, .message = "Connected to {name} ({uri})"},
    .run = run};
