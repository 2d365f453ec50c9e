// SPDX-License-Identifier: GPL-3.0-or-later
// Making, opening and writing journals. Any thread. See journal.h.
#include "core/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/strv.h"
#include "core/journal_priv.h"
#include "io/file.h"
#include "io/job.h"

enum { MAX_JOURNAL = 256 << 20 };

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void journal_free(struct journal *j)
{
    if (!j)
        return;
    if (j->fd >= 0)
        close(j->fd); // the lock goes with it
    for (size_t i = 0; i < j->n; i++) {
        free(j->steps[i].name);
        json_decref(j->steps[i].about);
        json_decref(j->steps[i].outcome);
    }
    free(j->steps);
    free(j->path);
    free(j->id);
    free(j->command);
    json_decref(j->about);
    lock_free(j->lock);
    free(j);
}

void journal_close(struct journal *j)
{
    journal_free(j);
}

void journal_discard(struct journal *j)
{
    if (j && j->writable && !j->n)
        unlink(j->path);
    journal_free(j);
}

static struct journal *allocate(const char *id)
{
    struct journal *j = xnew(struct journal);
    _cleanup_free_ char *dir = journal_dir();
    j->lock = lock_new();
    j->fd = -1;
    j->id = xstrdup(id);
    j->path = xasprintf("%s/%s.jsonl", dir, id);
    return j;
}

// Takes the record over. It is on the disk, or it does not count: a failed write is cut away again.
static int append(struct journal *j, json_t *record, struct err *e)
{
    _cleanup_buf_ struct buf line = BUF_INIT;
    journal_line(record, &line);
    size_t done = 0;
    int saved = 0;
    while (done < line.len && !saved) {
        ssize_t n = pwrite(j->fd, line.s + done, line.len - done, (off_t)(j->good + done));
        if (n >= 0)
            done += (size_t)n;
        else if (errno != EINTR)
            saved = errno;
    }
    if (!saved && fdatasync(j->fd) < 0)
        saved = errno;
    int r = saved ? err_errno(e, saved, "cannot write the journal %s", j->path) : 0;
    if (saved && ftruncate(j->fd, (off_t)j->good) < 0)
        err_hint(e, "what was written in part will be ignored");
    if (r == 0) {
        j->good += line.len;
        journal_take(j, record);
    }
    json_decref(record);
    return r;
}

static int sync_directory(const char *path, struct err *e)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) < 0) {
        int saved = errno;
        if (fd >= 0)
            close(fd);
        return err_errno(e, saved, "cannot sync %s", path);
    }
    close(fd);
    return 0;
}

// "20261121-041914-hosts-sync-3fa9c": sorted by name they are sorted by time.
static char *make_id(const char *command)
{
    unsigned random = 0;
    if (getrandom(&random, sizeof(random), 0) < 0)
        random = (unsigned)getpid();
    struct timespec t;
    struct tm tm;
    char text[32];
    clock_gettime(CLOCK_REALTIME, &t);
    gmtime_r(&t.tv_sec, &tm);
    strftime(text, sizeof(text), "%Y%m%d-%H%M%S", &tm);
    // Milliseconds too, as several may begin within a second and their order counts when they are taken back.
    return xasprintf("%s.%03ld-%s-%06x", text, t.tv_nsec / 1000000, command, random & 0xffffff);
}

static int make_directory(const char *dir, struct err *e)
{
    _cleanup_free_ char *copy = xstrdup(dir);
    for (char *p = copy + 1;; p++) {
        char c = *p;
        if (c && c != '/')
            continue;
        *p = '\0';
        if (mkdir(copy, 0700) < 0 && errno != EEXIST)
            return err_errno(e, errno, "cannot make the directory %s", copy);
        if (!c)
            return 0;
        *p = c;
    }
}

// A lock of this open file, which another one of the same process does not share. Whoever only looks takes none, so that
// looking never is in the way of a writer.
static int write_lock(int fd)
{
    struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    return fcntl(fd, F_OFD_SETLK, &l);
}

static int is_locked(int fd, bool *ret)
{
    struct flock l = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
    if (fcntl(fd, F_OFD_GETLK, &l) < 0)
        return -1;
    *ret = l.l_type != F_UNLCK;
    return 0;
}

