// SPDX-License-Identifier: GPL-3.0-or-later
// Local files. See file.h.
#include "io/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strv.h"

static void close_p(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

int file_read_fd(int fd, const char *path, size_t max, char **ret, size_t *ret_len, struct err *e)
{
    size_t len = 0, cap = 4096;
    _cleanup_free_ char *data = xcalloc(cap + 1, 1);
    for (;;) {
        ssize_t n = read(fd, data + len, cap - len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_errno(e, errno, "cannot read %s", path);
        if (n == 0)
            break;
        len += (size_t)n;
        if (len > max)
            return err_set(e, ERR_IO, "%s is larger than %zu bytes", path, max);
        if (len == cap) {
            cap *= 2;
            data = xrealloc(data, cap + 1, 1);
        }
    }
    data[len] = '\0';
    *ret = steal(&data);
    if (ret_len)
        *ret_len = len;
    return 0;
}

int file_read(const char *path, size_t max, char **ret, size_t *ret_len, struct err *e)
{
    _cleanup_(close_p) int fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd < 0 ? err_errno(e, errno, "cannot read %s", path) : file_read_fd(fd, path, max, ret, ret_len, e);
}

void file_sync_directory_of(const char *path)
{
    _cleanup_free_ char *dir = xstrdup(path);
    char *slash = strrchr(dir, '/');
    if (slash)
        slash[slash == dir ? 1 : 0] = '\0';
    _cleanup_(close_p) int fd = open(slash ? dir : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0)
        (void)fsync(fd);
}

static const char *home(void)
{
    const char *h = getenv("HOME");
    if (h && *h)
        return h;
    struct passwd *pw = getpwuid(getuid());
    return pw ? pw->pw_dir : "/";
}

char *file_xdg(const char *kind, const char *name)
{
    _cleanup_free_ char *var = xasprintf("XDG_%s_HOME", kind);
    const char *base = getenv(var);
    if (base && base[0] == '/')
        return xasprintf("%s/migsh%s%s", base, name ? "/" : "", name ? name : "");
    const char *dir = strcmp(kind, "CONFIG") == 0 ? ".config" : strcmp(kind, "STATE") == 0 ? ".local/state" : ".cache";
    return xasprintf("%s/%s/migsh%s%s", home(), dir, name ? "/" : "", name ? name : "");
}

char *file_expand_home(const char *path)
{
    if (path[0] == '~' && (path[1] == '/' || path[1] == '\0'))
        return xasprintf("%s%s", home(), path + 1);
    return xstrdup(path);
}
