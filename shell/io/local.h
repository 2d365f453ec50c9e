// SPDX-License-Identifier: GPL-3.0-or-later
// A process on this machine, run as remote_exec() runs one on another: same spec, same result. Job threads; the wait is
// a poll() that also watches job_cancel_fd() and the deadline.
#pragma once

#include "base/err.h"
#include "io/ssh/remote.h"

struct job;

// `spec->command` by /bin/sh -c, in a process group of its own, which is killed on cancel, timeout, and when output()
// or feed() says no. ERR_CANCELLED, ERR_TIMEOUT, ERR_IO.
int local_exec(struct job *job, const struct remote_exec *spec, struct remote_result *result, struct err *e);

// Before _exit() with threads that hang in a host: the processes that this one started, libvirt's ssh among them, are
// told to end. They would outlive it, with its stdout and stderr in their hands, and who reads those would wait for
// them.
void local_end_children(void);