// Does `j`, which others may be writing, hold what `lock` names?
static int check_holder(const struct journal *j, const char *lock, struct err *e)
{
    const char *held = json_string_value(json_object_get(j->about, "lock"));
    enum journal_state s = journal_get_state(j);
    if (!held || strcmp(held, lock) != 0 || s == JOURNAL_DONE || s == JOURNAL_REVERTED)
        return 0;
    if (s == JOURNAL_RUNNING) {
        err_set(e, ERR_STATE, "another console is at work on it: %s, journal %s", j->command, j->id);
        return err_hint(e, "wait for it, or end it there with Ctrl-C");
    }
    if (!j->n) // it ended before it did anything
        return 0;
    err_set(e, ERR_STATE, "an earlier %s of it was not finished: journal %s", j->command, j->id);
    return err_hint(e, "resume %s goes on with it, rollback %s takes it back", j->id, j->id);
}

// One that cannot be read to its end holds what its head says it does, and anything if that cannot be read either: nobody
// can tell that it did not begin what it names.
static int check_unreadable(const struct journal *j, const char *lock, const struct err *why, struct err *e)
{
    const char *held = json_string_value(json_object_get(j->about, "lock"));
    if (j->command && (!held || strcmp(held, lock) != 0))
        return 0;
    err_set(e, ERR_STATE, "%s: nobody can tell whether it is of an unfinished undertaking of the same (%s)", why->msg,
            j->path);
    return err_hint(e, "look at the file; if all that it may be about is finished, rollback %s --forget sets it aside",
                    j->id);
}

static int load(const char *id, bool write, struct journal *j, struct err *e);

static int check_journal(const char *id, const char *lock, struct err *e)
{
    _cleanup_(journal_close_p) struct journal *j = allocate(id);
    _cleanup_err_ struct err unreadable = ERR_INIT;
    if (load(id, false, j, &unreadable) == 0)
        return check_holder(j, lock, e);
    return unreadable.code == ERR_NOT_FOUND ? 0 : check_unreadable(j, lock, &unreadable, e); // discarded meanwhile
}

// Nobody else may hold the same. The directory's lock, which is kept until the new journal is written and locked, makes
// looking and beginning one step. It is on a file that is open for writing: NFS locks no other.
static int lock_subject(const char *dir, const json_t *about, int *ret_fd, struct err *e)
{
    const char *lock = json_string_value(json_object_get(about, "lock"));
    if (!lock)
        return 0;
    _cleanup_strv_ struct strv ids = STRV_INIT;
    _cleanup_free_ char *path = xasprintf("%s/.lock", dir);
    *ret_fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (*ret_fd < 0 || flock(*ret_fd, LOCK_EX) < 0)
        return err_errno(e, errno, "cannot lock %s", path);
    if (journal_list(NULL, &ids, e) < 0)
        return -1;
    for (size_t i = 0; i < ids.n; i++) {
        if (check_journal(ids.s[i], lock, e) < 0)
            return -1;
    }
    return 0;
}

static int begin(struct journal *j, const char *command, const json_t *about, struct err *e)
{
    if (write_lock(j->fd) < 0)
        return err_errno(e, errno, "cannot lock the journal %s", j->path);
    j->writable = j->taken = true;
    return append(j,
                  json_pack("{s:s, s:s, s:f, s:O}", "rec", "begin", "command", command, "time", now(), "about",
                            about ? (json_t *)about : json_null()),
                  e);
}

