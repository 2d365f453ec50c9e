// SPDX-License-Identifier: GPL-3.0-or-later
// Trusted files. See file_trusted.h.
#include "io/file_trusted.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/token.h"
#include "io/file.h"

enum { LINKS_MAX = 40, TEMP_ATTEMPTS = 100 };

// On the way to what a path names. At the end `dir` is the directory that it lies in, and `name` what it is called
// there; NULL: it is `dir` itself.
struct walk {
    const char *path; // as the caller has it
    bool make;        // missing directories are made
    int dir;          // reached, and judged
    struct buf where; // that directory's own name, without a slash at its end
    char *rest;       // still to be gone
    char *name;
    unsigned links;
};

static void close_p(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

static int take_fd(int *fd)
{
    int taken = *fd;
    *fd = -1;
    return taken;
}

static void walk_release(struct walk *w)
{
    close_p(&w->dir);
    buf_release(&w->where);
    free(w->rest);
    free(w->name);
}
#define _cleanup_walk_ _cleanup_(walk_release)

// Could somebody else change what `st` is, or what lies in it?
static int judge(const struct stat *st, const char *path, const char *at, struct err *e)
{
    const char *kind = S_ISDIR(st->st_mode) ? "directory" : S_ISLNK(st->st_mode) ? "link" : "file";
    bool itself = strcmp(path, at) == 0 && !S_ISLNK(st->st_mode);
    _cleanup_free_ char *what =
        itself ? xstrdup(path) : xasprintf("%s is not to be trusted: the %s %s", path, kind, at);
    if (st->st_uid != 0 && st->st_uid != geteuid()) {
        err_set(e, ERR_UNSAFE, "%s belongs to uid %u, who could change it", what, (unsigned)st->st_uid);
        return err_hint(e, "keep it where only you can write, or look at it and then: chown %s%u '%s'",
                        S_ISLNK(st->st_mode) ? "-h " : "", (unsigned)geteuid(), at);
    }
    bool sticky = S_ISDIR(st->st_mode) && (st->st_mode & S_ISVTX); // whose entries are judged by their owners
    if (S_ISLNK(st->st_mode) || sticky || !(st->st_mode & (S_IWGRP | S_IWOTH)))
        return 0;
    err_set(e, ERR_UNSAFE, "%s can be written by others", what);
    return err_hint(e, "chmod go-w '%s'", at);
}

// The next component of the path, or NULL at its end.
static char *next_component(struct walk *w)
{
    const char *from = w->rest + strspn(w->rest, "/");
    size_t n = strcspn(from, "/");
    char *name = n ? xstrndup(from, n) : NULL;
    memmove(w->rest, from + n, strlen(from + n) + 1);
    return name;
}

static bool is_last(const struct walk *w)
{
    return w->rest[strspn(w->rest, "/")] == '\0';
}

static int failed(const struct walk *w, int errnum, struct err *e)
{
    return err_errno(e, errnum, w->make ? "cannot write %s" : "cannot read %s", w->path);
}

static char *name_at(const struct walk *w, const char *name)
{
    return xasprintf("%s/%s", buf_str(&w->where), name);
}

// Takes over fd, a directory that has not been judged.
static int enter(struct walk *w, int fd, const char *name, struct err *e)
{
    close_p(&w->dir);
    w->dir = fd;
    if (strcmp(name, "..") == 0) {
        const char *slash = strrchr(buf_str(&w->where), '/');
        buf_truncate(&w->where, slash ? (size_t)(slash - w->where.s) : 0);
    } else if (*name) {
        buf_addf(&w->where, "/%s", name);
    }
    struct stat st;
    if (fstat(fd, &st) < 0)
        return failed(w, errno, e);
    if (!S_ISDIR(st.st_mode))
        return failed(w, ENOTDIR, e);
    return judge(&st, w->path, w->where.len ? buf_str(&w->where) : "/", e);
}

static int enter_root(struct walk *w, struct err *e)
{
    buf_truncate(&w->where, 0);
    int fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? failed(w, errno, e) : enter(w, fd, "", e);
}

// The link's text stands before what is still to be gone.
static int follow(struct walk *w, int link, struct err *e)
{
    char text[PATH_MAX];
    ssize_t n = readlinkat(link, "", text, sizeof(text) - 1);
    if (n <= 0 || ++w->links > LINKS_MAX)
        return failed(w, n < 0 ? errno : ELOOP, e);
    text[n] = '\0';
    char *rest = xasprintf("%s/%s", text, w->rest);
    free(w->rest);
    w->rest = rest;
    return *text == '/' ? enter_root(w, e) : 0;
}

// Goes on by one component. *ret_end: that was the last one, and it is neither a link nor a way to a directory.
static int go(struct walk *w, const char *name, bool *ret_end, struct err *e)
{
    if (strcmp(name, ".") == 0)
        return 0;
    int fd = openat(w->dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    bool last = is_last(w);
    if (fd < 0 && errno == ENOENT && w->make && !last) {
        if (mkdirat(w->dir, name, 0700) < 0 && errno != EEXIST)
            return failed(w, errno, e);
        fd = openat(w->dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    }
    *ret_end = last && strcmp(name, "..") != 0;
    if (fd < 0)
        return *ret_end && errno == ENOENT ? 0 : failed(w, errno, e);
    struct stat st;
    int r = fstat(fd, &st) < 0 ? failed(w, errno, e) : 0;
    if (r == 0 && S_ISLNK(st.st_mode)) {
        *ret_end = false;
        _cleanup_free_ char *at = name_at(w, name);
        r = judge(&st, w->path, at, e);
        r = r < 0 ? r : follow(w, fd, e);
    } else if (r == 0 && !*ret_end) {
        return enter(w, fd, name, e);
    }
    close(fd);
    return r;
}

static int walk(struct walk *w, const char *path, bool make, struct err *e)
{
    *w = (struct walk){.path = path, .make = make, .dir = -1, .where = BUF_INIT};
    char here[PATH_MAX] = "";
    if (path[0] != '/' && !getcwd(here, sizeof(here)))
        return failed(w, errno, e);
    w->rest = xasprintf("%s/%s", here, path);
    if (!*path)
        return failed(w, ENOENT, e);
    int r = enter_root(w, e);
    bool end = false;
    while (r == 0 && !end) {
        _cleanup_free_ char *name = next_component(w);
        if (!name)
            return 0;
        r = go(w, name, &end, e);
        if (r == 0 && end)
            w->name = steal(&name);
    }
    return r;
}

int file_trusted_openat(int dir, const char *name, int flags, const char *path, int *ret_fd, struct err *e)
{
    // Looked at before it is opened, which for a device may already be an act; what counts is what was opened.
    // O_NONBLOCK: a pipe that got there meanwhile is refused, not waited for.
    struct stat st;
    _cleanup_(close_p) int fd = -1;
    bool is_file = name && fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
    if (is_file && S_ISREG(st.st_mode))
        fd = openat(dir, name, flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (!is_file || (fd < 0 && S_ISREG(st.st_mode)) || (fd >= 0 && fstat(fd, &st) < 0))
        return err_errno(e, errno, (flags & O_ACCMODE) == O_RDONLY ? "cannot read %s" : "cannot write %s", path);
    if (!S_ISREG(st.st_mode)) {
        err_set(e, ERR_UNSAFE, "%s is not a regular file", path);
        return err_hint(e, "only a file that nobody else can change is trusted");
    }
    if (judge(&st, path, path, e) < 0)
        return -1;
    *ret_fd = take_fd(&fd);
    return 0;
}

static int open_file(const char *path, int *ret_fd, struct err *e)
{
    _cleanup_walk_ struct walk w;
    int r = walk(&w, path, false, e);
    if (r == 0 && !w.name)
        r = err_errno(e, EISDIR, "cannot read %s", path);
    if (r == 0)
        r = file_trusted_openat(w.dir, w.name, O_RDONLY, path, ret_fd, e);
    struct stat st;
    if (r < 0 && e->code == ERR_UNSAFE && stat(path, &st) < 0 && errno == ENOENT)
        return err_errno(e, ENOENT, "cannot read %s", path);
    return r;
}

int file_trusted_check(const char *path, struct err *e)
{
    int fd = -1;
    if (open_file(path, &fd, e) < 0)
        return -1;
    close(fd);
    return 0;
}

int file_trusted_read(const char *path, size_t max, char **ret, size_t *ret_len, struct err *e)
{
    _cleanup_(close_p) int fd = -1;
    return open_file(path, &fd, e) < 0 ? -1 : file_read_fd(fd, path, max, ret, ret_len, e);
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

static int make_temp(const struct walk *w, char **ret_name, int *ret_fd, struct err *e)
{
    for (unsigned i = 0; i < TEMP_ATTEMPTS; i++) {
        _cleanup_free_ char *token = token_hex(4), *name = xasprintf("%s.%s", w->name, token);
        int fd = openat(w->dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0 && errno == EEXIST)
            continue;
        if (fd < 0)
            return err_errno(e, errno, "cannot write beside %s", w->path);
        *ret_name = steal(&name);
        *ret_fd = fd;
        return 0;
    }
    return err_errno(e, EEXIST, "cannot write beside %s", w->path);
}

int file_replace(const char *path, const char *data, size_t len, mode_t mode, struct err *e)
{
    _cleanup_walk_ struct walk w;
    _cleanup_(close_p) int fd = -1;
    _cleanup_free_ char *temp = NULL;
    if (walk(&w, path, true, e) < 0)
        return -1;
    if (!w.name)
        return err_errno(e, EISDIR, "cannot write %s", path);
    if (make_temp(&w, &temp, &fd, e) < 0 || !temp)
        return -1;
    if (fchmod(fd, mode) < 0 || write_all(fd, data, len) < 0 || renameat(w.dir, temp, w.dir, w.name) < 0) {
        int saved = errno;
        unlinkat(w.dir, temp, 0);
        return err_errno(e, saved, "cannot write %s", path);
    }
    _cleanup_(close_p) int dir = openat(w.dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir >= 0)
        (void)fsync(dir);
    return 0;
}

// Another user's, root's even, would be that user's memory of what was done.
static int make_private(int fd, const char *path, struct err *e)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return err_errno(e, errno, "cannot open %s", path);
    if (st.st_uid != geteuid()) {
        err_set(e, ERR_UNSAFE, "the directory %s belongs to uid %u: nothing is kept there", path, (unsigned)st.st_uid);
        return err_hint(e, "set HOME or XDG_STATE_HOME to a directory of your own");
    }
    if (judge(&st, path, path, e) < 0)
        return -1;
    if ((st.st_mode & 07777) != 0700 && fchmod(fd, 0700) < 0)
        return err_errno(e, errno, "cannot make %s private", path);
    return 0;
}

static int open_private(const char *path, bool make, int *ret_fd, struct err *e)
{
    _cleanup_walk_ struct walk w;
    if (walk(&w, path, make, e) < 0)
        return -1;
    const char *name = w.name ? w.name : ".";
    if (make && mkdirat(w.dir, name, 0700) < 0 && errno != EEXIST)
        return err_errno(e, errno, "cannot make the directory %s", path);
    _cleanup_(close_p) int fd = openat(w.dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return err_errno(e, errno, "cannot open the directory %s", path);
    if (make_private(fd, path, e) < 0)
        return -1;
    *ret_fd = take_fd(&fd);
    return 0;
}

int file_state_dir(const char *name, bool make, int *ret_fd, struct err *e)
{
    _cleanup_free_ char *own = file_xdg("STATE", NULL), *path = name ? file_xdg("STATE", name) : NULL;
    _cleanup_(close_p) int fd = -1;
    if (open_private(own, make, &fd, e) < 0 || (name && open_private(path, make, ret_fd, e) < 0))
        return -1;
    if (!name) {
        *ret_fd = fd;
        fd = -1;
    }
    return 0;
}
