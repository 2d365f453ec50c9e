// SPDX-License-Identifier: GPL-3.0-or-later
// New volumes: from single values, from a local file of XML, as a copy of another.
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "cmd/commands.h"
#include "cmd/objects.h"
#include "cmd/pool/storage.h"
#include "cmd/rows.h"
#include "core/storage/storage_xml.h"
#include "io/virt/pool.h"
#include "io/virt/vol.h"

enum { POOL, NAME, CAPACITY, ALLOCATION, FORMAT, BACKING_VOL, BACKING_FORMAT, PREALLOC, PRINT_XML };
enum { FILE_OPT = 1, FILE_PREALLOC, VALIDATE };
enum { FROM_VOL = 2, INPUTPOOL, FROM_PREALLOC, FROM_REFLINK, FROM_VALIDATE };
enum { VOL, NEWNAME, VOL_POOL, CLONE_PREALLOC, REFLINK, CLONE_PRINT_XML };

static const char prealloc_help[] = "preallocate metadata (for qcow2 instead of full allocation)";
static const char print_help[] = "print XML document instead of making the volume";

static const struct opt_def as_opts[] = {
    [POOL] = POOL_ROW,
    [NAME] = {"name", OPT_STRING, OPTF_POS | OPTF_REQ, "name of the volume"},
    [CAPACITY] = {"capacity", OPT_SIZE, OPTF_POS | OPTF_REQ, "size of the vol, as scaled integer (default bytes)"},
    [ALLOCATION] = {"allocation", OPT_SIZE, OPTF_POS, "initial allocation size, as scaled integer (default bytes)"},
    [FORMAT] = {"format", OPT_STRING, OPTF_POS, "file format type raw,bochs,qcow,qcow2,qed,vmdk"},
    [BACKING_VOL] = {"backing-vol", OPT_STRING, OPTF_POS, "the backing volume if taking a snapshot", .of_pool = "vol"},
    [BACKING_FORMAT] = {"backing-vol-format", OPT_STRING, OPTF_POS, "format of backing volume if taking a snapshot",
                        .needs = "backing-vol"},
    [PREALLOC] = {"prealloc-metadata", OPT_BOOL, 0, prealloc_help, .bits = VIRT_VOL_PREALLOC_METADATA},
    [PRINT_XML] = {"print-xml", OPT_BOOL, 0, print_help},
    {NULL},
};

static const struct opt_def file_opts[] = {
    [POOL] = POOL_ROW,
    [FILE_OPT] = {"file", OPT_PATH, OPTF_POS | OPTF_REQ, "file containing an XML vol description"},
    [FILE_PREALLOC] = {"prealloc-metadata", OPT_BOOL, 0, prealloc_help, .bits = VIRT_VOL_PREALLOC_METADATA},
    [VALIDATE] = VALIDATE_ROW(VIRT_VOL_VALIDATE),
    {NULL},
};

static const struct opt_def from_opts[] = {
    [POOL] = POOL_ROW,
    [FILE_OPT] = {"file", OPT_PATH, OPTF_POS | OPTF_REQ, "file containing an XML vol description"},
    [FROM_VOL] = VOL_ROW,
    [INPUTPOOL] = {"inputpool", OPT_POOL, OPTF_POS, "pool name or uuid of the input volume's pool"},
    [FROM_PREALLOC] = {"prealloc-metadata", OPT_BOOL, 0, prealloc_help, .bits = VIRT_VOL_PREALLOC_METADATA},
    [FROM_REFLINK] = {"reflink", OPT_BOOL, 0, "use btrfs COW lightweight copy", .bits = VIRT_VOL_REFLINK},
    [FROM_VALIDATE] = VALIDATE_ROW(VIRT_VOL_VALIDATE),
    {NULL},
};

static const struct opt_def clone_opts[] = {
    [VOL] = VOL_ROW,
    [NEWNAME] = {"newname", OPT_STRING, OPTF_POS | OPTF_REQ, "clone name"},
    [VOL_POOL] = IN_POOL_ROW,
    [CLONE_PREALLOC] = {"prealloc-metadata", OPT_BOOL, 0, prealloc_help, .bits = VIRT_VOL_PREALLOC_METADATA},
    [REFLINK] = {"reflink", OPT_BOOL, 0, "use btrfs COW lightweight copy", .bits = VIRT_VOL_REFLINK},
    [CLONE_PRINT_XML] = {"print-xml", OPT_BOOL, 0, print_help},
    {NULL},
};

// Which volume is meant is looked for as virsh does: a name in this pool, a key, a path; in another pool is as good.
static int backing_path(struct cmd_call *c, struct virt_pool *pool, char **ret, struct err *e)
{
    _cleanup_(virt_vol_free_p) struct virt_vol *vol = NULL;
    const char *text = c->vals[BACKING_VOL].s;
    int r = virt_vol_find(c->conn, pool, text, &vol, e);
    if (r < 0 && e->code == ERR_USAGE) {
        err_release(e);
        r = virt_vol_find(c->conn, NULL, text, &vol, e);
    }
    return r < 0 ? err_wrap(e, "failed to get vol '%s'", text) : virt_vol_path(vol, ret, e);
}

