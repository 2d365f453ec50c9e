// SPDX-License-Identifier: GPL-3.0-or-later
// Facts about a volume, its description, and its names: path, key, pool.
#include "base/json.h"
#include "base/mem.h"
#include "cmd/commands.h"
#include "cmd/objects.h"
#include "cmd/pool/storage.h"
#include "cmd/rows.h"
#include "io/virt/pool.h"
#include "io/virt/vol.h"

enum { VOL, POOL, BYTES, PHYSICAL, XPATH = BYTES, WRAP, UUID = POOL };

#define VOL_ROWS [VOL] = VOL_ROW, [POOL] = IN_POOL_ROW

static const struct opt_def path_opts[] = {VOL_ROWS, {NULL}};
static const struct opt_def name_opts[] = {[VOL] = VOL_ROW, {NULL}};
static const struct opt_def pool_opts[] = {
    [VOL] = VOL_ROW,
    [UUID] = {"uuid", OPT_BOOL, 0, "return the pool uuid rather than pool name"},
    {NULL},
};
static const struct opt_def info_opts[] = {
    VOL_ROWS,
    [BYTES] = {"bytes", OPT_BOOL, 0, "show sizes in bytes"},
    [PHYSICAL] = {"physical", OPT_BOOL, 0, "the physical size of the volume instead of its allocation"},
    {NULL},
};
static const struct opt_def xml_opts[] = {
    VOL_ROWS,
    [XPATH] = XPATH_ROW,
    [WRAP] = WRAP_ROW,
    {NULL},
};

#define COLS(pretty, in)                                                                                               \
    {                                                                                                                  \
        {"name", "Name"}, {"type", "Type"}, {"capacity_bytes", "Capacity", (in), .bytes = (pretty)},                   \
            {"allocation_bytes", "Allocation", (in), .bytes = (pretty)},                                               \
            {"physical_bytes", "Physical", (in), .bytes = (pretty)}, {NULL},                                           \
    }
static const struct view_col cols[] = COLS(true, NULL);
static const struct view_col exact_cols[] = COLS(false, " bytes");
static const struct view exact_view = {VIEW_FIELDS, exact_cols};

static int run_info(struct cmd_call *c, struct err *e)
{
    _cleanup_(virt_vol_free_p) struct virt_vol *vol = NULL;
    if (c->vals[BYTES].b)
        c->view = &exact_view;
    return storage_vol(c, VOL, POOL, &vol, e) < 0 ? -1 : virt_vol_info(vol, c->vals[PHYSICAL].b, &c->result, e);
}

static int run_dumpxml(struct cmd_call *c, struct err *e)
{
    _cleanup_(virt_vol_free_p) struct virt_vol *vol = NULL;
    _cleanup_free_ char *xml = NULL;
    if (storage_vol(c, VOL, POOL, &vol, e) < 0 || virt_vol_xml(vol, &xml, e) < 0)
        return -1;
    return object_xml_result(c, xml, XPATH, WRAP, e);
}

static int run_path(struct cmd_call *c, struct err *e)
{
    _cleanup_(virt_vol_free_p) struct virt_vol *vol = NULL;
    _cleanup_free_ char *path = NULL;
    if (storage_vol(c, VOL, POOL, &vol, e) < 0 || virt_vol_path(vol, &path, e) < 0)
        return -1;
    c->result = json_text(path);
    return 0;
}

static int run_key(struct cmd_call *c, struct err *e)
{
    _cleanup_(virt_vol_free_p) struct virt_vol *vol = NULL;
    if (storage_vol(c, VOL, POOL, &vol, e) < 0)
        return -1;
    c->result = json_text(virt_vol_key(vol));
    return 0;
}

static int run_name(struct cmd_call *c, struct err *e)
{
    _cleanup_(virt_vol_free_p) struct virt_vol *vol = NULL;
    if (storage_vol(c, VOL, NO_POOL, &vol, e) < 0)
        return -1;
    c->result = json_text(virt_vol_name(vol));
    return 0;
}

static int run_pool(struct cmd_call *c, struct err *e)
{
    _cleanup_(virt_vol_free_p) struct virt_vol *vol = NULL;
    _cleanup_(virt_pool_free_p) struct virt_pool *pool = NULL;
    if (storage_vol(c, VOL, NO_POOL, &vol, e) < 0 || virt_vol_pool(vol, &pool, e) < 0)
        return -1;
    c->result = json_text(c->vals[UUID].b ? virt_pool_uuid(pool) : virt_pool_name(pool));
    return 0;
}

const struct cmd_def cmd_vol_dumpxml = {
    .name = "vol-dumpxml",
    .group = "Storage",
    .summary = "vol information in XML",
    .example = "vol-dumpxml test01 nfspool\nvol-dumpxml /mykvm/nfspool/test01 --xpath //target/format",
    .opts = xml_opts,
    .flags = CMD_CONN,
    .view = {VIEW_TEXT},
    .run = run_dumpxml};

const struct cmd_def cmd_vol_info = {.name = "vol-info",
                                     .group = "Storage",
                                     .summary = "storage vol information",
                                     .example = "vol-info test01 nfspool\nvol-info /mykvm/nfspool/test01 --bytes",
                                     .opts = info_opts,
                                     .flags = CMD_CONN,
                                     .view = {VIEW_FIELDS, cols},
                                     .run = run_info};

const struct cmd_def cmd_vol_key = {.name = "vol-key",
                                    .group = "Storage",
                                    .summary = "returns the volume key for a given volume name or path",
                                    .example = "vol-key test01 nfspool",
                                    .opts = path_opts,
                                    .flags = CMD_CONN,
                                    .view = {VIEW_TEXT},
                                    .run = run_key};

const struct cmd_def cmd_vol_name = {.name = "vol-name",
                                     .group = "Storage",
                                     .summary = "returns the volume name for a given volume key or path",
                                     .example = "vol-name /mykvm/nfspool/test01",
                                     .opts = name_opts,
                                     .flags = CMD_CONN,
                                     .view = {VIEW_TEXT},
                                     .run = run_name};

const struct cmd_def cmd_vol_path = {.name = "vol-path",
                                     .group = "Storage",
                                     .summary = "returns the volume path for a given volume name or key",
                                     .example = "vol-path test01 nfspool",
                                     .opts = path_opts,
                                     .flags = CMD_CONN,
                                     .view = {VIEW_TEXT},
                                     .run = run_path};

const struct cmd_def cmd_vol_pool = {.name = "vol-pool",
                                     .group = "Storage",
                                     .summary = "returns the storage pool for a given volume key or path",
                                     .example = "vol-pool /mykvm/nfspool/test01",
                                     .opts = pool_opts,
                                     .flags = CMD_CONN,
                                     .view = {VIEW_TEXT},
                                     .run = run_pool};
