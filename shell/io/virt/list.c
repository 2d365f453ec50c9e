// SPDX-License-Identifier: GPL-3.0-or-later
// Listing domains. virConnectGetAllDomainStats() is the one call that brings names and states together; it filters only
// by the first eight bits, so finer filters cost a virConnectListAllDomains() beside it. Job threads. See virt/list.h.
#include "io/virt/list.h"

#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "base/mem.h"
#include "io/virt/priv.h"

_Static_assert((int)VIRT_LIST_NO_CHECKPOINT == (int)VIR_CONNECT_LIST_DOMAINS_NO_CHECKPOINT &&
                   (int)VIRT_LIST_OTHER == (int)VIR_CONNECT_LIST_DOMAINS_OTHER,
               "our filter bits are libvirt's");

enum { STATS_FILTERS = 0xff }; // what virConnectGetAllDomainStats() can filter by

struct row {
    virDomainPtr dom; // its own reference
    int state, reason;
    bool saved;
};

struct rows {
    struct row *r;
    size_t n;
};

static void rows_release(struct rows *rows)
{
    for (size_t i = 0; i < rows->n; i++)
        virDomainFree(rows->r[i].dom);
    free(rows->r);
}

static void rows_add(struct rows *rows, virDomainPtr dom, int state, int reason)
{
    rows->r = xrealloc(rows->r, rows->n + 1, sizeof(*rows->r));
    rows->r[rows->n++] = (struct row){dom, state, reason, false};
}

static int list_domains(struct virt_conn *c, unsigned filter, virDomainPtr **ret, struct err *e)
{
    int n = VIRT(virConnectListAllDomains(c->ptr, ret, filter));
    return n < 0 ? virt_fail(e, NULL) : n;
}

static void free_domains(virDomainPtr *doms, int n)
{
    for (int i = 0; i < n; i++)
        virDomainFree(doms[i]);
    free(doms);
}

// A driver without bulk statistics: one call for the list and one for each domain.
static int collect_singly(struct virt_conn *c, unsigned filter, struct rows *ret, struct err *e)
{
    virDomainPtr *doms;
    int n = list_domains(c, filter, &doms, e);
    if (n < 0)
        return -1;
    for (int i = 0; i < n; i++) {
        int state, reason;
        if (VIRT(virDomainGetState(doms[i], &state, &reason, 0)) < 0)
            continue; // gone since
        virDomainRef(doms[i]);
        rows_add(ret, doms[i], state, reason);
    }
    free_domains(doms, n);
    return 0;
}

static int param_int(const virDomainStatsRecord *record, const char *field)
{
    int value = 0;
    (void)virTypedParamsGetInt(record->params, record->nparams, field, &value);
    return value;
}

static int collect(struct virt_conn *c, unsigned filter, struct rows *ret, struct err *e)
{
    virDomainStatsRecordPtr *stats;
    int n = VIRT(virConnectGetAllDomainStats(c->ptr, VIR_DOMAIN_STATS_STATE, &stats, filter));
    if (n < 0) {
        virErrorPtr v = virGetLastError();
        return v && v->code == VIR_ERR_NO_SUPPORT ? collect_singly(c, filter, ret, e) : virt_fail(e, NULL);
    }
    for (int i = 0; i < n; i++) {
        virDomainRef(stats[i]->dom);
        rows_add(ret, stats[i]->dom, param_int(stats[i], "state.state"), param_int(stats[i], "state.reason"));
    }
    virDomainStatsRecordListFree(stats);
    return 0;
}

static int compare_uuid(const void *a, const void *b)
{
    return memcmp(a, b, VIR_UUID_BUFLEN);
}

// The uuids of the domains that pass `filter`, sorted; one after the other in one block.
static int uuid_set(struct virt_conn *c, unsigned filter, unsigned char **ret, size_t *ret_n, struct err *e)
{
    virDomainPtr *doms;
    int n = list_domains(c, filter, &doms, e);
    if (n < 0)
        return -1;
    *ret = xcalloc((size_t)n, VIR_UUID_BUFLEN);
    for (int i = 0; i < n; i++)
        virDomainGetUUID(doms[i], *ret + (size_t)i * VIR_UUID_BUFLEN);
    qsort(*ret, (size_t)n, VIR_UUID_BUFLEN, compare_uuid);
    *ret_n = (size_t)n;
    free_domains(doms, n);
    return 0;
}

