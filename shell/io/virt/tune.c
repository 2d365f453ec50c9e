// SPDX-License-Identifier: GPL-3.0-or-later
// Parameters by kind. Job threads. See virt/tune.h.
#include "io/virt/tune.h"

#include <stdio.h>
#include <string.h>

#include "io/virt/params_priv.h"
#include "io/virt/priv.h"

_Static_assert(VIRT_UNLIMITED == VIR_DOMAIN_MEMORY_PARAM_UNLIMITED, "our unlimited is libvirt's");

struct params {
    virTypedParameterPtr list;
    int n;
};

static void params_release(struct params *p)
{
    virTypedParamsFree(p->list, p->n);
}

// Most calls fill an array of the caller's, and tell how many there are when they get none.
static int fill(struct virt_dom *d, enum virt_tuning kind, const char *device, unsigned affect, struct params *p)
{
    switch (kind) {
    case VIRT_TUNE_MEMORY:
        return VIRT(virDomainGetMemoryParameters(d->ptr, p->list, &p->n, affect));
    case VIRT_TUNE_NUMA:
        return VIRT(virDomainGetNumaParameters(d->ptr, p->list, &p->n, affect));
    case VIRT_TUNE_BLKIO:
        return VIRT(virDomainGetBlkioParameters(d->ptr, p->list, &p->n, affect));
    case VIRT_TUNE_DISK:
        return VIRT(virDomainGetBlockIoTune(d->ptr, device, p->list, &p->n, affect));
    default:
        return VIRT(virDomainGetInterfaceParameters(d->ptr, device, p->list, &p->n, affect));
    }
}

// libvirt tells these of no IOThread; what can be set is in its API.
static void iothread_params(struct params *p)
{
    static const struct {
        const char *name;
        int type;
    } known[] = {
        {VIR_DOMAIN_IOTHREAD_POLL_MAX_NS, VIR_TYPED_PARAM_ULLONG},
        {VIR_DOMAIN_IOTHREAD_POLL_GROW, VIR_TYPED_PARAM_UINT},
        {VIR_DOMAIN_IOTHREAD_POLL_SHRINK, VIR_TYPED_PARAM_UINT},
        {VIR_DOMAIN_IOTHREAD_THREAD_POOL_MIN, VIR_TYPED_PARAM_INT},
        {VIR_DOMAIN_IOTHREAD_THREAD_POOL_MAX, VIR_TYPED_PARAM_INT},
    };
    p->list = xcalloc(ARRAY_SIZE(known), sizeof(*p->list));
    for (p->n = 0; p->n < (int)ARRAY_SIZE(known); p->n++) {
        snprintf(p->list[p->n].field, sizeof(p->list[p->n].field), "%s", known[p->n].name);
        p->list[p->n].type = known[p->n].type;
    }
}

static int get(struct virt_dom *d, enum virt_tuning kind, const char *device, unsigned affect, struct params *p,
               struct err *e)
{
    int r = 0;
    switch (kind) {
    case VIRT_TUNE_IOTHREAD:
        iothread_params(p);
        return 0;
    case VIRT_TUNE_PERF:
        r = VIRT(virDomainGetPerfEvents(d->ptr, &p->list, &p->n, affect));
        break;
    case VIRT_TUNE_SECURITY:
        r = VIRT(virDomainGetLaunchSecurityInfo(d->ptr, &p->list, &p->n, 0));
        break;
    default:
        r = fill(d, kind, device, affect, p);
        p->list = xcalloc((size_t)p->n + 1, sizeof(*p->list));
        if (r == 0 && p->n)
            r = fill(d, kind, device, affect, p);
    }
    return r < 0 ? virt_fail(e, NULL) : 0;
}

int virt_dom_tuning(struct virt_dom *d, enum virt_tuning kind, const char *device, unsigned affect, json_t **ret,
                    struct err *e)
{
    _cleanup_(params_release) struct params p = {NULL, 0};
    if (get(d, kind, device, affect, &p, e) < 0)
        return -1;
    *ret = virt_params_json(p.list, p.n);
    return 0;
}

