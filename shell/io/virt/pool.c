// SPDX-License-Identifier: GPL-3.0-or-later
// Storage pools. Job threads. See virt/pool.h.
#include "io/virt/pool.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/strv.h"
#include "io/virt/priv.h"
#include "io/xml.h"

_Static_assert((int)VIRT_POOL_NO_AUTOSTART == (int)VIR_CONNECT_LIST_STORAGE_POOLS_NO_AUTOSTART &&
                   (int)VIRT_POOL_ACTIVE == (int)VIR_CONNECT_LIST_STORAGE_POOLS_ACTIVE,
               "our filter bits are libvirt's");

struct pools {
    virStoragePoolPtr *p;
    int n;
};

static void pools_release(struct pools *list)
{
    for (int i = 0; i < list->n; i++)
        virStoragePoolFree(list->p[i]);
    free(list->p);
}

static int list_pools(struct virt_conn *c, unsigned filter, struct pools *ret, struct err *e)
{
    ret->n = VIRT(virConnectListAllStoragePools(c->ptr, &ret->p, filter));
    if (ret->n >= 0)
        return 0;
    *ret = (struct pools){NULL, 0};
    return virt_fail(e, NULL);
}

struct virt_pool *virt_pool_wrap(struct virt_conn *c, virStoragePoolPtr ptr)
{
    struct virt_pool *p = xnew(struct virt_pool);
    p->ptr = ptr;
    p->conn = virt_conn_ref(c);
    virStoragePoolGetUUIDString(ptr, p->uuid);
    return p;
}

int virt_pool_lookup(struct virt_conn *c, const char *text, struct virt_pool **ret, struct err *e)
{
    virStoragePoolPtr ptr = NULL;
    if (strlen(text) == VIR_UUID_STRING_BUFLEN - 1)
        ptr = VIRT(virStoragePoolLookupByUUIDString(c->ptr, text));
    if (!ptr)
        ptr = VIRT(virStoragePoolLookupByName(c->ptr, text));
    if (!ptr) {
        virErrorPtr v = virGetLastError();
        if (v && v->code == VIR_ERR_NO_STORAGE_POOL)
            return err_set(e, ERR_NOT_FOUND, "failed to get pool '%s'", text);
        return virt_fail(e, NULL);
    }
    *ret = virt_pool_wrap(c, ptr);
    return 0;
}

void virt_pool_free(struct virt_pool *p)
{
    if (!p)
        return;
    virStoragePoolFree(p->ptr);
    virt_conn_unref(p->conn);
    free(p);
}

const char *virt_pool_name(const struct virt_pool *p)
{
    return virStoragePoolGetName(p->ptr);
}

const char *virt_pool_uuid(const struct virt_pool *p)
{
    return p->uuid;
}

static const struct {
    const char *name;
    unsigned bit;
} types[] = {
    {"dir", VIR_CONNECT_LIST_STORAGE_POOLS_DIR},
    {"fs", VIR_CONNECT_LIST_STORAGE_POOLS_FS},
    {"netfs", VIR_CONNECT_LIST_STORAGE_POOLS_NETFS},
    {"logical", VIR_CONNECT_LIST_STORAGE_POOLS_LOGICAL},
    {"disk", VIR_CONNECT_LIST_STORAGE_POOLS_DISK},
    {"iscsi", VIR_CONNECT_LIST_STORAGE_POOLS_ISCSI},
    {"scsi", VIR_CONNECT_LIST_STORAGE_POOLS_SCSI},
    {"mpath", VIR_CONNECT_LIST_STORAGE_POOLS_MPATH},
    {"rbd", VIR_CONNECT_LIST_STORAGE_POOLS_RBD},
    {"sheepdog", VIR_CONNECT_LIST_STORAGE_POOLS_SHEEPDOG},
    {"gluster", VIR_CONNECT_LIST_STORAGE_POOLS_GLUSTER},
    {"zfs", VIR_CONNECT_LIST_STORAGE_POOLS_ZFS},
    {"vstorage", VIR_CONNECT_LIST_STORAGE_POOLS_VSTORAGE},
    {"iscsi-direct", VIR_CONNECT_LIST_STORAGE_POOLS_ISCSI_DIRECT},
};

static unsigned type_bit(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        if (strcmp(types[i].name, name) == 0)
            return types[i].bit;
    }
    return 0;
}

