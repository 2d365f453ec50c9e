// SPDX-License-Identifier: GPL-3.0-or-later
// Storage volumes. Job threads. See virt/vol.h.
#include "io/virt/vol.h"

#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "base/strv.h"
#include "io/virt/pool.h"
#include "io/virt/priv.h"

_Static_assert((int)VIRT_VOL_SHRINK == (int)VIR_STORAGE_VOL_RESIZE_SHRINK &&
                   (int)VIRT_VOL_DELTA == (int)VIR_STORAGE_VOL_RESIZE_DELTA &&
                   (int)VIRT_VOL_REFLINK == (int)VIR_STORAGE_VOL_CREATE_REFLINK,
               "our bits are libvirt's");

static struct virt_vol *wrap(struct virt_conn *c, virStorageVolPtr ptr)
{
    struct virt_vol *v = xnew(struct virt_vol);
    *v = (struct virt_vol){ptr, virt_conn_ref(c)};
    return v;
}

static bool no_such_vol(void)
{
    virErrorPtr v = virGetLastError();
    return v && v->code == VIR_ERR_NO_STORAGE_VOL;
}

static bool in_pool(struct virt_vol *v, const struct virt_pool *p)
{
    virStoragePoolPtr of = VIRT(virStoragePoolLookupByVolume(v->ptr));
    char uuid[VIR_UUID_STRING_BUFLEN] = "";
    if (of)
        virStoragePoolGetUUIDString(of, uuid);
    if (of)
        virStoragePoolFree(of);
    return strcmp(uuid, p->uuid) == 0;
}

static int check_active(struct virt_pool *p, struct err *e)
{
    bool active;
    if (virt_pool_is_active(p, &active, e) < 0)
        return -1;
    if (active)
        return 0;
    err_set(e, ERR_STATE, "pool '%s' is not active", virt_pool_name(p));
    return err_hint(e, "pool-start %s", virt_pool_name(p));
}

int virt_vol_find(struct virt_conn *c, struct virt_pool *p, const char *text, struct virt_vol **ret, struct err *e)
{
    if (p && check_active(p, e) < 0)
        return -1;
    virStorageVolPtr ptr = p ? VIRT(virStorageVolLookupByName(p->ptr, text)) : NULL;
    bool named = ptr;
    if (!ptr)
        ptr = VIRT(virStorageVolLookupByKey(c->ptr, text));
    if (!ptr)
        ptr = VIRT(virStorageVolLookupByPath(c->ptr, text));
    if (!ptr)
        return virt_fail(e, NULL);
    _cleanup_(virt_vol_free_p) struct virt_vol *v = wrap(c, ptr);
    if (p && !named && !in_pool(v, p))
        return err_set(e, ERR_USAGE, "requested volume '%s' is not in pool '%s'", text, virt_pool_name(p));
    *ret = steal(&v);
    return 0;
}

int virt_vol_lookup(struct virt_conn *c, const char *pool, const char *text, struct virt_vol **ret, struct err *e)
{
    _cleanup_(virt_pool_free_p) struct virt_pool *p = NULL;
    if (pool && virt_pool_lookup(c, pool, &p, e) < 0)
        return -1;
    return virt_vol_find(c, p, text, ret, e);
}

void virt_vol_free(struct virt_vol *v)
{
    if (!v)
        return;
    virStorageVolFree(v->ptr);
    virt_conn_unref(v->conn);
    free(v);
}

const char *virt_vol_name(const struct virt_vol *v)
{
    return virStorageVolGetName(v->ptr);
}

const char *virt_vol_key(const struct virt_vol *v)
{
    return virStorageVolGetKey(v->ptr);
}

int virt_vol_path(struct virt_vol *v, char **ret, struct err *e)
{
    char *path = VIRT(virStorageVolGetPath(v->ptr));
    if (!path)
        return virt_fail(e, NULL);
    *ret = path;
    return 0;
}

int virt_vol_pool(struct virt_vol *v, struct virt_pool **ret, struct err *e)
{
    virStoragePoolPtr ptr = VIRT(virStoragePoolLookupByVolume(v->ptr));
    if (!ptr)
        return virt_fail(e, NULL);
    *ret = virt_pool_wrap(v->conn, ptr);
    return 0;
}

int virt_vol_xml(struct virt_vol *v, char **ret, struct err *e)
{
    char *xml = VIRT(virStorageVolGetXMLDesc(v->ptr, 0));
    if (!xml)
        return virt_fail(e, NULL);
    *ret = xml;
    return 0;
}

static const char *type_name(int type)
{
    static const char *const names[] = {
        [VIR_STORAGE_VOL_FILE] = "file",       [VIR_STORAGE_VOL_BLOCK] = "block",   [VIR_STORAGE_VOL_DIR] = "dir",
        [VIR_STORAGE_VOL_NETWORK] = "network", [VIR_STORAGE_VOL_NETDIR] = "netdir", [VIR_STORAGE_VOL_PLOOP] = "ploop",
    };
    return type >= 0 && (size_t)type < ARRAY_SIZE(names) ? names[type] : "unknown";
}

static int add_details(virStorageVolPtr ptr, bool physical, json_t *row, struct err *e)
{
    virStorageVolInfo info;
    int r = physical ? VIRT(virStorageVolGetInfoFlags(ptr, &info, VIR_STORAGE_VOL_GET_PHYSICAL))
                     : VIRT(virStorageVolGetInfo(ptr, &info));
    if (r < 0)
        return virt_fail(e, NULL);
    json_object_set_new(row, "type", json_text(type_name(info.type)));
    json_object_set_new(row, "capacity_bytes", json_integer((json_int_t)info.capacity));
    json_object_set_new(row, physical ? "physical_bytes" : "allocation_bytes",
                        json_integer((json_int_t)info.allocation));
    return 0;
}

