// SPDX-License-Identifier: GPL-3.0-or-later
// A domain's limits and other parameters, by kind. Job threads. The scheduler's are in virt/sched.h.
#pragma once

#include <jansson.h>

#include "base/err.h"
#include "base/strv.h"
#include "io/virt/dom.h"

enum virt_tuning {
    VIRT_TUNE_MEMORY,    // KiB
    VIRT_TUNE_NUMA,      // numa_mode, numa_nodeset
    VIRT_TUNE_BLKIO,     // weights and limits of the host's devices
    VIRT_TUNE_DISK,      // of the disk `device`
    VIRT_TUNE_INTERFACE, // of the network card `device`, KiB/s
    VIRT_TUNE_PERF,      // which events are counted
    VIRT_TUNE_IOTHREAD,  // can be set only
    VIRT_TUNE_SECURITY,  // of the launch: can be asked only
};
// VIRT_TUNE_MEMORY's "unlimited".
#define VIRT_UNLIMITED 9007199254740991LL

// *ret: {NAME: value}, in the hypervisor's order and with its names; the caller's. `device`: NULL where none is meant.
int virt_dom_tuning(struct virt_dom *d, enum virt_tuning kind, const char *device, unsigned affect, json_t **ret,
                    struct err *e);
// "NAME=VALUE" each; the others stay as they are. ERR_UNSUPPORTED: no such parameter. ERR_USAGE: a value that is none.
int virt_dom_tune(struct virt_dom *d, enum virt_tuning kind, const char *device, const struct strv *settings,
                  unsigned affect, struct err *e);
// The names of VIRT_TUNE_PERF that libvirt knows; NULL ends.
const char *const *virt_perf_names(void);

// Puts a secret, for which the domain waits at its start, into its memory; `address` NULL: where the firmware has a
// place for it.
int virt_dom_set_launch_secret(struct virt_dom *d, const char *header, const char *secret,
                               const unsigned long long *address, struct err *e);