int virt_pool_types(const char *names, unsigned *ret, struct err *e)
{
    _cleanup_strv_ struct strv words = STRV_INIT;
    unsigned bits = 0;
    strv_split(&words, names, ',');
    for (size_t i = 0; i < words.n; i++) {
        unsigned bit = type_bit(words.s[i]);
        if (!bit)
            return err_set(e, ERR_USAGE, "invalid pool type '%s'", words.s[i]);
        bits |= bit;
    }
    if (!bits)
        return err_set(e, ERR_USAGE, "invalid pool type '%s'", names);
    *ret = bits;
    return 0;
}

const char *const *virt_pool_type_names(void)
{
    static const char *names[ARRAY_SIZE(types) + 1];
    for (size_t i = 0; i < ARRAY_SIZE(types); i++)
        names[i] = types[i].name;
    return names;
}

static bool contains(const struct pools *list, const char *uuid)
{
    char other[VIR_UUID_STRING_BUFLEN];
    for (int i = 0; i < list->n; i++) {
        if (virStoragePoolGetUUIDString(list->p[i], other) == 0 && strcmp(other, uuid) == 0)
            return true;
    }
    return false;
}

static const char *state_name(int state)
{
    switch (state) {
    case VIR_STORAGE_POOL_INACTIVE:
        return "inactive";
    case VIR_STORAGE_POOL_BUILDING:
        return "building";
    case VIR_STORAGE_POOL_RUNNING:
        return "running";
    case VIR_STORAGE_POOL_DEGRADED:
        return "degraded";
    case VIR_STORAGE_POOL_INACCESSIBLE:
        return "inaccessible";
    default:
        return "unknown";
    }
}

static bool has_sizes(int state)
{
    return state == VIR_STORAGE_POOL_RUNNING || state == VIR_STORAGE_POOL_DEGRADED;
}

static void set_sizes(json_t *v, const virStoragePoolInfo *info)
{
    json_object_set_new(v, "capacity_bytes", json_integer((json_int_t)info->capacity));
    json_object_set_new(v, "allocation_bytes", json_integer((json_int_t)info->allocation));
    json_object_set_new(v, "available_bytes", json_integer((json_int_t)info->available));
}

static int add_details(virStoragePoolPtr ptr, json_t *row, struct err *e)
{
    virStoragePoolInfo info;
    if (VIRT(virStoragePoolGetInfo(ptr, &info)) < 0)
        return virt_fail(e, "could not retrieve pool information");
    json_object_set_new(row, "state", json_text(state_name(info.state)));
    if (has_sizes(info.state)) {
        set_sizes(row, &info);
        return 0;
    }
    json_object_set_new(row, "capacity_bytes", json_null());
    json_object_set_new(row, "allocation_bytes", json_null());
    json_object_set_new(row, "available_bytes", json_null());
    return 0;
}

static int compare_pools(const void *a, const void *b)
{
    const char *x = virStoragePoolGetName(*(const virStoragePoolPtr *)a);
    const char *y = virStoragePoolGetName(*(const virStoragePoolPtr *)b);
    int r = strcasecmp(x, y);
    return r ? r : strcmp(x, y);
}

static int add_xml(virStoragePoolPtr ptr, json_t *row, struct err *e)
{
    char *xml = VIRT(virStoragePoolGetXMLDesc(ptr, 0));
    if (!xml)
        return virt_fail(e, NULL);
    json_object_set_new(row, "xml", json_text(xml));
    free(xml);
    return 0;
}

static int add_extra(virStoragePoolPtr ptr, unsigned extra, json_t *row, struct err *e)
{
    if ((extra & VIRT_POOL_DETAILS) && add_details(ptr, row, e) < 0)
        return -1;
    return extra & VIRT_POOL_XML ? add_xml(ptr, row, e) : 0;
}

