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

int file_read(const char *path, size_t max, char **ret, size_t *ret_len, struct err *e)
{
    _cleanup_(close_p) int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(e, errno, "cannot read %s", path);
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

static int make_parents(const char *path, struct err *e)
{
    _cleanup_free_ char *dir = xstrdup(path);
    for (char *p = dir + 1; (p = strchr(p, '/')); p++) {
        *p = '\0';
        if (mkdir(dir, 0700) < 0 && errno != EEXIST)
            return err_errno(e, errno, "cannot make the directory %s", dir);
        *p = '/';
    }
    return 0;
}

static int write_all(int fd, const char *data, size_t len)
{
    while (len) {
        ssize_t n = write(fd, data, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        data += n;
        len -= (size_t)n;
    }
    return fsync(fd);
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

int file_replace(const char *path, const char *data, size_t len, mode_t mode, struct err *e)
{
    if (make_parents(path, e) < 0)
        return -1;
    _cleanup_free_ char *real = realpath(path, NULL);
    const char *target = real ? real : path;
    _cleanup_free_ char *temp = xasprintf("%s.XXXXXX", target);
    _cleanup_(close_p) int fd = mkostemp(temp, O_CLOEXEC);
    if (fd < 0)
        return err_errno(e, errno, "cannot write beside %s", target);
    if (fchmod(fd, mode) < 0 || write_all(fd, data, len) < 0 || rename(temp, target) < 0) {
        int saved = errno;
        unlink(temp);
        return err_errno(e, saved, "cannot write %s", target);
    }
    file_sync_directory_of(target);
    return 0;
}

static int check_writers(const char *path, struct err *e)
{
    struct stat st;
    if (stat(path, &st) < 0)
        return err_errno(e, errno, "%s", path);
    bool others = (st.st_mode & S_IWOTH) || ((st.st_mode & S_IWGRP) && st.st_gid != 0 && st.st_gid != getegid());
    bool sticky_dir = S_ISDIR(st.st_mode) && (st.st_mode & S_ISVTX);
    if ((others && !sticky_dir) || (st.st_uid != 0 && st.st_uid != geteuid())) {
        err_set(e, ERR_UNSAFE, "%s can be written by others, so it is not run", path);
        return err_hint(e, "chown it to yourself and chmod go-w it");
    }
    return 0;
}

int file_check_trusted(const char *path, struct err *e)
{
    _cleanup_free_ char *real = realpath(path, NULL);
    if (!real)
        return err_errno(e, errno, "%s", path);
    if (check_writers(real, e) < 0)
        return -1;
    char *slash = strrchr(real, '/');
    *(slash == real ? slash + 1 : slash) = '\0';
    return check_writers(real, e);
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
        return xasprintf("%s/migsh/%s", base, name);
    const char *dir = strcmp(kind, "CONFIG") == 0 ? ".config" : strcmp(kind, "STATE") == 0 ? ".local/state" : ".cache";
    return xasprintf("%s/%s/migsh/%s", home(), dir, name);
}

char *file_expand_home(const char *path)
{
    if (path[0] == '~' && (path[1] == '/' || path[1] == '\0'))
        return xasprintf("%s%s", home(), path + 1);
    return xstrdup(path);
}
