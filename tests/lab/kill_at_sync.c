// SPDX-License-Identifier: GPL-3.0-or-later
// Preloaded into a console by test_hosts.sh: it dies by SIGKILL at its Nth fdatasync(2), that is at the Nth record of its
// journal: MIGSH_KILL_AT=N before the record is safe on the disk, MIGSH_KILL_AT=-N right behind.
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

int fdatasync(int fd);

__attribute__((visibility("default"))) int fdatasync(int fd)
{
    static atomic_int calls;
    const char *at = getenv("MIGSH_KILL_AT");
    int n = at ? atoi(at) : 0, call = atomic_fetch_add(&calls, 1) + 1;
    if (n == call)
        kill(getpid(), SIGKILL);
    int r = (int)syscall(SYS_fdatasync, fd);
    if (-n == call)
        kill(getpid(), SIGKILL);
    return r;
}