int virt_pool_list(struct virt_conn *c, unsigned filter, unsigned extra, json_t **ret, struct err *e)
{
    _cleanup_(pools_release) struct pools all = {NULL, 0}, active = {NULL, 0}, automatic = {NULL, 0},
                                          lasting = {NULL, 0};
    if (list_pools(c, filter, &all, e) < 0 || list_pools(c, VIRT_POOL_ACTIVE, &active, e) < 0 ||
        list_pools(c, VIRT_POOL_AUTOSTART, &automatic, e) < 0 || list_pools(c, VIRT_POOL_PERSISTENT, &lasting, e) < 0)
        return -1;
    if (all.n)
        qsort(all.p, (size_t)all.n, sizeof(*all.p), compare_pools);
    json_t *rows = json_array();
    for (int i = 0; i < all.n; i++) {
        char uuid[VIR_UUID_STRING_BUFLEN] = "";
        virStoragePoolGetUUIDString(all.p[i], uuid);
        json_t *row = json_object();
        json_object_set_new(row, "name", json_text(virStoragePoolGetName(all.p[i])));
        json_object_set_new(row, "uuid", json_text(uuid));
        json_object_set_new(row, "active", json_boolean(contains(&active, uuid)));
        json_object_set_new(row, "autostart", json_boolean(contains(&automatic, uuid)));
        json_object_set_new(row, "persistent", json_boolean(contains(&lasting, uuid)));
        json_array_append_new(rows, row);
        if (add_extra(all.p[i], extra, row, e) < 0) {
            virErrorPtr v = virGetLastError();
            if (v && v->code == VIR_ERR_NO_STORAGE_POOL) { // gone since
                err_release(e);
                json_array_remove(rows, json_array_size(rows) - 1);
                continue;
            }
            json_decref(rows);
            return -1;
        }
    }
    *ret = rows;
    return 0;
}

int virt_pool_info(struct virt_pool *p, json_t **ret, struct err *e)
{
    virStoragePoolInfo info;
    bool persistent = false, autostart = false;
    if (VIRT(virStoragePoolGetInfo(p->ptr, &info)) < 0)
        return virt_fail(e, NULL);
    if (virt_pool_is_persistent(p, &persistent, e) < 0 || virt_pool_autostart(p, &autostart, e) < 0)
        return -1;
    json_t *v = json_object();
    json_object_set_new(v, "name", json_text(virt_pool_name(p)));
    json_object_set_new(v, "uuid", json_text(p->uuid));
    json_object_set_new(v, "state", json_text(state_name(info.state)));
    json_object_set_new(v, "active", json_boolean(info.state != VIR_STORAGE_POOL_INACTIVE));
    json_object_set_new(v, "persistent", json_boolean(persistent));
    json_object_set_new(v, "autostart", json_boolean(autostart));
    if (has_sizes(info.state))
        set_sizes(v, &info);
    *ret = v;
    return 0;
}

int virt_pool_is_active(struct virt_pool *p, bool *ret, struct err *e)
{
    int r = VIRT(virStoragePoolIsActive(p->ptr));
    if (r < 0)
        return virt_fail(e, NULL);
    *ret = r;
    return 0;
}

int virt_pool_is_persistent(struct virt_pool *p, bool *ret, struct err *e)
{
    int r = VIRT(virStoragePoolIsPersistent(p->ptr));
    if (r < 0)
        return virt_fail(e, NULL);
    *ret = r;
    return 0;
}

int virt_pool_autostart(struct virt_pool *p, bool *ret, struct err *e)
{
    int on;
    if (VIRT(virStoragePoolGetAutostart(p->ptr, &on)) < 0)
        return virt_fail(e, NULL);
    *ret = on;
    return 0;
}

int virt_pool_set_autostart(struct virt_pool *p, bool on, struct err *e)
{
    return VIRT(virStoragePoolSetAutostart(p->ptr, on)) < 0 ? virt_fail(e, NULL) : 0;
}

int virt_pool_xml(struct virt_pool *p, bool inactive, char **ret, struct err *e)
{
    char *xml = VIRT(virStoragePoolGetXMLDesc(p->ptr, inactive ? VIR_STORAGE_XML_INACTIVE : 0));
    virErrorPtr v = xml ? NULL : virGetLastError();
    if (inactive && v && v->code == VIR_ERR_INVALID_ARG) // the driver keeps no configuration apart from what runs
        xml = VIRT(virStoragePoolGetXMLDesc(p->ptr, 0));
    if (!xml)
        return virt_fail(e, NULL);
    *ret = xml;
    return 0;
}

int virt_pool_define(struct virt_conn *c, const char *xml, bool validate, struct virt_pool **ret, struct err *e)
{
    virStoragePoolPtr ptr = VIRT(virStoragePoolDefineXML(c->ptr, xml, validate ? VIR_STORAGE_POOL_DEFINE_VALIDATE : 0));
    if (!ptr)
        return virt_fail(e, NULL);
    *ret = virt_pool_wrap(c, ptr);
    return 0;
}

