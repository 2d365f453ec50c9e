// SPDX-License-Identifier: GPL-3.0-or-later
// A call of libvirt's that writes a guest's memory to a file: its progress is shown, and Ctrl-C ends it. Job threads.
#pragma once

#include "cmd/engine/cmd.h"
#include "io/virt/migrate.h"

#define VERBOSE_ROW(what)                                                                                              \
    {                                                                                                                  \
        "verbose", OPT_BOOL, 0, "display the progress of " what                                                        \
    }

// Makes the call fn(data) about `dom`, which is a job of this kind there. When the command is cancelled libvirt is told
// to give that job up (and no other), until the call has returned: the guest goes on then.
int long_call(struct cmd_call *c, struct virt_dom *dom, enum virt_job_operation operation, bool verbose,
              int (*fn)(void *data, struct err *e), void *data, struct err *e);