int virt_list_uuids(struct virt_conn *c, unsigned filter, struct strv *ret, struct err *e)
{
    virDomainPtr *doms;
    int n = list_domains(c, filter, &doms, e);
    if (n < 0)
        return -1;
    for (int i = 0; i < n; i++) {
        char uuid[VIR_UUID_STRING_BUFLEN] = "";
        virDomainGetUUIDString(doms[i], uuid);
        strv_add(ret, uuid);
    }
    free_domains(doms, n);
    return 0;
}

static bool in_set(const unsigned char *set, size_t n, virDomainPtr dom)
{
    unsigned char uuid[VIR_UUID_BUFLEN];
    return virDomainGetUUID(dom, uuid) == 0 && n && bsearch(uuid, set, n, VIR_UUID_BUFLEN, compare_uuid);
}

static int keep_filtered(struct virt_conn *c, unsigned filter, struct rows *rows, struct err *e)
{
    _cleanup_free_ unsigned char *set = NULL;
    size_t n, kept = 0;
    if (uuid_set(c, filter, &set, &n, e) < 0)
        return -1;
    for (size_t i = 0; i < rows->n; i++) {
        if (in_set(set, n, rows->r[i].dom))
            rows->r[kept++] = rows->r[i];
        else
            virDomainFree(rows->r[i].dom);
    }
    rows->n = kept;
    return 0;
}

static int mark_saved(struct virt_conn *c, struct rows *rows, struct err *e)
{
    _cleanup_free_ unsigned char *set = NULL;
    size_t n;
    if (uuid_set(c, VIR_CONNECT_LIST_DOMAINS_MANAGEDSAVE, &set, &n, e) < 0)
        return -1;
    for (size_t i = 0; i < rows->n; i++)
        rows->r[i].saved = in_set(set, n, rows->r[i].dom);
    return 0;
}

static int compare_rows(const void *a, const void *b)
{
    virDomainPtr x = ((const struct row *)a)->dom, y = ((const struct row *)b)->dom;
    unsigned ix = virDomainGetID(x), iy = virDomainGetID(y); // an inactive domain's is the largest number
    if (ix != iy)
        return ix < iy ? -1 : 1;
    int r = strcasecmp(virDomainGetName(x), virDomainGetName(y));
    return r ? r : strcmp(virDomainGetName(x), virDomainGetName(y));
}

static json_t *title_of(virDomainPtr dom)
{
    char *title = VIRT(virDomainGetMetadata(dom, VIR_DOMAIN_METADATA_TITLE, NULL, 0)); // fails where there is none
    json_t *v = json_text(title);
    free(title);
    return v;
}

static json_t *row_value(const struct row *r, unsigned extra)
{
    char uuid[VIR_UUID_STRING_BUFLEN] = "";
    virDomainGetUUIDString(r->dom, uuid);
    int id = (int)virDomainGetID(r->dom);
    json_t *v = json_object();
    json_object_set_new(v, "id", id >= 0 ? json_integer(id) : json_null());
    json_object_set_new(v, "name", json_text(virDomainGetName(r->dom)));
    json_object_set_new(v, "uuid", json_text(uuid));
    json_object_set_new(v, "state", json_text(id < 0 && r->saved ? "saved" : virt_state_name(r->state)));
    json_object_set_new(v, "reason", json_text(virt_state_reason(r->state, r->reason)));
    if (extra & VIRT_LIST_SAVED_TOO)
        json_object_set_new(v, "managed_save", json_boolean(r->saved));
    if (extra & VIRT_LIST_TITLE)
        json_object_set_new(v, "title", title_of(r->dom));
    return v;
}

