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

// `script` by /bin/sh -c with `args` (NULL ends them) as $1 and so on, on the terminal that this process has: as a
// shell runs a command, in a process group of its own, which has the foreground until it has ended (so a ^C there is
// the program's alone). It reads `input`, or with -1 the terminal. Stopped (^Z) it is woken again. On cancel it is
// ended. The caller has stopped reading the terminal, and ignores SIGTTOU.
int local_on_terminal(struct job *job, const char *script, const char *const *args, int input, int *ret_status,
                      struct err *e);

// Before _exit() with threads that hang in a host: the processes that this one started, libvirt's ssh among them, are
// told to end. They would outlive it, with its stdout and stderr in their hands, and who reads those would wait for
// them.
void local_end_children(void);
