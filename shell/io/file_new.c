// SPDX-License-Identifier: GPL-3.0-or-later
// Files that appear when they are complete. See file_new.h.
#include "io/file_new.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/file.h"

enum { ATTEMPTS = 100 };

static int open_in_place(const char *path, struct file_new *ret, struct err *e)
{
    int fd =
        open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK); // a pipe without a reader is an error, not a wait
    if (fd < 0 && errno == ENXIO)
        return err_set(e, ERR_IO, "cannot write %s: nobody reads it", path);
    if (fd < 0)
        return err_errno(e, errno, "cannot write %s", path);
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) < 0) {
        int saved = errno;
        close(fd);
        return err_errno(e, saved, "cannot write %s", path);
    }
    *ret = (struct file_new){fd, NULL, xstrdup(path)};
    return 0;
}

int file_new_open(const char *path, struct file_new *ret, struct err *e)
{
    struct stat st;
    bool there = stat(path, &st) == 0;
    if (there && S_ISDIR(st.st_mode))
        return err_errno(e, EISDIR, "cannot write %s", path);
    if (there && !S_ISREG(st.st_mode))
        return open_in_place(path, ret, e);
    _cleanup_free_ char *real = realpath(path, NULL);
    const char *target = real ? real : path;
    // Not mkstemp(): a new file has the mode that the operator's umask gives it.
    for (unsigned i = 0; i < ATTEMPTS; i++) {
        _cleanup_free_ char *temp = xasprintf("%s.part-%ld-%u", target, (long)getpid(), i);
        int fd = open(temp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
        if (fd < 0 && errno == EEXIST)
            continue;
        if (fd < 0)
            return err_errno(e, errno, "cannot write %s", path);
        if (there) {
            (void)fchmod(fd, st.st_mode & 07777);
            if (fchown(fd, st.st_uid, st.st_gid) < 0)
                (void)fchmod(fd, st.st_mode & 0777); // not ours to give away: no set-id bits then
        }
        *ret = (struct file_new){fd, steal(&temp), xstrdup(target)};
        return 0;
    }
    return err_errno(e, EEXIST, "cannot write beside %s", path);
}

int file_new_commit(struct file_new *f, struct err *e)
{
    if (!f->temp)
        return 0;
    if (fsync(f->fd) < 0 || rename(f->temp, f->target) < 0)
        return err_errno(e, errno, "cannot write %s", f->target);
    free(steal(&f->temp));
    file_sync_directory_of(f->target);
    return 0;
}

void file_new_release(struct file_new *f)
{
    if (f->temp)
        (void)unlink(f->temp);
    if (f->fd >= 0)
        close(f->fd);
    free(f->temp);
    free(f->target);
    *f = (struct file_new){-1, NULL, NULL};
}
