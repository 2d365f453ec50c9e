// SPDX-License-Identifier: GPL-3.0-or-later
// Starting, stopping, removing domains. Job threads. Flags are libvirt's, same bits.
#pragma once

#include <stddef.h>

#include "base/err.h"
#include "io/virt/dom.h"

enum virt_start_flags {
    VIRT_START_PAUSED = 1,
    VIRT_START_AUTODESTROY = 2,
    VIRT_START_BYPASS_CACHE = 4,
    VIRT_START_FORCE_BOOT = 8,
    VIRT_START_VALIDATE = 16, // create only
    VIRT_START_RESET_NVRAM = 32,
};
// `fds`: open files of ours that the guest gets; none: n_fds 0. ERR_UNSUPPORTED: this driver does not know the flags.
int virt_dom_start(struct virt_dom *d, unsigned flags, const int *fds, size_t n_fds, struct err *e);
// A transient domain, started.
int virt_dom_create(struct virt_conn *c, const char *xml, unsigned flags, const int *fds, size_t n_fds,
                    struct virt_dom **ret, struct err *e);

// How a guest is asked to stop; alternatives may be combined, 0 is the hypervisor's choice.
enum virt_stop_mode {
    VIRT_STOP_ACPI = 1,
    VIRT_STOP_AGENT = 2,
    VIRT_STOP_INITCTL = 4,
    VIRT_STOP_SIGNAL = 8,
    VIRT_STOP_PARAVIRT = 16,
};
int virt_dom_shutdown(struct virt_dom *d, unsigned modes, struct err *e);
int virt_dom_reboot(struct virt_dom *d, unsigned modes, struct err *e);

enum virt_destroy_flags { VIRT_DESTROY_GRACEFUL = 1, VIRT_DESTROY_REMOVE_LOGS = 2 };
int virt_dom_destroy(struct virt_dom *d, unsigned flags, struct err *e);
int virt_dom_suspend(struct virt_dom *d, struct err *e);
int virt_dom_resume(struct virt_dom *d, struct err *e);

enum virt_undefine_flags {
    VIRT_UNDEFINE_MANAGED_SAVE = 1,
    VIRT_UNDEFINE_SNAPSHOTS_METADATA = 2,
    VIRT_UNDEFINE_NVRAM = 4,
    VIRT_UNDEFINE_KEEP_NVRAM = 8,
    VIRT_UNDEFINE_CHECKPOINTS_METADATA = 16,
    VIRT_UNDEFINE_TPM = 32,
    VIRT_UNDEFINE_KEEP_TPM = 64,
};
int virt_dom_undefine(struct virt_dom *d, unsigned flags, struct err *e);
