// SPDX-License-Identifier: GPL-3.0-or-later
// What is done to a pool that is there: build, start, refresh, autostart, destroy, delete, undefine.
#include "base/json.h"
#include "base/mem.h"
#include "cmd/commands.h"
#include "cmd/objects.h"
#include "cmd/pool/storage.h"
#include "cmd/rows.h"
#include "io/virt/pool.h"

enum { POOL, DISABLE, KEEP = DISABLE, OVERWRITE };

static const struct opt_def plain_opts[] = {[POOL] = POOL_ROW, {NULL}};
static const struct opt_def start_opts[] = {[POOL] = POOL_ROW, STORAGE_BUILD_ROWS, {NULL}};
static const struct opt_def autostart_opts[] = {
    [POOL] = POOL_ROW,
    [DISABLE] = {"disable", OPT_BOOL, 0, "disable autostarting"},
    {NULL},
};
static const struct opt_def build_opts[] = {
    [POOL] = POOL_ROW,
    [KEEP] = {"no-overwrite", OPT_BOOL, 0, "do not overwrite any existing data", .bits = VIRT_POOL_BUILD_NO_OVERWRITE},
    [OVERWRITE] = {"overwrite", OPT_BOOL, 0, "overwrite any existing data", .bits = VIRT_POOL_BUILD_OVERWRITE,
                   .excludes = "no-overwrite"},
    {NULL},
};

static const struct {
    const char *verb;
    int (*act)(struct virt_pool *p, struct err *e);
    const char *state_hint;
} plain[] = {
    {"destroy", virt_pool_destroy, "pool-list --all shows which pools run"},
    {"delete", virt_pool_delete, "pool-destroy stops it first"},
    {"undefine", virt_pool_undefine, "pool-destroy stops it first"},
    {"refresh", virt_pool_refresh, "pool-start starts it"},
};

static int failed(const struct virt_pool *pool, const char *verb, const char *state_hint, struct err *e)
{
    if (e->code == ERR_STATE && !e->hint && state_hint)
        err_hint(e, "%s", state_hint);
    return err_wrap(e, "failed to %s pool '%s'", verb, virt_pool_name(pool));
}

static int run_plain(struct cmd_call *c, size_t which, struct err *e)
{
    _cleanup_(virt_pool_free_p) struct virt_pool *pool = NULL;
    if (storage_pool(c, POOL, &pool, e) < 0)
        return -1;
    if (plain[which].act(pool, e) < 0)
        return failed(pool, plain[which].verb, plain[which].state_hint, e);
    storage_pool_result(c, pool);
    return 0;
}

static int run_destroy(struct cmd_call *c, struct err *e)
{
    return run_plain(c, 0, e);
}

static int run_delete(struct cmd_call *c, struct err *e)
{
    return run_plain(c, 1, e);
}

static int run_undefine(struct cmd_call *c, struct err *e)
{
    if (run_plain(c, 2, e) < 0)
        return -1;
    object_gone(c, "pool");
    return 0;
}

static int run_refresh(struct cmd_call *c, struct err *e)
{
    return run_plain(c, 3, e);
}

static int run_build(struct cmd_call *c, struct err *e)
{
    _cleanup_(virt_pool_free_p) struct virt_pool *pool = NULL;
    if (storage_pool(c, POOL, &pool, e) < 0)
        return -1;
    if (virt_pool_build(pool, VIRT_POOL_BUILD | cmd_bits(c), e) < 0)
        return failed(pool, "build", "pool-destroy stops it first", e);
    storage_pool_result(c, pool);
    return 0;
}

static int run_start(struct cmd_call *c, struct err *e)
{
    _cleanup_(virt_pool_free_p) struct virt_pool *pool = NULL;
    if (storage_pool(c, POOL, &pool, e) < 0)
        return -1;
    if (virt_pool_start(pool, cmd_bits(c), e) < 0) {
        failed(pool, "start", "pool-info shows its state", e);
        return e->hint ? -1 : err_hint(e, "if its directory is not there yet: pool-build %s", virt_pool_name(pool));
    }
    storage_pool_result(c, pool);
    return 0;
}