// Creating and starting take the same bits.
static unsigned create_flags(unsigned build)
{
    return build & VIRT_POOL_BUILD_OVERWRITE      ? VIR_STORAGE_POOL_CREATE_WITH_BUILD_OVERWRITE
           : build & VIRT_POOL_BUILD_NO_OVERWRITE ? VIR_STORAGE_POOL_CREATE_WITH_BUILD_NO_OVERWRITE
           : build                                ? VIR_STORAGE_POOL_CREATE_WITH_BUILD
                                                  : VIR_STORAGE_POOL_CREATE_NORMAL;
}

int virt_pool_create(struct virt_conn *c, const char *xml, unsigned build, struct virt_pool **ret, struct err *e)
{
    virStoragePoolPtr ptr = VIRT(virStoragePoolCreateXML(c->ptr, xml, create_flags(build)));
    if (!ptr)
        return virt_fail(e, NULL);
    *ret = virt_pool_wrap(c, ptr);
    return 0;
}

int virt_pool_start(struct virt_pool *p, unsigned build, struct err *e)
{
    return VIRT(virStoragePoolCreate(p->ptr, create_flags(build))) < 0 ? virt_fail(e, NULL) : 0;
}

int virt_pool_build(struct virt_pool *p, unsigned build, struct err *e)
{
    unsigned flags = (build & VIRT_POOL_BUILD_OVERWRITE ? VIR_STORAGE_POOL_BUILD_OVERWRITE : 0) |
                     (build & VIRT_POOL_BUILD_NO_OVERWRITE ? VIR_STORAGE_POOL_BUILD_NO_OVERWRITE : 0);
    return VIRT(virStoragePoolBuild(p->ptr, flags)) < 0 ? virt_fail(e, NULL) : 0;
}

int virt_pool_refresh(struct virt_pool *p, struct err *e)
{
    return VIRT(virStoragePoolRefresh(p->ptr, 0)) < 0 ? virt_fail(e, NULL) : 0;
}

int virt_pool_destroy(struct virt_pool *p, struct err *e)
{
    return VIRT(virStoragePoolDestroy(p->ptr)) < 0 ? virt_fail(e, NULL) : 0;
}

int virt_pool_delete(struct virt_pool *p, struct err *e)
{
    return VIRT(virStoragePoolDelete(p->ptr, 0)) < 0 ? virt_fail(e, NULL) : 0;
}

int virt_pool_undefine(struct virt_pool *p, struct err *e)
{
    return VIRT(virStoragePoolUndefine(p->ptr)) < 0 ? virt_fail(e, NULL) : 0;
}

int virt_pool_sources(struct virt_conn *c, const char *type, const char *source, char **ret, struct err *e)
{
    *ret = VIRT(virConnectFindStoragePoolSources(c->ptr, type, source, 0));
    return *ret ? 0 : virt_fail(e, NULL);
}

enum virt_dir_state virt_pool_probe_dir(struct virt_conn *c, const char *path)
{
    _cleanup_buf_ struct buf xml = BUF_INIT;
    buf_addf(&xml, "<pool type='dir'><name>migsh-probe-%ld</name><target><path>", (long)getpid());
    xml_escape(&xml, path);
    buf_adds(&xml, "</path></target></pool>");
    virStoragePoolPtr ptr = VIRT(virStoragePoolCreateXML(c->ptr, buf_str(&xml), 0));
    if (!ptr) {
        virErrorPtr v = virGetLastError();
        // libvirt passes a system error's number on as int1.
        return v && v->code == VIR_ERR_SYSTEM_ERROR && v->int1 == ENOENT ? VIRT_DIR_MISSING : VIRT_DIR_UNKNOWN;
    }
    (void)VIRT(virStoragePoolDestroy(ptr));
    virStoragePoolFree(ptr);
    return VIRT_DIR_THERE;
}

int virt_pool_capabilities(struct virt_conn *c, char **ret, struct err *e)
{
    char *xml = VIRT(virConnectGetStoragePoolCapabilities(c->ptr, 0));
    if (!xml)
        return virt_fail(e, NULL);
    *ret = xml;
    return 0;
}
