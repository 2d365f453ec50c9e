// SPDX-License-Identifier: GPL-3.0-or-later
// Domain statistics. Job threads. See virt/stats.h.
#include "io/virt/stats.h"

#include <string.h>

#include "base/json.h"
#include "io/virt/params_priv.h"
#include "io/virt/priv.h"

_Static_assert((int)VIRT_STATS_VM == VIR_DOMAIN_STATS_VM && (int)VIRT_STATS_BLOCK == VIR_DOMAIN_STATS_BLOCK &&
                   VIRT_STATS_NOWAIT == (unsigned)VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT &&
                   VIRT_STATS_ENFORCE == (unsigned)VIR_CONNECT_GET_ALL_DOMAINS_STATS_ENFORCE_STATS,
               "our bits are libvirt's");

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
