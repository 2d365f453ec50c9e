// SPDX-License-Identifier: GPL-3.0-or-later
// The volumes of a pool.
#include "base/json.h"
#include "base/mem.h"
#include "cmd/commands.h"
#include "cmd/pool/storage.h"
#include "cmd/rows.h"
#include "io/virt/pool.h"
#include "io/virt/vol.h"

enum { POOL, DETAILS };

static const struct opt_def opts[] = {
    [POOL] = POOL_ROW,
    [DETAILS] = {"details", OPT_BOOL, 0, "display extended details for volumes"},
    {NULL},
};

static const struct view_col table[] = {{"name", "Name"}, {"path", "Path"}, {NULL}};
static const struct view_col details[] = {
    {"name", "Name"},
    {"path", "Path"},
    {"type", "Type"},
    {"capacity_bytes", "Capacity", .bytes = true},
    {"allocation_bytes", "Allocation", .bytes = true},
    {NULL},
};
static const struct view details_view = {VIEW_TABLE, details};

static int run(struct cmd_call *c, struct err *e)
{
    _cleanup_(virt_pool_free_p) struct virt_pool *pool = NULL;
    if (c->vals[DETAILS].b)
        c->view = &details_view;
    if (storage_pool(c, POOL, &pool, e) < 0)
        return -1;
    if (virt_vol_list(pool, c->vals[DETAILS].b, &c->result, e) < 0) {
        if (e->code == ERR_STATE)
            err_hint(e, "pool-start %s", virt_pool_name(pool));
        return err_wrap(e, "failed to list volumes");
    }
    // What was seen can be completed later.
    _cleanup_strv_ struct strv names = STRV_INIT;
    size_t i;
    json_t *row;
    json_array_foreach(c->result, i, row) strv_add(&names, json_text_at(row, "name"));
    storage_remember_vols(c, virt_pool_name(pool), &names, NULL);
    return 0;
}

const struct cmd_def cmd_vol_list = {
    .name = "vol-list",
    .group = "Storage",
    .summary = "list vols",
    .help = "As the host last saw them: pool-refresh makes it look again.",
    .example = "vol-list nfspool --details\nvol-list nfspool --node all",
    .opts = opts,
    .flags = CMD_CONN | CMD_EACH,
    .view =
        {VIEW_TABLE, table,
         .empty =
             "no volumes: vol-create-as POOL NAME SIZE makes one; pool-refresh POOL looks for what others put there"},
    .run = run};
