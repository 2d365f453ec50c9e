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

// What has been read so far. It may be a secret: what is let go of is wiped, so it does not grow by realloc().
enum { FIRST_PIECE = 4096 };
struct piece {
    char *s;
    size_t cap; // without the NUL
};

static void piece_release(struct piece *p)
{
    if (p->s)
        mem_wipe(p->s, p->cap);
    free(p->s);
}

static void piece_grow(struct piece *p)
{
    struct piece more = {xcalloc(2 * p->cap + 1, 1), 2 * p->cap};
    memcpy(more.s, p->s, p->cap);
    piece_release(p);
    *p = more;
}

int file_read_fd(int fd, const char *path, size_t max, char **ret, size_t *ret_len, struct err *e)
{
    _cleanup_(piece_release) struct piece now = {xcalloc(FIRST_PIECE + 1, 1), FIRST_PIECE};
    size_t len = 0;
    for (;;) {
        ssize_t n = read(fd, now.s + len, now.cap - len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_errno(e, errno, "cannot read %s", path);
        if (n == 0)
            break;
        len += (size_t)n;
        if (len > max)
            return err_set(e, ERR_IO, "%s is larger than %zu bytes", path, max);
        if (len == now.cap)
            piece_grow(&now);
    }
    now.s[len] = '\0';
    *ret = steal(&now.s);
    if (ret_len)
        *ret_len = len;
    return 0;
}

int file_read(const char *path, size_t max, char **ret, size_t *ret_len, struct err *e)
{
    _cleanup_(close_p) int fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd < 0 ? err_errno(e, errno, "cannot read %s", path) : file_read_fd(fd, path, max, ret, ret_len, e);
}

int file_is_text(const char *path, const char *text, size_t n, struct err *e)
{
    return strlen(text) == n ? 0 : err_set(e, ERR_USAGE, "%s holds a NUL byte: it is not a text", path);
}

int file_read_text(const char *path, size_t max, char **ret, struct err *e)
{
    size_t n;
    _cleanup_(mem_wipe_text_p) char *text = NULL;
    if (file_read(path, max, &text, &n, e) < 0 || file_is_text(path, text, n, e) < 0)
        return -1;
    *ret = steal(&text);
    return 0;
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
