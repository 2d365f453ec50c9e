// SPDX-License-Identifier: GPL-3.0-or-later
// A pool's definition in an editor.
#include "base/json.h"
#include "base/mem.h"
#include "cmd/commands.h"
#include "cmd/objects.h"
#include "cmd/pool/storage.h"
#include "cmd/rows.h"
#include "core/console/editor.h"
#include "io/virt/pool.h"

enum { POOL };

static const struct opt_def opts[] = {[POOL] = POOL_ROW, {NULL}};

struct edited {
    struct cmd_call *c;
    struct virt_pool *pool;
};

static int read_xml(void *data, char **ret, struct err *e)
{
    return virt_pool_xml(((struct edited *)data)->pool, true, ret, e);
}

static int write_xml(void *data, const char *text, struct err *e)
{
    struct edited *it = data;
    _cleanup_(virt_pool_free_p) struct virt_pool *pool = NULL;
    if (virt_pool_define(it->c->conn, text, false, &pool, e) < 0)
        return err_wrap(e, "failed to define pool '%s'", virt_pool_name(it->pool));
    json_decref(it->c->result);
    storage_pool_result(it->c, pool);
    return 0;
}

static int run(struct cmd_call *c, struct err *e)
{
    static const struct view unchanged = {VIEW_NONE, .message = "Pool {name} XML configuration not changed."};
    _cleanup_(virt_pool_free_p) struct virt_pool *pool = NULL;
    if (storage_pool(c, POOL, &pool, e) < 0)
        return -1;
    _cleanup_free_ char *what = xasprintf("pool '%s'", virt_pool_name(pool));
    struct edited it = {c, pool};
    struct editor ed = {what, "pool-dumpxml and pool-define", read_xml, write_xml, &it};
    storage_pool_result(c, pool);
    return object_edit(c, &ed, &unchanged, e);
}

const struct cmd_def cmd_pool_edit = {.name = "pool-edit",
                                      .group = "Storage",
                                      .summary = "edit XML configuration for a storage pool",
                                      .help = EDIT_HELP "A running pool goes on as it is\nuntil it is started anew.",
                                      .example = "pool-edit VM",
                                      .opts = opts,
                                      .flags = CMD_CONN,
                                      .view = {VIEW_NONE, .message = "Pool {name} XML configuration edited."},
                                      .run = run};
