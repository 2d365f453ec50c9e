// SPDX-License-Identifier: GPL-3.0-or-later
// Snapshots and checkpoints. Job threads. See virt/snapshot.h.
#include "io/virt/snapshot.h"

#include <string.h>

#include "base/json.h"
#include "base/strv.h"
#include "io/virt/priv.h"
#include "io/xml.h"

_Static_assert((int)VIRT_SNAP_ROOTS == VIR_DOMAIN_SNAPSHOT_LIST_ROOTS &&
                   (int)VIRT_SNAP_METADATA == VIR_DOMAIN_SNAPSHOT_LIST_METADATA &&
                   (int)VIRT_SNAP_NO_METADATA == VIR_DOMAIN_SNAPSHOT_LIST_NO_METADATA &&
                   (int)VIRT_SNAP_LEAVES == VIR_DOMAIN_SNAPSHOT_LIST_LEAVES &&
                   (int)VIRT_SNAP_NO_LEAVES == VIR_DOMAIN_SNAPSHOT_LIST_NO_LEAVES &&
                   (int)VIRT_SNAP_DISK_ONLY == VIR_DOMAIN_SNAPSHOT_LIST_DISK_ONLY &&
                   (int)VIRT_SNAP_EXTERNAL == VIR_DOMAIN_SNAPSHOT_LIST_EXTERNAL &&
                   (int)VIRT_SNAP_TOPOLOGICAL == VIR_DOMAIN_SNAPSHOT_LIST_TOPOLOGICAL &&
                   (int)VIRT_SNAP_LEAVES == VIR_DOMAIN_CHECKPOINT_LIST_LEAVES &&
                   (int)VIRT_SNAP_NO_LEAVES == VIR_DOMAIN_CHECKPOINT_LIST_NO_LEAVES,
               "our filter bits are libvirt's");
_Static_assert((int)VIRT_SNAP_CREATE_DISK_ONLY == VIR_DOMAIN_SNAPSHOT_CREATE_DISK_ONLY &&
                   (int)VIRT_SNAP_CREATE_HALT == VIR_DOMAIN_SNAPSHOT_CREATE_HALT &&
                   (int)VIRT_SNAP_CREATE_REUSE_EXT == VIR_DOMAIN_SNAPSHOT_CREATE_REUSE_EXT &&
                   (int)VIRT_SNAP_CREATE_VALIDATE == VIR_DOMAIN_SNAPSHOT_CREATE_VALIDATE &&
                   (int)VIRT_SNAP_DELETE_METADATA == VIR_DOMAIN_SNAPSHOT_DELETE_METADATA_ONLY &&
                   (int)VIRT_SNAP_DELETE_METADATA == VIR_DOMAIN_CHECKPOINT_DELETE_METADATA_ONLY &&
                   (int)VIRT_SNAP_DELETE_CHILDREN_ONLY == VIR_DOMAIN_SNAPSHOT_DELETE_CHILDREN_ONLY &&
                   (int)VIRT_SNAP_REVERT_FORCE == VIR_DOMAIN_SNAPSHOT_REVERT_FORCE &&
                   (int)VIRT_SNAP_REVERT_RESET_NVRAM == VIR_DOMAIN_SNAPSHOT_REVERT_RESET_NVRAM,
               "our bits are libvirt's");

static int find_snapshot(struct virt_dom *d, const char *name, virDomainSnapshotPtr *ret, struct err *e)
{
    *ret = VIRT(virDomainSnapshotLookupByName(d->ptr, name, 0));
    return *ret ? 0 : virt_fail(e, NULL);
}

static int find_checkpoint(struct virt_dom *d, const char *name, virDomainCheckpointPtr *ret, struct err *e)
{
    *ret = VIRT(virDomainCheckpointLookupByName(d->ptr, name, 0));
    return *ret ? 0 : virt_fail(e, NULL);
}

