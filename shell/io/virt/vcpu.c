// SPDX-License-Identifier: GPL-3.0-or-later
// CPUs, memory and threads. Job threads. See virt/vcpu.h.
#include "io/virt/vcpu.h"

#include <string.h>

#include "base/cpulist.h"
#include "base/json.h"
#include "io/virt/params_priv.h"
#include "io/virt/priv.h"

_Static_assert((int)VIRT_VCPU_MAXIMUM == VIR_DOMAIN_VCPU_MAXIMUM && (int)VIRT_VCPU_GUEST == VIR_DOMAIN_VCPU_GUEST &&
                   (int)VIRT_VCPU_HOTPLUGGABLE == VIR_DOMAIN_VCPU_HOTPLUGGABLE,
               "our bits are libvirt's");

// As libvirt: a hypervisor that cannot count tells its topology.
int virt_host_cpus(struct virt_conn *c, unsigned *ret, struct err *e)
{
    virNodeInfo info;
    int n = VIRT(virNodeGetCPUMap(c->ptr, NULL, NULL, 0));
    if (n < 0 && VIRT(virNodeGetInfo(c->ptr, &info)) < 0)
        return virt_fail(e, NULL);
    *ret = n < 0 ? VIR_NODEINFO_MAXCPUS(info) : (unsigned)n;
    return 0;
}

static int done(int r, struct err *e)
{
    return r < 0 ? virt_fail(e, NULL) : 0;
}

int virt_dom_vcpu_count(struct virt_dom *d, unsigned flags, int *ret, struct err *e)
{
    int n = VIRT(virDomainGetVcpusFlags(d->ptr, flags));
    if (n < 0)
        return virt_fail(e, NULL);
    *ret = n;
    return 0;
}

int virt_dom_set_vcpus(struct virt_dom *d, unsigned count, unsigned flags, struct err *e)
{
    return done(VIRT(virDomainSetVcpusFlags(d->ptr, count, flags)), e);
}

int virt_dom_set_vcpu(struct virt_dom *d, const char *list, bool enable, unsigned affect, struct err *e)
{
    return done(VIRT(virDomainSetVcpu(d->ptr, list, enable, affect)), e);
}

int virt_dom_set_memory(struct virt_dom *d, unsigned long kib, bool maximum, unsigned affect, struct err *e)
{
    return done(VIRT(virDomainSetMemoryFlags(d->ptr, kib, affect | (maximum ? VIR_DOMAIN_MEM_MAXIMUM : 0))), e);
}

static void set_list(json_t *v, const unsigned char *map, unsigned cpus)
{
    _cleanup_free_ char *list = cpulist_format(map, cpus);
    json_object_set_new(v, "affinity", json_text(list));
}

static json_t *vcpu_value(const virVcpuInfo *info, unsigned number, const unsigned char *map, unsigned cpus)
{
    static const char *const states[] = {"offline", "running", "blocked"};
    _cleanup_free_ char *letters = cpulist_letters(map, cpus);
    json_t *v = json_object();
    const char *state = info && info->state >= 0 && info->state < 3 ? states[info->state] : NULL;
    json_object_set_new(v, "vcpu", json_integer(number));
    json_object_set_new(v, "cpu", info ? json_integer(info->cpu) : json_null());
    json_object_set_new(v, "state", json_text(state));
    json_object_set_new(v, "cpu_time_s", info ? json_real((double)info->cpuTime / 1e9) : json_null());
    set_list(v, map, cpus);
    json_object_set_new(v, "map", json_text(letters));
    return v;
}

