// SPDX-License-Identifier: GPL-3.0-or-later
// What a hypervisor can run. Job threads. See virt/caps.h.
#include "io/virt/caps.h"

#include "io/virt/priv.h"

_Static_assert((int)VIRT_BASELINE_FEATURES == VIR_CONNECT_BASELINE_CPU_EXPAND_FEATURES &&
                   (int)VIRT_BASELINE_MIGRATABLE == VIR_CONNECT_BASELINE_CPU_MIGRATABLE,
               "our bits are libvirt's");

// With this flag libvirt says which features are missing, as an error of its own code.
static int incompatible(const char **ret_result, char **ret_error, struct err *e)
{
    virErrorPtr v = virGetLastError();
    if (!v || v->code != VIR_ERR_CPU_INCOMPATIBLE)
        return virt_fail(e, NULL);
    _cleanup_err_ struct err why = ERR_INIT;
    virt_fail(&why, NULL);
    *ret_result = "incompatible";
    *ret_error = xstrdup(why.msg);
    return 0;
}

static int compared(int r, const char **ret_result, char **ret_error, struct err *e)
{
    if (r < 0)
        return incompatible(ret_result, ret_error, e);
    *ret_result = r == VIR_CPU_COMPARE_IDENTICAL  ? "identical"
                  : r == VIR_CPU_COMPARE_SUPERSET ? "superset"
                                                  : "incompatible";
    *ret_error = NULL;
    return 0;
}

static unsigned compare_flags(bool validate)
{
    return VIR_CONNECT_COMPARE_CPU_FAIL_INCOMPATIBLE | (validate ? VIR_CONNECT_COMPARE_CPU_VALIDATE_XML : 0);
}

int virt_cpu_compare(struct virt_conn *c, const char *emulator, const char *arch, const char *machine,
                     const char *virttype, const char *cpu_xml, bool validate, const char **ret_result,
                     char **ret_error, struct err *e)
{
    int r = VIRT(
        virConnectCompareHypervisorCPU(c->ptr, emulator, arch, machine, virttype, cpu_xml, compare_flags(validate)));
    return compared(r, ret_result, ret_error, e);
}

int virt_host_cpu_compare(struct virt_conn *c, const char *cpu_xml, bool validate, const char **ret_result,
                          char **ret_error, struct err *e)
{
    return compared(VIRT(virConnectCompareCPU(c->ptr, cpu_xml, compare_flags(validate))), ret_result, ret_error, e);
}

static int text_or_fail(char *text, char **ret, struct err *e)
{
    if (!text)
        return virt_fail(e, NULL);
    *ret = text;
    return 0;
}

int virt_host_cpu_baseline(struct virt_conn *c, const struct strv *cpus, unsigned flags, char **ret, struct err *e)
{
    return text_or_fail(VIRT(virConnectBaselineCPU(c->ptr, (const char **)cpus->s, (unsigned)cpus->n, flags)), ret, e);
}

int virt_cpu_baseline(struct virt_conn *c, const char *emulator, const char *arch, const char *machine,
                      const char *virttype, const struct strv *cpus, unsigned flags, char **ret, struct err *e)
{
    return text_or_fail(VIRT(virConnectBaselineHypervisorCPU(c->ptr, emulator, arch, machine, virttype,
                                                             (const char **)cpus->s, (unsigned)cpus->n, flags)),
                        ret, e);
}

int virt_cpu_models(struct virt_conn *c, const char *arch, struct strv *ret, struct err *e)
{
    char **names = NULL;
    int n = VIRT(virConnectGetCPUModelNames(c->ptr, arch, &names, 0));
    if (n < 0)
        return virt_fail(e, NULL);
    for (int i = 0; i < n; i++)
        strv_take(ret, names[i]);
    free(names);
    return 0;
}

int virt_max_vcpus(struct virt_conn *c, const char *type, int *ret, struct err *e)
{
    int n = VIRT(virConnectGetMaxVcpus(c->ptr, type));
    if (n < 0)
        return virt_fail(e, NULL);
    *ret = n;
    return 0;
}
