// SPDX-License-Identifier: GPL-3.0-or-later
// Facts about a pool, and its description.
#include "base/json.h"
#include "base/mem.h"
#include "cmd/commands.h"
#include "cmd/objects.h"
#include "cmd/pool/storage.h"
#include "cmd/rows.h"
#include "io/virt/pool.h"

enum { POOL, BYTES, INACTIVE = BYTES, XPATH, WRAP };

static const struct opt_def info_opts[] = {
    [POOL] = POOL_ROW,
    [BYTES] = {"bytes", OPT_BOOL, 0, "show sizes in bytes"},
    {NULL},
};

static const struct opt_def xml_opts[] = {
    [POOL] = POOL_ROW,
    [INACTIVE] = {"inactive", OPT_BOOL, 0, "show inactive defined XML"},
    [XPATH] = XPATH_ROW,
    [WRAP] = WRAP_ROW,
    {NULL},
};

#define COLS(pretty)                                                                                                   \
    {                                                                                                                  \
        {"name", "Name"}, {"uuid", "UUID"}, {"state", "State", .state = true}, {"persistent", "Persistent"},           \
            {"autostart", "Autostart"}, {"capacity_bytes", "Capacity", .bytes = (pretty)},                             \
            {"allocation_bytes", "Allocation", .bytes = (pretty)},                                                     \
            {"available_bytes", "Available", .bytes = (pretty)}, {NULL},                                               \
    }
static const struct view_col cols[] = COLS(true);
static const struct view_col exact_cols[] = COLS(false);
static const struct view exact_view = {VIEW_FIELDS, exact_cols};

static int run_info(struct cmd_call *c, struct err *e)
{
    _cleanup_(virt_pool_free_p) struct virt_pool *pool = NULL;
    if (c->vals[BYTES].b)
        c->view = &exact_view;
    return storage_pool(c, POOL, &pool, e) < 0 ? -1 : virt_pool_info(pool, &c->result, e);
}

static int run_dumpxml(struct cmd_call *c, struct err *e)
{
    _cleanup_(virt_pool_free_p) struct virt_pool *pool = NULL;
    _cleanup_free_ char *xml = NULL;
    if (storage_pool(c, POOL, &pool, e) < 0 || virt_pool_xml(pool, c->vals[INACTIVE].b, &xml, e) < 0)
        return -1;
    return object_xml_result(c, xml, XPATH, WRAP, e);
}

static const struct opt_def plain_opts[] = {[POOL] = POOL_ROW, {NULL}};

static int run_name(struct cmd_call *c, struct err *e)
{
    _cleanup_(virt_pool_free_p) struct virt_pool *pool = NULL;
    if (storage_pool(c, POOL, &pool, e) < 0)
        return -1;
    c->result = json_text(virt_pool_name(pool));
    return 0;
}

static int run_uuid(struct cmd_call *c, struct err *e)
{
    _cleanup_(virt_pool_free_p) struct virt_pool *pool = NULL;
    if (storage_pool(c, POOL, &pool, e) < 0)
        return -1;
    c->result = json_text(virt_pool_uuid(pool));
    return 0;
}

static int run_capabilities(struct cmd_call *c, struct err *e)
{
    _cleanup_free_ char *xml = NULL;
    if (virt_pool_capabilities(c->conn, &xml, e) < 0)
        return err_wrap(e, "failed to get storage pool capabilities");
    c->result = json_text(xml);
    return 0;
}

const struct cmd_def cmd_pool_capabilities = {.name = "pool-capabilities",
                                              .group = "Storage",
                                              .summary = "storage pool capabilities, in XML",
                                              .help = "Which types of pools the host's libvirt supports, and how.",
                                              .example = "pool-capabilities",
                                              .flags = CMD_CONN,
                                              .view = {VIEW_TEXT},
                                              .run = run_capabilities};

const struct cmd_def cmd_pool_name = {.name = "pool-name",
                                      .group = "Storage",
                                      .summary = "convert a pool UUID to pool name",
                                      .example = "pool-name 35bb2ad9-388a-cdfe-461a-b8907f6e53fe",
                                      .opts = plain_opts,
                                      .flags = CMD_CONN,
                                      .view = {VIEW_TEXT},
                                      .run = run_name};

const struct cmd_def cmd_pool_uuid = {.name = "pool-uuid",
                                      .group = "Storage",
                                      .summary = "convert a pool name to pool UUID",
                                      .example = "pool-uuid nfspool",
                                      .opts = plain_opts,
                                      .flags = CMD_CONN,
                                      .view = {VIEW_TEXT},
                                      .run = run_uuid};

const struct cmd_def cmd_pool_dumpxml = {.name = "pool-dumpxml",
                                         .group = "Storage",
                                         .summary = "pool information in XML",
                                         .example =
                                             "pool-dumpxml VM --inactive\npool-dumpxml nfspool --xpath //target/path",
                                         .opts = xml_opts,
                                         .flags = CMD_CONN,
                                         .view = {VIEW_TEXT},
                                         .run = run_dumpxml};

const struct cmd_def cmd_pool_info = {.name = "pool-info",
                                      .group = "Storage",
                                      .summary = "storage pool information",
                                      .example = "pool-info VM\npool-info nfspool --bytes --node all",
                                      .opts = info_opts,
                                      .flags = CMD_CONN | CMD_EACH,
                                      .view = {VIEW_FIELDS, cols},
                                      .run = run_info};