int virt_dom_vcpus(struct virt_dom *d, json_t **ret, struct err *e)
{
    virDomainInfo info;
    unsigned cpus;
    if (virt_host_cpus(d->conn, &cpus, e) < 0)
        return -1;
    if (VIRT(virDomainGetInfo(d->ptr, &info)) < 0)
        return virt_fail(e, NULL);
    int max = info.nrVirtCpu, len = (int)cpulist_bytes(cpus);
    _cleanup_free_ virVcpuInfo *list = xcalloc((size_t)max + 1, sizeof(*list));
    _cleanup_free_ unsigned char *maps = xcalloc((size_t)max + 1, (size_t)len + 1);
    int n = VIRT(virDomainGetVcpus(d->ptr, list, max, maps, len));
    bool runs = n >= 0;
    if (!runs && info.state == VIR_DOMAIN_SHUTOFF)
        n = VIRT(virDomainGetVcpuPinInfo(d->ptr, max, maps, len, VIR_DOMAIN_AFFECT_CONFIG));
    if (n < 0)
        return virt_fail(e, NULL);
    json_t *vcpus = json_array();
    for (int i = 0; i < n; i++)
        json_array_append_new(vcpus, vcpu_value(runs ? &list[i] : NULL, runs ? list[i].number : (unsigned)i,
                                                maps + (size_t)i * (size_t)len, cpus));
    *ret = json_pack("{s:i, s:o}", "host_cpus", (int)cpus, "vcpus", vcpus);
    return 0;
}

// ---- pins

static void add_pin(json_t *all, const char *key, unsigned id, const unsigned char *map, unsigned cpus)
{
    json_t *v = json_object();
    if (key)
        json_object_set_new(v, key, json_integer(id));
    set_list(v, map, cpus);
    json_array_append_new(all, v);
}

// There are as many as the domain may have, not only those that it has now.
static int vcpu_pins(struct virt_dom *d, unsigned affect, unsigned cpus, json_t *all, struct err *e)
{
    int max = 0, len = (int)cpulist_bytes(cpus);
    if (virt_dom_vcpu_count(d, affect | VIRT_VCPU_MAXIMUM, &max, e) < 0)
        return -1;
    _cleanup_free_ unsigned char *maps = xcalloc((size_t)max + 1, (size_t)len + 1);
    int n = VIRT(virDomainGetVcpuPinInfo(d->ptr, max, maps, len, affect));
    for (int i = 0; i < n; i++)
        add_pin(all, "vcpu", (unsigned)i, maps + (size_t)i * (size_t)len, cpus);
    return done(n, e);
}

static int emulator_pin(struct virt_dom *d, unsigned affect, unsigned cpus, json_t *all, struct err *e)
{
    _cleanup_free_ unsigned char *map = xcalloc(cpulist_bytes(cpus) + 1, 1);
    int n = VIRT(virDomainGetEmulatorPinInfo(d->ptr, map, (int)cpulist_bytes(cpus), affect));
    if (n > 0)
        add_pin(all, NULL, 0, map, cpus);
    return done(n, e);
}

static int iothread_pins(struct virt_dom *d, unsigned affect, unsigned cpus, json_t *all, struct err *e)
{
    virDomainIOThreadInfoPtr *list = NULL;
    int n = VIRT(virDomainGetIOThreadInfo(d->ptr, &list, affect));
    for (int i = 0; i < n; i++) {
        unsigned known = (unsigned)list[i]->cpumaplen * 8;
        add_pin(all, "iothread", list[i]->iothread_id, list[i]->cpumap, known < cpus ? known : cpus);
        virDomainIOThreadInfoFree(list[i]);
    }
    free(list);
    return done(n, e);
}

int virt_dom_pins(struct virt_dom *d, enum virt_pin what, unsigned affect, json_t **ret, struct err *e)
{
    unsigned cpus;
    json_auto_t *all = json_array();
    if (virt_host_cpus(d->conn, &cpus, e) < 0)
        return -1;
    if ((what == VIRT_PIN_VCPU       ? vcpu_pins(d, affect, cpus, all, e)
         : what == VIRT_PIN_EMULATOR ? emulator_pin(d, affect, cpus, all, e)
                                     : iothread_pins(d, affect, cpus, all, e)) < 0)
        return -1;
    *ret = steal(&all);
    return 0;
}