// It gets its name when its head is on the disk: a journal that names no undertaking is never left behind.
static int create(const char *dir, const char *command, const json_t *about, struct journal **ret, struct err *e)
{
    _cleanup_free_ char *id = make_id(command);
    _cleanup_(journal_close_p) struct journal *j = allocate(id);
    _cleanup_free_ char *fresh = xasprintf("%s/.%s", dir, id);
    j->fd = open(fresh, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (j->fd < 0)
        return err_errno(e, errno, "cannot make the journal %s", j->path);
    int r = begin(j, command, about, e);
    if (r == 0 && rename(fresh, j->path) < 0)
        r = err_errno(e, errno, "cannot make the journal %s", j->path);
    if (r < 0)
        unlink(fresh);
    else if ((r = sync_directory(dir, e)) < 0)
        unlink(j->path); // nobody has acted on it
    if (r == 0)
        *ret = steal(&j);
    return r;
}

int journal_create(const char *command, const json_t *about, struct journal **ret, struct err *e)
{
    _cleanup_free_ char *dir = journal_dir();
    int fd = -1;
    if (make_directory(dir, e) < 0)
        return -1;
    int r = lock_subject(dir, about, &fd, e);
    if (r == 0)
        r = create(dir, command, about, ret, e);
    if (fd >= 0)
        close(fd);
    return r;
}

static int take_lock(struct journal *j, bool write, struct err *e)
{
    if (!write && is_locked(j->fd, &j->taken) == 0)
        return 0;
    if (write && write_lock(j->fd) == 0) {
        j->taken = true;
        return 0;
    }
    if (write && (errno == EWOULDBLOCK || errno == EACCES))
        return err_set(e, ERR_STATE, "another console is at work on the journal %s", j->id);
    return err_errno(e, errno, "cannot lock the journal %s", j->path);
}

// Into `j`, which has what could be read also where that is not all.
static int load(const char *id, bool write, struct journal *j, struct err *e)
{
    j->fd = open(j->path, (write ? O_RDWR : O_RDONLY) | O_CLOEXEC);
    if (j->fd < 0 && errno == ENOENT) {
        err_set(e, ERR_NOT_FOUND, "no journal '%s'", id);
        return err_hint(e, "journal-list shows them");
    }
    if (j->fd < 0)
        return err_errno(e, errno, "cannot open the journal %s", j->path);
    if (take_lock(j, write, e) < 0)
        return -1;
    _cleanup_free_ char *text = NULL;
    size_t len = 0;
    if (file_read(j->path, MAX_JOURNAL, &text, &len, e) < 0 || journal_parse(j, text, len, e) < 0)
        return -1;
    if (!j->command)
        return err_set(e, ERR_IO, "the journal %s is empty", id);
    if (write && ftruncate(j->fd, (off_t)j->good) < 0)
        return err_errno(e, errno, "cannot write the journal %s", j->path);
    j->writable = write;
    return 0;
}

static int check_id(const char *id, struct err *e)
{
    return !*id || strchr(id, '/') || *id == '.' ? err_set(e, ERR_USAGE, "'%s' is not the id of a journal", id) : 0;
}

int journal_open(const char *id, bool write, struct journal **ret, struct err *e)
{
    if (check_id(id, e) < 0)
        return -1;
    _cleanup_(journal_close_p) struct journal *j = allocate(id);
    if (load(id, write, j, e) < 0)
        return -1;
    *ret = steal(&j);
    return 0;
}

int journal_set_aside(const char *id, char **ret_path, struct err *e)
{
    if (check_id(id, e) < 0)
        return -1;
    _cleanup_(journal_close_p) struct journal *j = allocate(id);
    _cleanup_err_ struct err why = ERR_INIT;
    if (load(id, false, j, &why) == 0 || why.code == ERR_NOT_FOUND)
        return err_set(e, err_is_set(&why) ? why.code : ERR_STATE, "%s",
                       err_is_set(&why) ? why.msg : "the journal can be read");
    if (j->taken)
        return err_set(e, ERR_STATE, "another console is at work on the journal %s", id);
    _cleanup_free_ char *to = xasprintf("%s.aside", j->path);
    if (rename(j->path, to) < 0)
        return err_errno(e, errno, "cannot set the journal %s aside", j->path);
    *ret_path = steal(&to);
    return 0;
}

static int append_locked(struct journal *j, json_t *record, struct err *e)
{
    if (!j->writable)
        abort();
    lock_acquire(j->lock);
    int r = append(j, record, e);
    lock_release(j->lock);
    return r;
}

int journal_intent(struct journal *j, const char *name, const json_t *about, unsigned *ret_step, struct err *e)
{
    if (!j->writable)
        abort();
    lock_acquire(j->lock);
    unsigned step = (unsigned)j->n + 1;
    int r = append(j,
                   json_pack("{s:s, s:i, s:s, s:f, s:O}", "rec", "intent", "step", (int)step, "name", name, "time",
                             now(), "about", about ? (json_t *)about : json_null()),
                   e);
    lock_release(j->lock);
    if (r == 0)
        *ret_step = step;
    return r;
}

int journal_outcome(struct journal *j, unsigned step, enum journal_step_state state, const json_t *outcome,
                    struct err *e)
{
    return append_locked(j,
                         json_pack("{s:s, s:i, s:s, s:f, s:O}", "rec", "outcome", "step", (int)step, "state",
                                   journal_step_state_name(state), "time", now(), "outcome",
                                   outcome ? (json_t *)outcome : json_null()),
                         e);
}

int journal_end(struct journal *j, enum journal_state state, struct err *e)
{
    return append_locked(
        j, json_pack("{s:s, s:s, s:f}", "rec", "end", "state", journal_state_name(state), "time", now()), e);
}
