// SPDX-License-Identifier: GPL-3.0-or-later
// A pool's definition to another node.
#include "base/mem.h"
#include "cmd/commands.h"
#include "cmd/objects.h"
#include "cmd/pool/storage.h"
#include "cmd/rows.h"
#include "core/clone/clone.h"
#include "io/virt/pool.h"

enum { POOL, DEST };

static const struct opt_def opts[] = {
    [POOL] = POOL_ROW,
    [DEST] = DEST_ROW("the node (or URI) that is to have the pool too"),
    {NULL},
};

static const struct view unchanged = {VIEW_NONE, .message = "Pool {name} is on {to} already, as on {from}"};

static int run(struct cmd_call *c, struct err *e)
{
    _cleanup_(virt_pool_free_p) struct virt_pool *pool = NULL;
    _cleanup_(virt_conn_unref_p) struct virt_conn *to = NULL;
    if (storage_pool(c, POOL, &pool, e) < 0 || object_dest(c, DEST, "pool", &to, e) < 0)
        return -1;
    struct clone_way way = {target_label(&c->where), target_label(&c->vals[DEST].target), to};
    if (clone_pool(pool, &way, c->job, &c->result, e) < 0)
        return -1;
    object_cloned(c, DEST, "pool", virt_pool_name(pool), &unchanged);
    return 0;
}

const struct cmd_def cmd_pool_clone = {
    .name = "pool-clone",
    .group = "Storage",
    .summary = "give another node the same pool",
    .help =
        "What is done by hand with pool-dumpxml on one host, a copy of the file, and pool-define, pool-build,\n"
        "pool-start and pool-autostart on the other. The pool is started and marked as autostarted where it is so\n"
        "on the first host. A missing directory is made; pools of devices are not built, only defined and started.\n"
        "Only the definition is taken over: a pool on local disks begins empty.\n"
        "If a step fails, or Ctrl-C is pressed, the steps before it are undone. A pool of that name with another\n"
        "definition is left alone; with the same one, only what is missing is done.",
    .example = "pool-clone nfspool dest --node source\npool-clone VM dest",
    .opts = opts,
    .flags = CMD_CONN,
    .view = {VIEW_NONE, .message = "Pool {name} cloned from {from} to {to}"},
    .run = run};