int virt_dom_pin(struct virt_dom *d, enum virt_pin what, unsigned id, const char *list, unsigned affect, struct err *e)
{
    unsigned cpus;
    _cleanup_free_ unsigned char *map = NULL;
    _cleanup_free_ char *all = NULL;
    if (virt_host_cpus(d->conn, &cpus, e) < 0)
        return -1;
    if (strcmp(list, "r") == 0) {
        all = xasprintf("0-%u", cpus - 1);
        list = all;
    }
    if (cpulist_parse(list, cpus, &map, e) < 0)
        return -1;
    int len = (int)cpulist_bytes(cpus);
    // The older call where it will do: not every hypervisor knows the flags.
    if (what == VIRT_PIN_VCPU && affect == VIRT_AFFECT_LIVE)
        return done(VIRT(virDomainPinVcpu(d->ptr, id, map, len)), e);
    return done(what == VIRT_PIN_VCPU       ? VIRT(virDomainPinVcpuFlags(d->ptr, id, map, len, affect))
                : what == VIRT_PIN_EMULATOR ? VIRT(virDomainPinEmulator(d->ptr, map, len, affect))
                                            : VIRT(virDomainPinIOThread(d->ptr, id, map, len, affect)),
                e);
}

int virt_dom_iothread_add(struct virt_dom *d, unsigned id, unsigned affect, struct err *e)
{
    return done(VIRT(virDomainAddIOThread(d->ptr, id, affect)), e);
}

int virt_dom_iothread_del(struct virt_dom *d, unsigned id, unsigned affect, struct err *e)
{
    return done(VIRT(virDomainDelIOThread(d->ptr, id, affect)), e);
}

// ---- statistics of CPUs

// libvirt's names, with the unit that its manual tells.
static json_t *times(virTypedParameterPtr params, int n)
{
    json_t *v = json_object();
    for (int i = 0; i < n; i++) {
        _cleanup_free_ char *key = xasprintf("%s_ns", params[i].field);
        if (params[i].type)
            json_object_set_new(v, key, virt_param_value(&params[i]));
    }
    return v;
}

// libvirt tells of at most this many at once.
enum { CPUS_AT_ONCE = 128 };

static int add_stats(struct virt_dom *d, int start, int n, int names, json_t *all, struct err *e)
{
    virTypedParameterPtr params = xcalloc((size_t)names * (size_t)n + 1, sizeof(*params));
    int r = VIRT(virDomainGetCPUStats(d->ptr, params, (unsigned)names, start, (unsigned)n, 0));
    for (int i = 0; i < n && r > 0; i++) {
        json_t *v = times(params + (size_t)i * (size_t)names, r);
        if (json_object_size(v)) { // none: the CPU is offline
            json_object_set_new(v, "cpu", json_integer(start + i));
            json_array_append(all, v);
        }
        json_decref(v);
    }
    virTypedParamsFree(params, names * n);
    return done(r, e);
}

int virt_dom_cpu_stats(struct virt_dom *d, int start, int count, json_t **ret, int *ret_there, struct err *e)
{
    json_auto_t *all = json_array();
    int there = VIRT(virDomainGetCPUStats(d->ptr, NULL, 0, 0, 0, 0));
    if (there < 0)
        return virt_fail(e, NULL);
    if (start >= there)
        return err_set(e, ERR_USAGE, "--start: there are the CPUs 0 to %d", there - 1);
    int names = VIRT(virDomainGetCPUStats(d->ptr, NULL, 0, 0, 1, 0));
    if (names < 0)
        return virt_fail(e, NULL);
    int end = count < 0 || count > there - start ? there : start + count;
    for (int at = start; at < end; at += CPUS_AT_ONCE) {
        if (add_stats(d, at, end - at < CPUS_AT_ONCE ? end - at : CPUS_AT_ONCE, names, all, e) < 0)
            return -1;
    }
    *ret = steal(&all);
    *ret_there = there;
    return 0;
}

int virt_dom_cpu_total(struct virt_dom *d, json_t **ret, struct err *e)
{
    int n = VIRT(virDomainGetCPUStats(d->ptr, NULL, 0, -1, 1, 0));
    if (n < 0)
        return virt_fail(e, NULL);
    virTypedParameterPtr params = xcalloc((size_t)n + 1, sizeof(*params));
    int r = VIRT(virDomainGetCPUStats(d->ptr, params, (unsigned)n, -1, 1, 0));
    if (r >= 0)
        *ret = times(params, r);
    virTypedParamsFree(params, n);
    return done(r, e);
}