// One row out of its XML, which has all but whether it is the current one. NULL: e is set.
static json_t *row_of(const char *root, const char *name, char *xml, struct err *e)
{
    _cleanup_(xml_free_p) struct xml_doc *doc = NULL;
    if (!xml) {
        virt_fail(e, NULL);
        return NULL;
    }
    if (xml_parse(xml, &doc, e) < 0) {
        err_wrap(e, "the description of '%s'", name);
        return NULL;
    }
    _cleanup_free_ char *parent_path = xasprintf("string(/%s/parent/name)", root);
    _cleanup_free_ char *time_path = xasprintf("string(/%s/creationTime)", root);
    _cleanup_free_ char *state_path = xasprintf("string(/%s/state)", root);
    _cleanup_free_ char *parent = xml_string(doc, NULL, parent_path);
    _cleanup_free_ char *time = xml_string(doc, NULL, time_path);
    _cleanup_free_ char *state = xml_string(doc, NULL, state_path);
    long long seconds = 0;
    if (time && str_to_int(time, 0, INT64_MAX, &seconds) < 0)
        seconds = 0;
    return json_pack("{s:o, s:o, s:I, s:o, s:o}", "name", json_text(name), "parent", json_text(parent), "time",
                     (json_int_t)seconds, "state", json_text(state), "xml", json_text(xml));
}

static int by_name(const void *a, const void *b)
{
    return strcmp(json_text_at(*(json_t *const *)a, "name"), json_text_at(*(json_t *const *)b, "name"));
}

// *ret is the list of the rows, by name unless their own order is asked for; takes their references. `r`, which it
// returns, is what came of making them: without success there is no list.
static int give_rows(json_t **rows, size_t n, unsigned filter, int r, json_t **ret)
{
    json_auto_t *list = json_array();
    if (!(filter & VIRT_SNAP_TOPOLOGICAL) && n)
        qsort(rows, n, sizeof(*rows), by_name);
    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, rows[i]);
    if (r == 0)
        *ret = steal(&list);
    return r;
}

static int gather_snapshots(struct virt_dom *d, const char *from, unsigned filter, virDomainSnapshotPtr **ret,
                            struct err *e)
{
    int n;
    if (from) {
        virDomainSnapshotPtr start;
        if (find_snapshot(d, from, &start, e) < 0)
            return -1;
        n = VIRT(virDomainSnapshotListAllChildren(start, ret, filter));
        virDomainSnapshotFree(start);
    } else {
        n = VIRT(virDomainListAllSnapshots(d->ptr, ret, filter));
    }
    return n < 0 ? virt_fail(e, NULL) : n;
}

int virt_snap_list(struct virt_dom *d, const char *from, unsigned filter, json_t **ret, struct err *e)
{
    virDomainSnapshotPtr *all;
    _cleanup_free_ char *current = NULL;
    int n = gather_snapshots(d, from, filter, &all, e), r = 0;
    if (n < 0)
        return -1;
    if (n && virt_snap_current(d, &current, e) < 0)
        r = -1;
    _cleanup_free_ json_t **rows = xcalloc((size_t)n + 1, sizeof(json_t *));
    size_t k = 0;
    for (int i = 0; i < n; i++) {
        const char *name = virDomainSnapshotGetName(all[i]);
        _cleanup_free_ char *xml = r == 0 ? VIRT(virDomainSnapshotGetXMLDesc(all[i], 0)) : NULL;
        if (r == 0 && !(rows[k] = row_of("domainsnapshot", name, xml, e)))
            r = -1;
        if (r == 0)
            json_object_set_new(rows[k++], "current", json_boolean(current && strcmp(current, name) == 0));
        virDomainSnapshotFree(all[i]);
    }
    free(all);
    return give_rows(rows, k, filter, r, ret);
}

int virt_snap_names(struct virt_dom *d, struct strv *ret, struct err *e)
{
    virDomainSnapshotPtr *all;
    int n = gather_snapshots(d, NULL, 0, &all, e);
    if (n < 0)
        return -1;
    for (int i = 0; i < n; i++) {
        strv_add(ret, virDomainSnapshotGetName(all[i]));
        virDomainSnapshotFree(all[i]);
    }
    free(all);
    return 0;
}

