// SPDX-License-Identifier: GPL-3.0-or-later
// What a host's hypervisor can run, beyond the descriptions of virt/xml.h. Job threads.
#pragma once

#include "base/err.h"
#include "io/virt/conn.h"

// Can the hypervisor give a guest this <cpu>? *ret_result: "identical", "superset" (it has more) or "incompatible",
// static. *ret_error: why it is incompatible, in libvirt's words, the caller's to free; else NULL, also where libvirt
// does not say. The four words as of virt_domcapabilities().
int virt_cpu_compare(struct virt_conn *c, const char *emulator, const char *arch, const char *machine,
                     const char *virttype, const char *cpu_xml, const char **ret_result, char **ret_error,
                     struct err *e);
