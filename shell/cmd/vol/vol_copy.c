// SPDX-License-Identifier: GPL-3.0-or-later
// A volume from one node's pool to another node's.
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "cmd/commands.h"
#include "cmd/pool/storage.h"
#include "cmd/rows.h"
#include "cmd/vol/copy_common.h"
#include "core/console/names_of.h"
#include "core/storage/storage_xml.h"
#include "io/virt/pool.h"
#include "io/virt/vol.h"

enum { VOL, TO, POOL, TO_POOL, NAME, UPDATE };

static const struct opt_def opts[] = {
    [VOL] = VOL_ROW,
    [TO] = {"to", OPT_NODE, OPTF_POS | OPTF_REQ, "the node that is to have it"},
    [POOL] = IN_POOL_ROW,
    [TO_POOL] = {"to-pool", OPT_STRING, 0, "the pool there, if its name is another one"},
    [NAME] = {"name", OPT_STRING, 0, "the volume's name there, if it is to be another one"},
    [UPDATE] = {"update", OPT_BOOL, 0, "make a volume that is there equal, sending only what differs"},
    COPY_ROWS,
    {NULL},
};

struct there {
    struct virt_conn *conn;
    struct virt_pool *pool;
    const char *name; // of the volume
    char *path;
    bool update;
};

static void there_release(struct there *t)
{
    virt_pool_free(t->pool);
    virt_conn_unref(t->conn);
    free(t->path);
}

static int is_free_name(const char *name, struct err *e)
{
    if (*name && !strchr(name, '/') && strcmp(name, ".") != 0 && strcmp(name, "..") != 0)
        return 0;
    return err_set(e, ERR_USAGE, "'%s' is not a volume name", name);
}

// In a pool of devices the place has to be made first; in a directory the copy makes the file, and libvirt finds it.
static int make_device(struct cmd_call *c, struct virt_vol *from, struct there *t, struct err *e)
{
    _cleanup_(virt_vol_free_p) struct virt_vol *vol = NULL;
    _cleanup_err_ struct err missing = ERR_INIT;
    if (virt_vol_find(t->conn, t->pool, t->name, &vol, &missing) == 0) {
        if (!c->vals[UPDATE].b) {
            err_set(e, ERR_EXISTS, "pool %s on %s has a volume %s already", virt_pool_name(t->pool),
                    c->vals[TO].node->name, t->name);
            return err_hint(e, "--update makes it equal to the source, sending only what differs");
        }
        return virt_vol_path(vol, &t->path, e);
    }
    json_t *info;
    if (virt_vol_info(from, true, &info, e) < 0)
        return -1;
    unsigned long long size = (unsigned long long)json_integer_value(json_object_get(info, "physical_bytes"));
    json_decref(info);
    struct vol_spec spec = {.name = t->name, .capacity = size};
    _cleanup_free_ char *xml = storage_vol_xml(&spec);
    if (virt_vol_create(t->pool, xml, 0, &vol, e) < 0)
        return err_wrap(e, "failed to create vol %s on %s", t->name, c->vals[TO].node->name);
    t->update = true; // it is ours, and empty
    return virt_vol_path(vol, &t->path, e);
}

static int find_place(struct cmd_call *c, struct virt_vol *from, const char *pool, struct there *t, struct err *e)
{
    const struct node *node = c->vals[TO].node;
    _cleanup_free_ char *xml = NULL, *dir = NULL;
    bool of_files = false, active = false;
    t->name = c->vals[NAME].s ? c->vals[NAME].s : virt_vol_name(from);
    t->update = c->vals[UPDATE].b;
    if (is_free_name(t->name, e) < 0)
        return -1;
    if (ctx_connect(c->ctx, c->job, node->uri, &t->conn, e) < 0 || virt_pool_lookup(t->conn, pool, &t->pool, e) < 0) {
        err_wrap(e, "node %s", node->name);
        return e->code == ERR_NOT_FOUND ? err_hint(e, "pool-clone %s %s gives it the pool", pool, node->name) : -1;
    }
    if (virt_pool_is_active(t->pool, &active, e) < 0 || virt_pool_xml(t->pool, false, &xml, e) < 0 ||
        storage_pool_target(xml, &dir, &of_files, e) < 0)
        return -1;
    if (!active)
        return err_set(e, ERR_STATE, "pool %s on %s is not active", virt_pool_name(t->pool), node->name);
    if (!of_files)
        return make_device(c, from, t, e);
    t->path = xasprintf("%s/%s", dir, t->name);
    return 0;
}

static int copy_there(struct cmd_call *c, struct virt_vol *from, struct there *t, struct err *e)
{
    _cleanup_(virt_pool_free_p) struct virt_pool *pool = NULL;
    _cleanup_free_ char *path = NULL;
    if (virt_vol_pool(from, &pool, e) < 0 || virt_vol_path(from, &path, e) < 0 ||
        find_place(c, from, c->vals[TO_POOL].s ? c->vals[TO_POOL].s : virt_pool_name(pool), t, e) < 0)
        return -1;
    struct copy_options o = {.from = {c->where.node, path}, .to = {c->vals[TO].node, t->path}, .update = t->update};
    int r = copy_run(c, &o, e);
    if (c->result) {
        json_object_set_new(c->result, "name", json_text(t->name));
        json_object_set_new(c->result, "pool", json_text(virt_pool_name(pool)));
        json_object_set_new(c->result, "to_pool", json_text(virt_pool_name(t->pool)));
    }
    if (r < 0)
        return t->update && !c->vals[UPDATE].b ? err_hint(e, "--update goes on with it") : -1;
    if (virt_pool_refresh(t->pool, e) < 0)
        return err_wrap(e, "the volume is there, but its pool cannot be read anew");
    _cleanup_free_ char *place = names_of_place(o.to.node->name, virt_pool_name(t->pool));
    ctx_names_add(c->ctx, "vol", place, t->name);
    return 0;
}

static int run(struct cmd_call *c, struct err *e)
{
    _cleanup_(virt_vol_free_p) struct virt_vol *from = NULL;
    _cleanup_(there_release) struct there t = {0};
    if (!c->where.node) {
        err_set(e, ERR_UNSUPPORTED, "the volume's host is not a node of the inventory, so there is no ssh to it");
        return err_hint(e, "node-add it, and name it by --node");
    }
    return storage_vol(c, VOL, POOL, &from, e) < 0 ? -1 : copy_there(c, from, &t, e);
}

const struct cmd_def cmd_vol_copy = {
    .name = "vol-copy",
    .group = "Storage",
    .summary = "copy a volume to a pool of another node",
    .help =
        "The bytes go as with disk-copy: sparse, verified, resumable, from node to node where that works. The pool on\n"
        "the other side has to be there (pool-clone) and active. In a pool of files (dir, fs, netfs) the volume shows\n"
        "up when it is complete; in one of devices (logical, disk …) it is created first, as large as the source.\n"
        "Of a qcow2 volume with a backing file only this one file is copied.",
    .example = "vol-copy test01.qcow2 dest --pool default --node source\n"
               "vol-copy test01 dest vg0 --to-pool images --name test01.img\n"
               "--json vol-copy /var/lib/libvirt/images/a.img dest --route relay",
    .opts = opts,
    .flags = CMD_CONN,
    .view = {VIEW_CUSTOM, .render = copy_render},
    .run = run};
