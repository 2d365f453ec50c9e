// SPDX-License-Identifier: GPL-3.0-or-later
// Typed parameters and domain statistics. Job threads; virt_params_json() on any. See virt/stats.h.
#include "io/virt/stats.h"

#include <string.h>

#include "base/json.h"
#include "io/virt/priv.h"

_Static_assert((int)VIRT_STATS_VM == VIR_DOMAIN_STATS_VM && (int)VIRT_STATS_BLOCK == VIR_DOMAIN_STATS_BLOCK &&
                   VIRT_STATS_NOWAIT == (unsigned)VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT &&
                   VIRT_STATS_ENFORCE == (unsigned)VIR_CONNECT_GET_ALL_DOMAINS_STATS_ENFORCE_STATS,
               "our bits are libvirt's");

// JSON has no unsigned 64-bit numbers; what does not fit jansson's signed ones is kept as nearly as a double can.
static json_t *unsigned_value(unsigned long long n)
{
    return n <= 0x7fffffffffffffffULL ? json_integer((json_int_t)n) : json_real((double)n);
}

json_t *virt_param_value(const virTypedParameter *p)
{
    switch (p->type) {
    case VIR_TYPED_PARAM_INT:
        return json_integer(p->value.i);
    case VIR_TYPED_PARAM_UINT:
        return json_integer(p->value.ui);
    case VIR_TYPED_PARAM_LLONG:
        return json_integer(p->value.l);
    case VIR_TYPED_PARAM_ULLONG:
        return unsigned_value(p->value.ul);
    case VIR_TYPED_PARAM_DOUBLE:
        return json_real(p->value.d);
    case VIR_TYPED_PARAM_BOOLEAN:
        return json_boolean(p->value.b);
    case VIR_TYPED_PARAM_STRING:
        return json_text(p->value.s);
    default:
        return json_null();
    }
}

// A field may stand there several times (migrate_disks): it becomes a list then.
json_t *virt_params_json(const virTypedParameter *params, int n)
{
    json_t *v = json_object();
    for (int i = 0; i < n; i++) {
        json_t *before = json_object_get(v, params[i].field);
        if (!before) {
            json_object_set_new(v, params[i].field, virt_param_value(&params[i]));
            continue;
        }
        json_t *list = json_is_array(before) ? json_incref(before) : json_pack("[O]", before);
        json_array_append_new(list, virt_param_value(&params[i]));
        json_object_set_new(v, params[i].field, list);
    }
    return v;
}

static int records_value(virDomainStatsRecordPtr *records, int n, json_t **ret, struct err *e)
{
    if (n < 0)
        return virt_fail(e, NULL);
    *ret = json_array();
    for (int i = 0; i < n; i++) {
        char uuid[VIR_UUID_STRING_BUFLEN] = "";
        virDomainGetUUIDString(records[i]->dom, uuid);
        json_t *v = json_object();
        json_object_set_new(v, "name", json_text(virDomainGetName(records[i]->dom)));
        json_object_set_new(v, "uuid", json_text(uuid));
        json_object_set_new(v, "stats", virt_params_json(records[i]->params, records[i]->nparams));
        json_array_append_new(*ret, v);
    }
    virDomainStatsRecordListFree(records);
    return 0;
}

int virt_stats(struct virt_conn *c, unsigned groups, unsigned flags, json_t **ret, struct err *e)
{
    virDomainStatsRecordPtr *records = NULL;
    int n = VIRT(virConnectGetAllDomainStats(c->ptr, groups, &records, flags));
    return records_value(records, n, ret, e);
}

int virt_dom_stats(struct virt_dom *d, unsigned groups, unsigned flags, json_t **ret, struct err *e)
{
    virDomainStatsRecordPtr *records = NULL;
    virDomainPtr doms[] = {d->ptr, NULL};
    int n = VIRT(virDomainListGetStats(doms, groups, &records, flags));
    return records_value(records, n, ret, e);
}

// QEMU has no code of its own for "not now".
int virt_dirtyrate_start(struct virt_dom *d, int seconds, enum virt_dirtyrate_mode mode, struct err *e)
{
    static const unsigned flags[] = {
        [VIRT_DIRTYRATE_SAMPLING] = VIR_DOMAIN_DIRTYRATE_MODE_PAGE_SAMPLING,
        [VIRT_DIRTYRATE_BITMAP] = VIR_DOMAIN_DIRTYRATE_MODE_DIRTY_BITMAP,
        [VIRT_DIRTYRATE_RING] = VIR_DOMAIN_DIRTYRATE_MODE_DIRTY_RING,
    };
    if (VIRT(virDomainStartDirtyRateCalc(d->ptr, seconds, flags[mode])) == 0)
        return 0;
    virt_fail(e, NULL);
    if (strstr(e->msg, "already being measured"))
        e->code = ERR_STATE;
    return -1;
}