static int compare_vols(const void *a, const void *b)
{
    const char *x = virStorageVolGetName(*(const virStorageVolPtr *)a);
    const char *y = virStorageVolGetName(*(const virStorageVolPtr *)b);
    int r = strcasecmp(x, y);
    return r ? r : strcmp(x, y);
}

// 0, also for a volume that is gone since (no row then); -1.
static int add_row(json_t *rows, virStorageVolPtr ptr, bool details, struct err *e)
{
    char *path = VIRT(virStorageVolGetPath(ptr));
    if (!path)
        return no_such_vol() ? 0 : virt_fail(e, NULL);
    json_t *row = json_object();
    json_object_set_new(row, "name", json_text(virStorageVolGetName(ptr)));
    json_object_set_new(row, "path", json_text(path));
    free(path);
    if (details && add_details(ptr, false, row, e) < 0) {
        bool gone = no_such_vol();
        if (gone)
            err_release(e);
        json_decref(row);
        return gone ? 0 : -1;
    }
    json_array_append_new(rows, row);
    return 0;
}

int virt_vol_list(struct virt_pool *p, bool details, json_t **ret, struct err *e)
{
    virStorageVolPtr *vols;
    int n = VIRT(virStoragePoolListAllVolumes(p->ptr, &vols, 0));
    if (n < 0)
        return virt_fail(e, NULL);
    if (n)
        qsort(vols, (size_t)n, sizeof(*vols), compare_vols);
    json_t *rows = json_array();
    int r = 0;
    for (int i = 0; i < n; i++) {
        if (r == 0)
            r = add_row(rows, vols[i], details, e);
        virStorageVolFree(vols[i]);
    }
    free(vols);
    if (r < 0)
        json_decref(rows);
    else
        *ret = rows;
    return r;
}

int virt_vol_names(struct virt_pool *p, struct strv *ret, struct err *e)
{
    virStorageVolPtr *vols;
    int n = VIRT(virStoragePoolListAllVolumes(p->ptr, &vols, 0));
    if (n < 0)
        return virt_fail(e, NULL);
    for (int i = 0; i < n; i++) {
        strv_add(ret, virStorageVolGetName(vols[i]));
        virStorageVolFree(vols[i]);
    }
    free(vols);
    return 0;
}

int virt_vol_info(struct virt_vol *v, bool physical, json_t **ret, struct err *e)
{
    json_t *info = json_object();
    json_object_set_new(info, "name", json_text(virt_vol_name(v)));
    if (add_details(v->ptr, physical, info, e) < 0) {
        json_decref(info);
        return -1;
    }
    *ret = info;
    return 0;
}

static unsigned create_flags(unsigned flags)
{
    return (flags & VIRT_VOL_PREALLOC_METADATA ? VIR_STORAGE_VOL_CREATE_PREALLOC_METADATA : 0) |
           (flags & VIRT_VOL_REFLINK ? VIR_STORAGE_VOL_CREATE_REFLINK : 0) |
           (flags & VIRT_VOL_VALIDATE ? VIR_STORAGE_VOL_CREATE_VALIDATE : 0);
}

int virt_vol_create(struct virt_pool *p, const char *xml, unsigned flags, struct virt_vol **ret, struct err *e)
{
    virStorageVolPtr ptr = VIRT(virStorageVolCreateXML(p->ptr, xml, create_flags(flags)));
    if (!ptr)
        return virt_fail(e, NULL);
    *ret = wrap(p->conn, ptr);
    return 0;
}

int virt_vol_clone(struct virt_pool *p, const char *xml, struct virt_vol *from, unsigned flags, struct virt_vol **ret,
                   struct err *e)
{
    virStorageVolPtr ptr = VIRT(virStorageVolCreateXMLFrom(p->ptr, xml, from->ptr, create_flags(flags)));
    if (!ptr)
        return virt_fail(e, NULL);
    *ret = wrap(p->conn, ptr);
    return 0;
}

int virt_vol_resize(struct virt_vol *v, unsigned long long capacity, unsigned flags, struct err *e)
{
    return VIRT(virStorageVolResize(v->ptr, capacity, flags)) < 0 ? virt_fail(e, NULL) : 0;
}

_Static_assert(VIR_STORAGE_VOL_WIPE_ALG_TRIM == 9, "their order is libvirt's");
const char *const virt_vol_wipes[11] = {"zero",      "nnsa",       "dod",    "bsi",  "gutmann", "schneier",
                                        "pfitzner7", "pfitzner33", "random", "trim", NULL};

int virt_vol_wipe(struct virt_vol *v, unsigned algorithm, struct err *e)
{
    return VIRT(algorithm ? virStorageVolWipePattern(v->ptr, algorithm, 0) : virStorageVolWipe(v->ptr, 0)) < 0
               ? virt_fail(e, NULL)
               : 0;
}

int virt_vol_delete(struct virt_vol *v, bool with_snapshots, struct err *e)
{
    unsigned flags = with_snapshots ? VIR_STORAGE_VOL_DELETE_WITH_SNAPSHOTS : 0;
    return VIRT(virStorageVolDelete(v->ptr, flags)) < 0 ? virt_fail(e, NULL) : 0;
}
