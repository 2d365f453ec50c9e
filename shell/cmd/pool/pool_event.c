// SPDX-License-Identifier: GPL-3.0-or-later
// Waiting for what happens to storage pools.
#include "base/mem.h"
#include "cmd/commands.h"
#include "cmd/event_wait.h"
#include "cmd/pool/storage.h"
#include "io/virt/pool.h"

enum { POOL, EVENT };

static const char *const kinds[] = {"lifecycle", "refresh", NULL};
static const enum virt_event_objects which[] = {VIRT_EVENT_POOLS, VIRT_EVENT_POOL_REFRESH};

static const struct opt_def opts[] = {
    [POOL] = {"pool", OPT_POOL, OPTF_POS, "filter by storage pool name or uuid"},
    [EVENT] = {"event", OPT_ENUM, OPTF_POS, "which event type to wait for", .choices = kinds, .excludes = "list"},
    EVENT_ROWS,
    {NULL},
};

static int run(struct cmd_call *c, struct err *e)
{
    _cleanup_(virt_pool_free_p) struct virt_pool *pool = NULL;
    if (event_wait_lists(c, kinds, ARRAY_SIZE(kinds) - 1))
        return 0;
    if (c->vals[POOL].s && storage_pool(c, POOL, &pool, e) < 0)
        return -1;
    return event_wait_objects(c, kinds, which, pool ? virt_pool_uuid(pool) : NULL, e);
}

const struct cmd_def cmd_pool_event = {.name = "pool-event",
                                       .group = "Storage",
                                       .summary = "wait for storage pool events, or list their types",
                                       .help = EVENT_HELP,
                                       .example = "pool-event --event lifecycle --loop\n"
                                                  "pool-event --pool nfspool --event refresh --timeout 60",
                                       .opts = opts,
                                       .flags = CMD_CONN | CMD_EACH | CMD_STOP_IS_END,
                                       .view = {VIEW_NONE, .message = "events received: {events}"},
                                       .run = run};
