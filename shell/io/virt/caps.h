// SPDX-License-Identifier: GPL-3.0-or-later
// What a host's hypervisor can run, beyond the descriptions of virt/xml.h. Job threads.
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "base/strv.h"
#include "io/virt/conn.h"

// Can the hypervisor give a guest this <cpu>? *ret_result: "identical", "superset" (it has more) or "incompatible",
// static. *ret_error: why it is incompatible, in libvirt's words, the caller's to free; else NULL, also where libvirt
// does not say. The four words as of virt_domcapabilities(). `validate`: the <cpu> is held against libvirt's schema.
int virt_cpu_compare(struct virt_conn *c, const char *emulator, const char *arch, const char *machine,
                     const char *virttype, const char *cpu_xml, bool validate, const char **ret_result,
                     char **ret_error, struct err *e);
// The same of the host's own CPU, whatever a hypervisor makes of it.
int virt_host_cpu_compare(struct virt_conn *c, const char *cpu_xml, bool validate, const char **ret_result,
                          char **ret_error, struct err *e);

// virConnectBaselineCPUFlags, same bits.
enum virt_baseline { VIRT_BASELINE_FEATURES = 1, VIRT_BASELINE_MIGRATABLE = 2 };
// The <cpu> that all of these can give; *ret is the caller's to free. The second: that this hypervisor can, too.
int virt_host_cpu_baseline(struct virt_conn *c, const struct strv *cpus, unsigned flags, char **ret, struct err *e);
int virt_cpu_baseline(struct virt_conn *c, const char *emulator, const char *arch, const char *machine,
                      const char *virttype, const struct strv *cpus, unsigned flags, char **ret, struct err *e);
// The names of an architecture's CPU models; none: any will do.
int virt_cpu_models(struct virt_conn *c, const char *arch, struct strv *ret, struct err *e);
// How many CPUs a guest may have, by the older call of libvirt.
int virt_max_vcpus(struct virt_conn *c, const char *type, int *ret, struct err *e);
