// SPDX-License-Identifier: GPL-3.0-or-later
// Resizing, wiping and deleting a volume.
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "cmd/commands.h"
#include "cmd/pool/storage.h"
#include "cmd/rows.h"
#include "io/virt/pool.h"
#include "io/virt/vol.h"

enum { VOL, CAPACITY, POOL, ALLOCATE, DELTA, SHRINK, RESIZE_FORCE };
enum { DELETE_POOL = 1, DELETE_SNAPSHOTS, ALGORITHM = DELETE_SNAPSHOTS, FORCE };

static const struct opt_def resize_opts[] = {
    [VOL] = VOL_ROW,
    [CAPACITY] = {"capacity", OPT_STRING, OPTF_POS | OPTF_REQ, "new capacity, as scaled integer (default bytes)"},
    [POOL] = IN_POOL_ROW,
    [ALLOCATE] = {"allocate", OPT_BOOL, 0, "allocate the new capacity, rather than leaving it sparse",
                  .bits = VIRT_VOL_ALLOCATE},
    [DELTA] = {"delta", OPT_BOOL, 0, "use capacity as a delta to current size, rather than the new size",
               .bits = VIRT_VOL_DELTA},
    [SHRINK] = {"shrink", OPT_BOOL, 0, "allow the resize to shrink the volume", .bits = VIRT_VOL_SHRINK},
    [RESIZE_FORCE] = FORCE_USED_ROW,
    {NULL},
};

static const struct opt_def delete_opts[] = {
    [VOL] = VOL_ROW,
    [DELETE_POOL] = IN_POOL_ROW,
    [DELETE_SNAPSHOTS] = {"delete-snapshots", OPT_BOOL, 0, "delete snapshots associated with volume"},
    [FORCE] = FORCE_USED_ROW,
    {NULL},
};

static const struct opt_def wipe_opts[] = {
    [VOL] = VOL_ROW,
    [DELETE_POOL] = IN_POOL_ROW,
    [ALGORITHM] = {"algorithm", OPT_ENUM, OPTF_POS, "perform selected wiping algorithm", .def = "zero",
                   .choices = virt_vol_wipes},
    [FORCE] = FORCE_USED_ROW,
    {NULL},
};

// As virsh reads it: a minus needs --delta and --shrink, and is left out then.
static int read_capacity(const struct cmd_call *c, unsigned long long *ret, struct err *e)
{
    const char *text = c->vals[CAPACITY].s;
    if (*text == '-') {
        if (!c->vals[DELTA].b || !c->vals[SHRINK].b)
            return err_set(e, ERR_USAGE, "negative size requires --delta and --shrink");
        text++;
    }
    if (str_to_size(text, 1, ret) < 0)
        return err_set(e, ERR_USAGE, "--capacity: '%s' is not a size such as 512, 64KiB or 8G", c->vals[CAPACITY].s);
    return 0;
}

static int run_resize(struct cmd_call *c, struct err *e)
{
    static const struct view by = {VIEW_NONE, .message = "Size of volume '{name}' successfully changed by {capacity}"};
    _cleanup_(virt_vol_free_p) struct virt_vol *vol = NULL;
    unsigned long long capacity = 0;
    if (read_capacity(c, &capacity, e) < 0 || storage_vol(c, VOL, POOL, &vol, e) < 0)
        return -1;
    if (storage_refuse_used_vol(c, vol, true, c->vals[RESIZE_FORCE].b, e) < 0)
        return err_wrap(e, "not resized");
    if (virt_vol_resize(vol, capacity, cmd_bits(c), e) < 0)
        return err_wrap(e, "failed to change size of volume '%s' %s %s", virt_vol_name(vol),
                        c->vals[DELTA].b ? "by" : "to", c->vals[CAPACITY].s);
    storage_vol_result(c, vol, NULL);
    json_object_set_new(c->result, "capacity", json_text(c->vals[CAPACITY].s));
    if (c->vals[DELTA].b)
        c->view = &by;
    return 0;
}

static int run_delete(struct cmd_call *c, struct err *e)
{
    _cleanup_(virt_vol_free_p) struct virt_vol *vol = NULL;
    _cleanup_(virt_pool_free_p) struct virt_pool *pool = NULL;
    if (storage_vol(c, VOL, DELETE_POOL, &vol, e) < 0 || virt_vol_pool(vol, &pool, e) < 0)
        return -1;
    if (storage_refuse_used_vol(c, vol, false, c->vals[FORCE].b, e) < 0)
        return err_wrap(e, "not deleted");
    if (virt_vol_delete(vol, c->vals[DELETE_SNAPSHOTS].b, e) < 0)
        return err_wrap(e, "failed to delete vol %s", virt_vol_name(vol));
    storage_vol_result(c, vol, NULL);
    storage_remember_vols(c, virt_pool_name(pool), NULL, virt_vol_name(vol));
    return 0;
}

static int run_wipe(struct cmd_call *c, struct err *e)
{
    _cleanup_(virt_vol_free_p) struct virt_vol *vol = NULL;
    unsigned algorithm = 0;
    if (storage_vol(c, VOL, DELETE_POOL, &vol, e) < 0)
        return -1;
    if (storage_refuse_used_vol(c, vol, false, c->vals[FORCE].b, e) < 0)
        return err_wrap(e, "not wiped");
    while (strcmp(virt_vol_wipes[algorithm], c->vals[ALGORITHM].s) != 0) // one of them, says the row
        algorithm++;
    if (virt_vol_wipe(vol, algorithm, e) < 0)
        return err_wrap(e, "failed to wipe vol %s", virt_vol_name(vol));
    storage_vol_result(c, vol, NULL);
    return 0;
}

const struct cmd_def cmd_vol_delete = {.name = "vol-delete",
                                       .group = "Storage",
                                       .summary = "delete a vol",
                                       .help =
                                           "Refused while a guest of any hypervisor of the inventory is defined with "
                                           "it, or has a disk that lies on it,\n"
                                           "while a program has it open, and where that is not known. --force "
                                           "insists.",
                                       .example = "vol-delete test01 nfspool\nvol-delete /mykvm/nfspool/test01",
                                       .opts = delete_opts,
                                       .flags = CMD_CONN | CMD_DESTROYS,
                                       .view = {VIEW_NONE, .message = "Vol {name} deleted"},
                                       .run = run_delete};

const struct cmd_def cmd_vol_resize = {
    .name = "vol-resize",
    .group = "Storage",
    .summary = "resize a vol",
    .help = "Refused while an active guest uses it (blockresize is for those), or a disk lies on it, and where that "
            "is not\n"
            "known. --force insists.",
    .example = "vol-resize test01 8G nfspool\nvol-resize test01 1G nfspool --delta",
    .opts = resize_opts,
    .flags = CMD_CONN,
    .view = {VIEW_NONE, .message = "Size of volume '{name}' successfully changed to {capacity}"},
    .run = run_resize};

const struct cmd_def cmd_vol_wipe = {.name = "vol-wipe",
                                     .group = "Storage",
                                     .summary = "wipe a vol",
                                     .help = "Its data is overwritten in place, for ever. Storage that keeps old "
                                             "blocks elsewhere (SSDs, thin pools, copy on\n"
                                             "write) may have it still. Refused as vol-delete is.",
                                     .example = "vol-wipe test01 nfspool\nvol-wipe /dev/vg/test01 --algorithm trim",
                                     .opts = wipe_opts,
                                     .flags = CMD_CONN | CMD_DESTROYS,
                                     .view = {VIEW_NONE, .message = "Vol {name} wiped"},
                                     .run = run_wipe};
