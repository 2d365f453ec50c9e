// SPDX-License-Identifier: GPL-3.0-or-later
// What a hypervisor can run. Job threads. See virt/caps.h.
#include "io/virt/caps.h"

#include "io/virt/priv.h"

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

int virt_cpu_compare(struct virt_conn *c, const char *emulator, const char *arch, const char *machine,
                     const char *virttype, const char *cpu_xml, const char **ret_result, char **ret_error,
                     struct err *e)
{
    int r = VIRT(virConnectCompareHypervisorCPU(c->ptr, emulator, arch, machine, virttype, cpu_xml,
                                                VIR_CONNECT_COMPARE_CPU_FAIL_INCOMPATIBLE));
    if (r < 0)
        return incompatible(ret_result, ret_error, e);
    *ret_result = r == VIR_CPU_COMPARE_IDENTICAL  ? "identical"
                  : r == VIR_CPU_COMPARE_SUPERSET ? "superset"
                                                  : "incompatible";
    *ret_error = NULL;
    return 0;
}