int virt_list(struct virt_conn *c, unsigned filter, unsigned extra, json_t **ret, struct err *e)
{
    _cleanup_(rows_release) struct rows rows = {NULL, 0};
    if (collect(c, filter & STATS_FILTERS, &rows, e) < 0)
        return -1;
    if ((filter & ~(unsigned)STATS_FILTERS) && keep_filtered(c, filter, &rows, e) < 0)
        return -1;
    if ((extra & VIRT_LIST_SAVED_TOO) && mark_saved(c, &rows, e) < 0)
        return -1;
    if (rows.n)
        qsort(rows.r, rows.n, sizeof(*rows.r), compare_rows);
    *ret = json_array();
    for (size_t i = 0; i < rows.n; i++)
        json_array_append_new(*ret, row_value(&rows.r[i], extra));
    return 0;
}

int virt_list_names(struct virt_conn *c, struct strv *ret, struct err *e)
{
    virDomainPtr *doms;
    int n = list_domains(c, 0, &doms, e);
    if (n < 0)
        return -1;
    for (int i = 0; i < n; i++)
        strv_add(ret, virDomainGetName(doms[i]));
    free_domains(doms, n);
    return 0;
}

int virt_list_pools(struct virt_conn *c, struct strv *ret, struct err *e)
{
    virStoragePoolPtr *pools;
    int n = VIRT(virConnectListAllStoragePools(c->ptr, &pools, 0));
    if (n < 0)
        return virt_fail(e, NULL);
    for (int i = 0; i < n; i++) {
        strv_add(ret, virStoragePoolGetName(pools[i]));
        virStoragePoolFree(pools[i]);
    }
    free(pools);
    return 0;
}

int virt_list_networks(struct virt_conn *c, struct strv *ret, struct err *e)
{
    virNetworkPtr *all;
    int n = VIRT(virConnectListAllNetworks(c->ptr, &all, 0));
    if (n < 0)
        return virt_fail(e, NULL);
    for (int i = 0; i < n; i++) {
        strv_add(ret, virNetworkGetName(all[i]));
        virNetworkFree(all[i]);
    }
    free(all);
    return 0;
}

int virt_list_secrets(struct virt_conn *c, struct strv *ret, struct err *e)
{
    virSecretPtr *all;
    int n = VIRT(virConnectListAllSecrets(c->ptr, &all, 0));
    if (n < 0)
        return virt_fail(e, NULL);
    for (int i = 0; i < n; i++) {
        char uuid[VIR_UUID_STRING_BUFLEN] = "";
        virSecretGetUUIDString(all[i], uuid);
        strv_add(ret, uuid);
        virSecretFree(all[i]);
    }
    free(all);
    return 0;
}

int virt_list_nwfilters(struct virt_conn *c, struct strv *ret, struct err *e)
{
    virNWFilterPtr *all;
    int n = VIRT(virConnectListAllNWFilters(c->ptr, &all, 0));
    if (n < 0)
        return virt_fail(e, NULL);
    for (int i = 0; i < n; i++) {
        strv_add(ret, virNWFilterGetName(all[i]));
        virNWFilterFree(all[i]);
    }
    free(all);
    return 0;
}

int virt_list_ifaces(struct virt_conn *c, struct strv *ret, struct err *e)
{
    virInterfacePtr *all;
    int n = VIRT(virConnectListAllInterfaces(c->ptr, &all, 0));
    if (n < 0)
        return virt_fail(e, NULL);
    for (int i = 0; i < n; i++) {
        strv_add(ret, virInterfaceGetName(all[i]));
        virInterfaceFree(all[i]);
    }
    free(all);
    return 0;
}

int virt_list_nodedevs(struct virt_conn *c, struct strv *ret, struct err *e)
{
    virNodeDevicePtr *all;
    int n = VIRT(virConnectListAllNodeDevices(c->ptr, &all, 0));
    if (n < 0)
        return virt_fail(e, NULL);
    for (int i = 0; i < n; i++) {
        strv_add(ret, virNodeDeviceGetName(all[i]));
        virNodeDeviceFree(all[i]);
    }
    free(all);
    return 0;
}
