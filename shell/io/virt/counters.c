// SPDX-License-Identifier: GPL-3.0-or-later
// Counters of a domain. Job threads. See virt/counters.h.
#include "io/virt/counters.h"

#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "io/virt/device.h"
#include "io/virt/params_priv.h"
#include "io/virt/priv.h"

// What is not counted is -1.
static void add_count(json_t *v, const char *name, long long n)
{
    if (n >= 0)
        json_object_set_new(v, name, json_integer(n));
}

int virt_dom_card_stats(struct virt_dom *d, const char *device, json_t **ret, struct err *e)
{
    virDomainInterfaceStatsStruct s;
    if (VIRT(virDomainInterfaceStats(d->ptr, device, &s, sizeof(s))) < 0)
        return virt_fail(e, NULL);
    json_t *v = json_object();
    add_count(v, "rx_bytes", s.rx_bytes);
    add_count(v, "rx_packets", s.rx_packets);
    add_count(v, "rx_errs", s.rx_errs);
    add_count(v, "rx_drop", s.rx_drop);
    add_count(v, "tx_bytes", s.tx_bytes);
    add_count(v, "tx_packets", s.tx_packets);
    add_count(v, "tx_errs", s.tx_errs);
    add_count(v, "tx_drop", s.tx_drop);
    *ret = v;
    return 0;
}

int virt_dom_memory_stats(struct virt_dom *d, json_t **ret, struct err *e)
{
    static const char *const names[VIR_DOMAIN_MEMORY_STAT_NR] = {
        [VIR_DOMAIN_MEMORY_STAT_SWAP_IN] = "swap_in",
        [VIR_DOMAIN_MEMORY_STAT_SWAP_OUT] = "swap_out",
        [VIR_DOMAIN_MEMORY_STAT_MAJOR_FAULT] = "major_fault",
        [VIR_DOMAIN_MEMORY_STAT_MINOR_FAULT] = "minor_fault",
        [VIR_DOMAIN_MEMORY_STAT_UNUSED] = "unused",
        [VIR_DOMAIN_MEMORY_STAT_AVAILABLE] = "available",
        [VIR_DOMAIN_MEMORY_STAT_ACTUAL_BALLOON] = "actual",
        [VIR_DOMAIN_MEMORY_STAT_RSS] = "rss",
        [VIR_DOMAIN_MEMORY_STAT_USABLE] = "usable",
        [VIR_DOMAIN_MEMORY_STAT_LAST_UPDATE] = "last_update",
        [VIR_DOMAIN_MEMORY_STAT_DISK_CACHES] = "disk_caches",
        [VIR_DOMAIN_MEMORY_STAT_HUGETLB_PGALLOC] = "hugetlb_pgalloc",
        [VIR_DOMAIN_MEMORY_STAT_HUGETLB_PGFAIL] = "hugetlb_pgfail",
    };
    virDomainMemoryStatStruct stats[VIR_DOMAIN_MEMORY_STAT_NR];
    int n = VIRT(virDomainMemoryStats(d->ptr, stats, VIR_DOMAIN_MEMORY_STAT_NR, 0));
    if (n < 0)
        return virt_fail(e, NULL);
    *ret = json_object();
    for (int i = 0; i < n; i++) {
        const char *name = stats[i].tag < VIR_DOMAIN_MEMORY_STAT_NR ? names[stats[i].tag] : NULL;
        if (name)
            json_object_set_new(*ret, name, json_integer((json_int_t)stats[i].val));
    }
    return 0;
}

int virt_dom_set_memory_period(struct virt_dom *d, int seconds, unsigned affect, struct err *e)
{
    return VIRT(virDomainSetMemoryStatsPeriod(d->ptr, seconds, affect)) < 0 ? virt_fail(e, NULL) : 0;
}

int virt_dom_control(struct virt_dom *d, json_t **ret, struct err *e)
{
    static const char *const states[] = {"ok", "background job", "occupied", "error"};
    static const char *const reasons[] = {"", "unknown", "monitor failure", "internal (locking) error"};
    virDomainControlInfo info;
    if (VIRT(virDomainGetControlInfo(d->ptr, &info, 0)) < 0)
        return virt_fail(e, NULL);
    bool failed = info.state == VIR_DOMAIN_CONTROL_ERROR && info.details > 0;
    json_t *v = json_object();
    json_object_set_new(v, "state", json_text(info.state < ARRAY_SIZE(states) ? states[info.state] : "unknown"));
    if (failed)
        json_object_set_new(v, "reason",
                            json_text(info.details < ARRAY_SIZE(reasons) ? reasons[info.details] : "unknown"));
    if (failed || (info.state != VIR_DOMAIN_CONTROL_OK && info.state != VIR_DOMAIN_CONTROL_ERROR))
        json_object_set_new(v, "for_ms", json_integer((json_int_t)info.stateTime));
    *ret = v;
    return 0;
}