int virt_snap_xml(struct virt_dom *d, const char *name, unsigned xml_flags, char **ret, struct err *e)
{
    virDomainSnapshotPtr s;
    if (find_snapshot(d, name, &s, e) < 0)
        return -1;
    *ret = VIRT(virDomainSnapshotGetXMLDesc(s, xml_flags));
    int r = *ret ? 0 : virt_fail(e, NULL);
    virDomainSnapshotFree(s);
    return r;
}

int virt_snap_current(struct virt_dom *d, char **ret, struct err *e)
{
    *ret = NULL;
    int has = VIRT(virDomainHasCurrentSnapshot(d->ptr, 0));
    if (has <= 0)
        return has < 0 ? virt_fail(e, NULL) : 0;
    virDomainSnapshotPtr s = VIRT(virDomainSnapshotCurrent(d->ptr, 0));
    if (!s)
        return virt_fail(e, NULL);
    *ret = xstrdup(virDomainSnapshotGetName(s));
    virDomainSnapshotFree(s);
    return 0;
}

int virt_snap_create(struct virt_dom *d, const char *xml, unsigned flags, char **ret_name, struct err *e)
{
    virDomainSnapshotPtr s = VIRT(virDomainSnapshotCreateXML(d->ptr, xml, flags));
    if (!s)
        return virt_fail(e, NULL);
    *ret_name = xstrdup(virDomainSnapshotGetName(s));
    virDomainSnapshotFree(s);
    return 0;
}

int virt_snap_delete(struct virt_dom *d, const char *name, unsigned flags, struct err *e)
{
    virDomainSnapshotPtr s;
    if (find_snapshot(d, name, &s, e) < 0)
        return -1;
    int r = VIRT(virDomainSnapshotDelete(s, flags)) < 0 ? virt_fail(e, NULL) : 0;
    virDomainSnapshotFree(s);
    return r;
}

int virt_snap_revert(struct virt_dom *d, const char *name, unsigned flags, struct err *e)
{
    virDomainSnapshotPtr s;
    if (find_snapshot(d, name, &s, e) < 0)
        return -1;
    int r = VIRT(virDomainRevertToSnapshot(s, flags)) < 0 ? virt_fail(e, NULL) : 0;
    virDomainSnapshotFree(s);
    return r;
}

int virt_snap_family(struct virt_dom *d, const char *name, struct virt_snap_family *ret, struct err *e)
{
    virDomainSnapshotPtr s;
    if (find_snapshot(d, name, &s, e) < 0)
        return -1;
    // One after the other: the next call would replace the error of the one that failed.
    int children = VIRT(virDomainSnapshotNumChildren(s, 0)), descendants = -1, metadata = -1;
    if (children >= 0)
        descendants = VIRT(virDomainSnapshotNumChildren(s, VIR_DOMAIN_SNAPSHOT_LIST_DESCENDANTS));
    if (descendants >= 0)
        metadata = VIRT(virDomainSnapshotHasMetadata(s, 0));
    int r = metadata < 0 ? virt_fail(e, NULL) : 0;
    if (r == 0)
        *ret = (struct virt_snap_family){children, descendants, metadata > 0};
    virDomainSnapshotFree(s);
    return r;
}

int virt_checkpoint_family(struct virt_dom *d, const char *name, struct virt_snap_family *ret, struct err *e)
{
    virDomainCheckpointPtr s;
    if (find_checkpoint(d, name, &s, e) < 0)
        return -1;
    int children = VIRT(virDomainCheckpointListAllChildren(s, NULL, 0)), descendants = -1;
    if (children >= 0)
        descendants = VIRT(virDomainCheckpointListAllChildren(s, NULL, VIR_DOMAIN_CHECKPOINT_LIST_DESCENDANTS));
    int r = descendants < 0 ? virt_fail(e, NULL) : 0;
    if (r == 0)
        *ret = (struct virt_snap_family){children, descendants, true};
    virDomainCheckpointFree(s);
    return r;
}