static int run_autostart(struct cmd_call *c, struct err *e)
{
    static const struct view off = {VIEW_NONE, .message = "Pool {name} unmarked as autostarted"};
    _cleanup_(virt_pool_free_p) struct virt_pool *pool = NULL;
    bool on = !c->vals[DISABLE].b;
    if (storage_pool(c, POOL, &pool, e) < 0)
        return -1;
    if (virt_pool_set_autostart(pool, on, e) < 0)
        return failed(pool, on ? "mark as autostarted the" : "unmark as autostarted the", NULL, e);
    storage_pool_result(c, pool);
    json_object_set_new(c->result, "autostart", json_boolean(on));
    if (!on)
        c->view = &off;
    return 0;
}

const struct cmd_def cmd_pool_autostart = {.name = "pool-autostart",
                                           .group = "Storage",
                                           .summary = "autostart a pool",
                                           .help = "Configure a pool to be automatically started at boot.",
                                           .example = "pool-autostart VM\npool-autostart VM --disable",
                                           .opts = autostart_opts,
                                           .flags = CMD_CONN,
                                           .view = {VIEW_NONE, .message = "Pool {name} marked as autostarted"},
                                           .run = run_autostart};

const struct cmd_def cmd_pool_build = {
    .name = "pool-build",
    .group = "Storage",
    .summary = "build a pool",
    .help = "Makes what the pool needs: the directory or mount point of its target, or a file system on its device.",
    .example = "pool-build nfspool\npool-build disk1 --no-overwrite",
    .opts = build_opts,
    .flags = CMD_CONN,
    .view = {VIEW_NONE, .message = "Pool {name} built"},
    .run = run_build};

const struct cmd_def cmd_pool_delete = {
    .name = "pool-delete",
    .group = "Storage",
    .summary = "delete a pool",
    .help = "Takes away what pool-build made: the directory of the target, if it is empty. The definition stays.",
    .example = "pool-delete scratch",
    .opts = plain_opts,
    .flags = CMD_CONN | CMD_DESTROYS,
    .view = {VIEW_NONE, .message = "Pool {name} deleted"},
    .run = run_delete};

const struct cmd_def cmd_pool_destroy = {.name = "pool-destroy",
                                         .group = "Storage",
                                         .summary = "destroy (stop) a pool",
                                         .help = "Forcefully stop a given pool. Raw data in the pool is untouched.",
                                         .example = "pool-destroy nfspool",
                                         .opts = plain_opts,
                                         .flags = CMD_CONN | CMD_DESTROYS,
                                         .view = {VIEW_NONE, .message = "Pool {name} destroyed"},
                                         .run = run_destroy};

const struct cmd_def cmd_pool_refresh = {
    .name = "pool-refresh",
    .group = "Storage",
    .summary = "refresh a pool",
    .help = "The host looks again at which volumes there are: after another host has changed a shared pool.",
    .example = "pool-refresh nfspool --node dest",
    .opts = plain_opts,
    .flags = CMD_CONN,
    .view = {VIEW_NONE, .message = "Pool {name} refreshed"},
    .run = run_refresh};

const struct cmd_def cmd_pool_start = {.name = "pool-start",
                                       .group = "Storage",
                                       .summary = "start a (previously defined) inactive pool",
                                       .example = "pool-start VM\npool-start nfspool --build",
                                       .opts = start_opts,
                                       .flags = CMD_CONN,
                                       .view = {VIEW_NONE, .message = "Pool {name} started"},
                                       .run = run_start};

const struct cmd_def cmd_pool_undefine = {.name = "pool-undefine",
                                          .group = "Storage",
                                          .summary = "undefine an inactive pool",
                                          .help = "Its data stays.",
                                          .example = "pool-undefine nfspool",
                                          .opts = plain_opts,
                                          .flags = CMD_CONN | CMD_DESTROYS,
                                          .view = {VIEW_NONE, .message = "Pool {name} has been undefined"},
                                          .run = run_undefine};