int virt_dom_block_info(struct virt_dom *d, const char *disk, json_t **ret, struct err *e)
{
    virDomainBlockInfo info;
    if (VIRT(virDomainGetBlockInfo(d->ptr, disk, &info, 0)) < 0)
        return virt_fail(e, NULL);
    *ret = json_object();
    json_object_set_new(*ret, "capacity", json_integer((json_int_t)info.capacity));
    json_object_set_new(*ret, "allocation", json_integer((json_int_t)info.allocation));
    json_object_set_new(*ret, "physical", json_integer((json_int_t)info.physical));
    return 0;
}

// Those that have names in virsh, in its order, and then the driver's own.
static json_t *named_stats(virTypedParameterPtr params, int n)
{
    static const char *const names[][2] = {
        {VIR_DOMAIN_BLOCK_STATS_READ_REQ, "rd_req"},
        {VIR_DOMAIN_BLOCK_STATS_READ_BYTES, "rd_bytes"},
        {VIR_DOMAIN_BLOCK_STATS_WRITE_REQ, "wr_req"},
        {VIR_DOMAIN_BLOCK_STATS_WRITE_BYTES, "wr_bytes"},
        {VIR_DOMAIN_BLOCK_STATS_ERRS, "errs"},
        {VIR_DOMAIN_BLOCK_STATS_FLUSH_REQ, "flush_operations"},
        {VIR_DOMAIN_BLOCK_STATS_READ_TOTAL_TIMES, "rd_total_times"},
        {VIR_DOMAIN_BLOCK_STATS_WRITE_TOTAL_TIMES, "wr_total_times"},
        {VIR_DOMAIN_BLOCK_STATS_FLUSH_TOTAL_TIMES, "flush_total_times"},
    };
    json_t *v = json_object(), *all = virt_params_json(params, n), *value;
    const char *field;
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        json_t *known = json_object_get(all, names[i][0]);
        if (!known)
            continue;
        json_object_set(v, names[i][1], known);
        json_object_del(all, names[i][0]);
    }
    json_object_foreach(all, field, value) json_object_set(v, field, value);
    json_decref(all);
    return v;
}

// The older call, of drivers that do not know the other.
static int plain_stats(struct virt_dom *d, const char *disk, json_t **ret, struct err *e)
{
    virDomainBlockStatsStruct s;
    if (VIRT(virDomainBlockStats(d->ptr, disk, &s, sizeof(s))) < 0)
        return virt_fail(e, NULL);
    *ret = json_object();
    add_count(*ret, "rd_req", s.rd_req);
    add_count(*ret, "rd_bytes", s.rd_bytes);
    add_count(*ret, "wr_req", s.wr_req);
    add_count(*ret, "wr_bytes", s.wr_bytes);
    add_count(*ret, "errs", s.errs);
    return 0;
}

int virt_dom_block_stats(struct virt_dom *d, const char *disk, json_t **ret, struct err *e)
{
    int n = 0;
    _cleanup_err_ struct err unknown = ERR_INIT;
    if (VIRT(virDomainBlockStatsFlags(d->ptr, disk, NULL, &n, 0)) < 0) {
        virt_fail(&unknown, NULL);
        return unknown.code == ERR_UNSUPPORTED ? plain_stats(d, disk, ret, e) : (err_move(e, &unknown), -1);
    }
    virTypedParameterPtr params = xcalloc((size_t)n + 1, sizeof(*params));
    int r = VIRT(virDomainBlockStatsFlags(d->ptr, disk, params, &n, 0));
    if (r < 0)
        virt_fail(e, NULL);
    else
        *ret = named_stats(params, n);
    virTypedParamsFree(params, r < 0 ? 0 : n);
    return r < 0 ? -1 : 0;
}

int virt_dom_block_errors(struct virt_dom *d, json_t **ret, struct err *e)
{
    static const char *const errors[] = {"no error", "unspecified error", "no space"};
    int max = VIRT(virDomainGetDiskErrors(d->ptr, NULL, 0, 0));
    if (max < 0)
        return virt_fail(e, NULL);
    virDomainDiskErrorPtr list = xcalloc((size_t)max + 1, sizeof(*list));
    int n = max ? VIRT(virDomainGetDiskErrors(d->ptr, list, (unsigned)max, 0)) : 0;
    int r = n < 0 ? virt_fail(e, NULL) : 0;
    json_t *v = json_array();
    for (int i = 0; i < n; i++) {
        size_t at = (size_t)list[i].error;
        json_array_append_new(v, json_pack("{s:o, s:o}", "disk", json_text(list[i].disk), "error",
                                           json_text(at < ARRAY_SIZE(errors) ? errors[at] : "unknown error")));
        free(list[i].disk);
    }
    free(list);
    if (r < 0)
        json_decref(v);
    else
        *ret = v;
    return r;
}
