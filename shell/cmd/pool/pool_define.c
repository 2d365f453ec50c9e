// SPDX-License-Identifier: GPL-3.0-or-later
// A pool from a local file of XML: defined (persistent, not started), or created (transient, running); and its
// definition in an editor.
#include "cmd/commands.h"
#include "cmd/objects.h"
#include "cmd/pool/storage.h"
#include "cmd/rows.h"
#include "io/virt/pool.h"

enum { FILE_OPT, VALIDATE };
enum { POOL };

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

static const struct opt_def edit_opts[] = {[POOL] = POOL_ROW, {NULL}};

static int define(struct cmd_call *c, const char *xml, bool validate, struct err *e)
{
    _cleanup_(virt_pool_free_p) struct virt_pool *pool = NULL;
    if (virt_pool_define(c->conn, xml, validate, &pool, e) < 0)
        return -1;
    storage_pool_result(c, pool);
    return 0;
}

static int create(struct cmd_call *c, const char *xml, bool validate, struct err *e)
{
    (void)validate;
    _cleanup_(virt_pool_free_p) struct virt_pool *pool = NULL;
    if (virt_pool_create(c->conn, xml, cmd_bits(c), &pool, e) < 0)
        return -1;
    storage_pool_result(c, pool);
    return 0;
}

static int run_define(struct cmd_call *c, struct err *e)
{
    return object_from_file(c, FILE_OPT, "define", "pool", define, e);
}

static int run_create(struct cmd_call *c, struct err *e)
{
    return object_from_file(c, FILE_OPT, "create", "pool", create, e);
}

static int read_xml(void *pool, char **ret, struct err *e)
{
    return virt_pool_xml(pool, true, ret, e);
}

static int run_edit(struct cmd_call *c, struct err *e)
{
    static const struct view unchanged = {VIEW_NONE, .message = "Pool {name} XML configuration not changed."};
    _cleanup_(virt_pool_free_p) struct virt_pool *pool = NULL;
    if (storage_pool(c, POOL, &pool, e) < 0)
        return -1;
    storage_pool_result(c, pool);
    struct object_edit how = {"pool", "pool-dumpxml and pool-define", &unchanged, read_xml, pool, define, false};
    return object_edit(c, &how, e);
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

const struct cmd_def cmd_pool_edit = {.name = "pool-edit",
                                      .group = "Storage",
                                      .summary = "edit XML configuration for a storage pool",
                                      .help = EDIT_HELP "A running pool goes on as it is\nuntil it is started anew.",
                                      .example = "pool-edit VM",
                                      .opts = edit_opts,
                                      .flags = CMD_CONN,
                                      .view = {VIEW_NONE, .message = "Pool {name} XML configuration edited."},
                                      .run = run_edit};