static int set(struct virt_dom *d, enum virt_tuning kind, const char *device, const struct params *p, unsigned affect)
{
    switch (kind) {
    case VIRT_TUNE_MEMORY:
        return VIRT(virDomainSetMemoryParameters(d->ptr, p->list, p->n, affect));
    case VIRT_TUNE_NUMA:
        return VIRT(virDomainSetNumaParameters(d->ptr, p->list, p->n, affect));
    case VIRT_TUNE_BLKIO:
        return VIRT(virDomainSetBlkioParameters(d->ptr, p->list, p->n, affect));
    case VIRT_TUNE_DISK:
        return VIRT(virDomainSetBlockIoTune(d->ptr, device, p->list, p->n, affect));
    case VIRT_TUNE_INTERFACE:
        return VIRT(virDomainSetInterfaceParameters(d->ptr, device, p->list, p->n, affect));
    case VIRT_TUNE_PERF:
        return VIRT(virDomainSetPerfEvents(d->ptr, p->list, p->n, affect));
    default:
        return VIRT(virDomainSetIOThreadParams(d->ptr, (unsigned)strtoul(device, NULL, 10), p->list, p->n, affect));
    }
}

int virt_dom_tune(struct virt_dom *d, enum virt_tuning kind, const char *device, const struct strv *settings,
                  unsigned affect, struct err *e)
{
    _cleanup_(params_release) struct params known = {NULL, 0}, p = {NULL, 0};
    if (get(d, kind, device, virt_affect_asked(affect), &known, e) < 0 ||
        virt_params_parse(known.list, known.n, NULL, settings, &p.list, &p.n, e) < 0)
        return -1;
    return set(d, kind, device, &p, affect) < 0 ? virt_fail(e, NULL) : 0;
}

const char *const *virt_perf_names(void)
{
    static const char *const names[] = {
        VIR_PERF_PARAM_CMT,
        VIR_PERF_PARAM_MBMT,
        VIR_PERF_PARAM_MBML,
        VIR_PERF_PARAM_CACHE_MISSES,
        VIR_PERF_PARAM_CACHE_REFERENCES,
        VIR_PERF_PARAM_INSTRUCTIONS,
        VIR_PERF_PARAM_CPU_CYCLES,
        VIR_PERF_PARAM_BRANCH_INSTRUCTIONS,
        VIR_PERF_PARAM_BRANCH_MISSES,
        VIR_PERF_PARAM_BUS_CYCLES,
        VIR_PERF_PARAM_STALLED_CYCLES_FRONTEND,
        VIR_PERF_PARAM_STALLED_CYCLES_BACKEND,
        VIR_PERF_PARAM_REF_CPU_CYCLES,
        VIR_PERF_PARAM_CPU_CLOCK,
        VIR_PERF_PARAM_TASK_CLOCK,
        VIR_PERF_PARAM_PAGE_FAULTS,
        VIR_PERF_PARAM_CONTEXT_SWITCHES,
        VIR_PERF_PARAM_CPU_MIGRATIONS,
        VIR_PERF_PARAM_PAGE_FAULTS_MIN,
        VIR_PERF_PARAM_PAGE_FAULTS_MAJ,
        VIR_PERF_PARAM_ALIGNMENT_FAULTS,
        VIR_PERF_PARAM_EMULATION_FAULTS,
        NULL,
    };
    return names;
}

int virt_dom_set_launch_secret(struct virt_dom *d, const char *header, const char *secret,
                               const unsigned long long *address, struct err *e)
{
    _cleanup_(params_release) struct params p = {NULL, 0};
    int max = 0;
    if (virTypedParamsAddString(&p.list, &p.n, &max, VIR_DOMAIN_LAUNCH_SECURITY_SEV_SECRET_HEADER, header) < 0 ||
        virTypedParamsAddString(&p.list, &p.n, &max, VIR_DOMAIN_LAUNCH_SECURITY_SEV_SECRET, secret) < 0 ||
        (address && virTypedParamsAddULLong(&p.list, &p.n, &max, VIR_DOMAIN_LAUNCH_SECURITY_SEV_SECRET_SET_ADDRESS,
                                            *address) < 0) ||
        VIRT(virDomainSetLaunchSecurityState(d->ptr, p.list, p.n, 0)) < 0)
        return virt_fail(e, NULL);
    return 0;
}
