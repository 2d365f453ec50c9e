// SPDX-License-Identifier: GPL-3.0-or-later
// A pool from a local file of XML: defined (persistent, not started), or created (transient, running).
#include "base/json.h"
#include "base/mem.h"
#include "cmd/commands.h"
#include "cmd/domain/power.h"
#include "cmd/pool/storage.h"
#include "cmd/rows.h"
#include "io/virt/pool.h"

enum { FILE_OPT, VALIDATE };

static const struct opt_def define_opts[] = {
    [FILE_OPT] = FILE_ROW("file containing an XML pool description"),
    [VALIDATE] = VALIDATE_ROW(0),
    {NULL},
};

static const struct opt_def create_opts[] = {
    [FILE_OPT] = FILE_ROW("file containing an XML pool description"),
    STORAGE_BUILD_ROWS,
    {NULL},
};

static int finish(struct cmd_call *c, const struct virt_pool *pool)
{
    storage_pool_result(c, pool);
    json_object_set_new(c->result, "file", json_text(c->vals[FILE_OPT].s));
    return 0;
}

static int run_define(struct cmd_call *c, struct err *e)
{
    _cleanup_free_ char *xml = NULL;
    _cleanup_(virt_pool_free_p) struct virt_pool *pool = NULL;
    if (domain_read_file(c->vals[FILE_OPT].s, &xml, e) < 0)
        return -1;
    if (virt_pool_define(c->conn, xml, c->vals[VALIDATE].b, &pool, e) < 0)
        return err_wrap(e, "failed to define pool from %s", c->vals[FILE_OPT].s);
    return finish(c, pool);
}

static int run_create(struct cmd_call *c, struct err *e)
{
    _cleanup_free_ char *xml = NULL;
    _cleanup_(virt_pool_free_p) struct virt_pool *pool = NULL;
    if (domain_read_file(c->vals[FILE_OPT].s, &xml, e) < 0)
        return -1;
    if (virt_pool_create(c->conn, xml, cmd_bits(c), &pool, e) < 0)
        return err_wrap(e, "failed to create pool from %s", c->vals[FILE_OPT].s);
    return finish(c, pool);
}

const struct cmd_def cmd_pool_create = {
    .name = "pool-create",
    .group = "Storage",
    .summary = "create a pool from an XML file",
    .help = "A transient pool: it is gone when it stops. The file is read here, on the admin's machine.",
    .example = "pool-create VM.xml --build",
    .opts = create_opts,
    .flags = CMD_CONN,
    .view = {VIEW_NONE, .message = "Pool {name} created from {file}"},
    .run = run_create};

const struct cmd_def cmd_pool_define = {
    .name = "pool-define",
    .group = "Storage",
    .summary = "define an inactive persistent storage pool or modify an existing persistent one from an XML file",
    .help = "The file is read here, on the admin's machine.",
    .example = "pool-define VM.xml\npool-define VM.xml --node dest",
    .opts = define_opts,
    .flags = CMD_CONN,
    .view = {VIEW_NONE, .message = "Pool {name} defined from {file}"},
    .run = run_define};
