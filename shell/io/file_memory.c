// SPDX-License-Identifier: GPL-3.0-or-later
// Files without a name. See file_memory.h.
#include "io/file_memory.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"

static int failed(int fd, struct err *e)
{
    int saved = errno;
    if (fd >= 0)
        close(fd);
    return err_errno(e, saved, "cannot keep a text in memory");
}

int file_memory(const char *data, size_t len, int *ret_fd, char **ret_path, struct err *e)
{
    int fd = memfd_create("migsh", MFD_CLOEXEC);
    if (fd < 0)
        return failed(fd, e);
    while (len) {
        ssize_t n = write(fd, data, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return failed(fd, e);
        data += n;
        len -= (size_t)n;
    }
    if (lseek(fd, 0, SEEK_SET) < 0)
        return failed(fd, e);
    *ret_fd = fd;
    *ret_path = xasprintf("/proc/self/fd/%d", fd);
    return 0;
}