static int gather_checkpoints(struct virt_dom *d, const char *from, unsigned filter, virDomainCheckpointPtr **ret,
                              struct err *e)
{
    // Here libvirt's bit for a topological order is another one than for snapshots.
    unsigned flags = (filter & (VIRT_SNAP_ROOTS | VIRT_SNAP_LEAVES | VIRT_SNAP_NO_LEAVES)) |
                     (filter & VIRT_SNAP_TOPOLOGICAL ? VIR_DOMAIN_CHECKPOINT_LIST_TOPOLOGICAL : 0);
    int n;
    if (from) {
        virDomainCheckpointPtr start;
        if (find_checkpoint(d, from, &start, e) < 0)
            return -1;
        n = VIRT(virDomainCheckpointListAllChildren(start, ret, flags));
        virDomainCheckpointFree(start);
    } else {
        n = VIRT(virDomainListAllCheckpoints(d->ptr, ret, flags));
    }
    return n < 0 ? virt_fail(e, NULL) : n;
}

int virt_checkpoint_names(struct virt_dom *d, struct strv *ret, struct err *e)
{
    virDomainCheckpointPtr *all;
    int n = gather_checkpoints(d, NULL, 0, &all, e);
    if (n < 0)
        return -1;
    for (int i = 0; i < n; i++) {
        strv_add(ret, virDomainCheckpointGetName(all[i]));
        virDomainCheckpointFree(all[i]);
    }
    free(all);
    return 0;
}

int virt_checkpoint_list(struct virt_dom *d, const char *from, unsigned filter, json_t **ret, struct err *e)
{
    virDomainCheckpointPtr *all;
    int n = gather_checkpoints(d, from, filter, &all, e), r = 0;
    if (n < 0)
        return -1;
    _cleanup_free_ json_t **rows = xcalloc((size_t)n + 1, sizeof(json_t *));
    size_t k = 0;
    for (int i = 0; i < n; i++) {
        const char *name = virDomainCheckpointGetName(all[i]);
        _cleanup_free_ char *xml = r == 0 ? VIRT(virDomainCheckpointGetXMLDesc(all[i], 0)) : NULL;
        if (r == 0 && !(rows[k] = row_of("domaincheckpoint", name, xml, e)))
            r = -1;
        if (r == 0)
            json_object_del(rows[k++], "state");
        virDomainCheckpointFree(all[i]);
    }
    free(all);
    return give_rows(rows, k, filter, r, ret);
}

int virt_checkpoint_xml(struct virt_dom *d, const char *name, unsigned flags, char **ret, struct err *e)
{
    virDomainCheckpointPtr s;
    if (find_checkpoint(d, name, &s, e) < 0)
        return -1;
    *ret = VIRT(virDomainCheckpointGetXMLDesc(s, flags));
    int r = *ret ? 0 : virt_fail(e, NULL);
    virDomainCheckpointFree(s);
    return r;
}

int virt_checkpoint_create(struct virt_dom *d, const char *xml, unsigned flags, char **ret_name, struct err *e)
{
    virDomainCheckpointPtr s = VIRT(virDomainCheckpointCreateXML(d->ptr, xml, flags));
    if (!s)
        return virt_fail(e, NULL);
    *ret_name = xstrdup(virDomainCheckpointGetName(s));
    virDomainCheckpointFree(s);
    return 0;
}

int virt_checkpoint_delete(struct virt_dom *d, const char *name, unsigned snap_delete, struct err *e)
{
    virDomainCheckpointPtr s;
    if (find_checkpoint(d, name, &s, e) < 0)
        return -1;
    int r = VIRT(virDomainCheckpointDelete(s, snap_delete)) < 0 ? virt_fail(e, NULL) : 0;
    virDomainCheckpointFree(s);
    return r;
}

int virt_snap_count(struct virt_dom *d, struct err *e)
{
    int n = VIRT(virDomainSnapshotNum(d->ptr, 0));
    return n < 0 ? virt_fail(e, NULL) : n;
}

int virt_checkpoint_count(struct virt_dom *d, struct err *e)
{
    int n = VIRT(virDomainListAllCheckpoints(d->ptr, NULL, 0));
    return n < 0 ? virt_fail(e, NULL) : n;
}