static int run_as(struct cmd_call *c, struct err *e)
{
    const struct opt_val *v = c->vals;
    _cleanup_(virt_pool_free_p) struct virt_pool *pool = NULL;
    _cleanup_(virt_vol_free_p) struct virt_vol *vol = NULL;
    _cleanup_free_ char *backing = NULL, *xml = NULL;
    if (storage_pool(c, POOL, &pool, e) < 0 || (v[BACKING_VOL].s && backing_path(c, pool, &backing, e) < 0))
        return -1;
    xml = storage_vol_xml(&(struct vol_spec){.name = v[NAME].s,
                                             .capacity = v[CAPACITY].bytes,
                                             .allocation = v[ALLOCATION].bytes,
                                             .has_allocation = v[ALLOCATION].given,
                                             .format = v[FORMAT].s,
                                             .backing_path = backing,
                                             .backing_format = v[BACKING_FORMAT].s});
    if (v[PRINT_XML].b)
        return object_print_xml(c, xml);
    if (virt_vol_create(pool, xml, cmd_bits(c), &vol, e) < 0)
        return err_wrap(e, "failed to create vol %s", v[NAME].s);
    storage_vol_result(c, vol, pool);
    return 0;
}

static int run_file(struct cmd_call *c, struct err *e)
{
    const char *path = c->vals[FILE_OPT].s;
    _cleanup_(virt_pool_free_p) struct virt_pool *pool = NULL;
    _cleanup_(virt_vol_free_p) struct virt_vol *vol = NULL;
    _cleanup_free_ char *xml = NULL;
    if (object_read_file(path, &xml, e) < 0 || storage_pool(c, POOL, &pool, e) < 0)
        return -1;
    if (virt_vol_create(pool, xml, cmd_bits(c), &vol, e) < 0)
        return err_wrap(e, "failed to create vol from %s", path);
    storage_vol_result(c, vol, pool);
    json_object_set_new(c->result, "file", json_text(path));
    return 0;
}

static int run_clone(struct cmd_call *c, struct err *e)
{
    const char *name = c->vals[NEWNAME].s;
    _cleanup_(virt_pool_free_p) struct virt_pool *pool = NULL;
    _cleanup_(virt_vol_free_p) struct virt_vol *from = NULL, *vol = NULL;
    _cleanup_free_ char *old = NULL, *xml = NULL;
    if (storage_vol(c, VOL, VOL_POOL, &from, e) < 0 || virt_vol_pool(from, &pool, e) < 0 ||
        virt_vol_xml(from, &old, e) < 0 || storage_vol_rename(old, name, &xml, e) < 0)
        return -1;
    if (c->vals[CLONE_PRINT_XML].b)
        return object_print_xml(c, xml);
    if (virt_vol_clone(pool, xml, from, cmd_bits(c), &vol, e) < 0)
        return err_wrap(e, "failed to clone vol from %s", virt_vol_name(from));
    storage_vol_result(c, vol, pool);
    json_object_set_new(c->result, "from", json_text(virt_vol_name(from)));
    return 0;
}

static int run_from(struct cmd_call *c, struct err *e)
{
    const char *path = c->vals[FILE_OPT].s;
    _cleanup_(virt_pool_free_p) struct virt_pool *pool = NULL;
    _cleanup_(virt_vol_free_p) struct virt_vol *from = NULL, *vol = NULL;
    _cleanup_free_ char *xml = NULL;
    if (object_read_file(path, &xml, e) < 0 || storage_pool(c, POOL, &pool, e) < 0 ||
        storage_vol(c, FROM_VOL, INPUTPOOL, &from, e) < 0)
        return -1;
    if (virt_vol_clone(pool, xml, from, cmd_bits(c), &vol, e) < 0)
        return err_wrap(e, "failed to create vol from %s", path);
    storage_vol_result(c, vol, pool);
    json_object_set_new(c->result, "from", json_text(virt_vol_name(from)));
    return 0;
}

const struct cmd_def cmd_vol_clone = {
    .name = "vol-clone",
    .group = "Storage",
    .summary = "clone a volume",
    .help = "Within the pool of the original.",
    .example = "vol-clone test01 test02 nfspool\nvol-clone /mykvm/nfspool/test01 test02 --reflink",
    .opts = clone_opts,
    .flags = CMD_CONN,
    .view = {VIEW_NONE, .message = "Vol {name} cloned from {from}"},
    .run = run_clone};

const struct cmd_def cmd_vol_create = {.name = "vol-create",
                                       .group = "Storage",
                                       .summary = "create a vol from an XML file",
                                       .help = "The file is read here, on the admin's machine.",
                                       .example = "vol-create nfspool test01.xml",
                                       .opts = file_opts,
                                       .flags = CMD_CONN,
                                       .view = {VIEW_NONE, .message = "Vol {name} created from {file}"},
                                       .run = run_file};

const struct cmd_def cmd_vol_create_from = {
    .name = "vol-create-from",
    .group = "Storage",
    .summary = "create a vol, using another volume as input",
    .help = "The file is read here, on the admin's machine; the data is libvirt's to copy, also into another format.",
    .example = "vol-create-from nfspool test02.xml test01 --inputpool default",
    .opts = from_opts,
    .flags = CMD_CONN,
    .view = {VIEW_NONE, .message = "Vol {name} created from input vol {from}"},
    .run = run_from};

const struct cmd_def cmd_vol_create_as = {
    .name = "vol-create-as",
    .group = "Storage",
    .summary = "create a volume from a set of args",
    .help = "A raw volume is allocated in full unless --allocation says less: --allocation 0 makes it sparse.",
    .example = "vol-create-as nfspool test01 5G --format qcow2\n"
               "vol-create-as nfspool snap 5G --format qcow2 --backing-vol test01 --backing-vol-format qcow2",
    .opts = as_opts,
    .flags = CMD_CONN,
    .view = {VIEW_NONE, .message = "Vol {name} created"},
    .run = run_as};
