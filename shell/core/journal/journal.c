// SPDX-License-Identifier: GPL-3.0-or-later
// Making, opening and writing journals. Any thread. See journal.h.
#include "core/journal/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/strv.h"
#include "base/token.h"
#include "core/journal/priv.h"
#include "io/file.h"
#include "io/file_trusted.h"
#include "io/job.h"

enum { MAX_JOURNAL = 256 << 20 };

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
    json_decref(j->kept);
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
    _cleanup_free_ char *dir = file_xdg("STATE", JOURNAL_DIR);
    j->lock = lock_new();
    j->fd = -1;
    j->id = xstrdup(id);
    j->path = xasprintf("%s/%s.jsonl", dir, id);
    return j;
}

static int cannot_write(const struct journal *j, int errnum, struct err *e)
{
    err_errno(e, errnum, "cannot write the journal %s", j->path);
    bool full = errnum == ENOSPC || errnum == EDQUOT || errnum == EFBIG;
    return err_hint(e, full ? "nothing is done before it is written down: make room there, then continue"
                            : "nothing is done before it is written down: fix that, then continue");
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
    int r = saved ? cannot_write(j, saved, e) : 0;
    if (saved)
        (void)!ftruncate(j->fd, (off_t)j->good); // what stays of it has no sum, and is not read
    if (r == 0) {
        j->good += line.len;
        journal_take(j, record);
    }
    json_decref(record);
    return r;
}

// When the newest journal was begun, in milliseconds, by its id; 0: there is none.
static long long newest_ms(void)
{
    _cleanup_strv_ struct strv ids = STRV_INIT;
    _cleanup_err_ struct err unreadable = ERR_INIT; // then a journal cannot be made there either
    struct tm tm = {0};
    long ms = 0;
    if (journal_list(NULL, &ids, &unreadable) < 0 || !ids.n)
        return 0;
    const char *rest = strptime(ids.s[ids.n - 1], "%Y%m%d-%H%M%S", &tm);
    if (!rest || sscanf(rest, ".%3ld-", &ms) != 1)
        return 0;
    return (long long)timegm(&tm) * 1000 + ms;
}

// "20261121-041914.123-hosts-sync-3fa9c1": sorted by name they are sorted by time, to the millisecond, as several may
// begin within a second and their order counts when they are taken back. A clock that was set back does not change that
// order: the next one is then named as if it had begun right after the last.
static char *make_id(const char *command)
{
    _cleanup_free_ char *token = token_hex(3);
    struct tm tm;
    char text[32];
    long long ms = clock_real_ns() / 1000000, last = newest_ms();
    if (ms <= last)
        ms = last + 1;
    gmtime_r(&(time_t){ms / 1000}, &tm);
    strftime(text, sizeof(text), "%Y%m%d-%H%M%S", &tm);
    return xasprintf("%s.%03lld-%s-%s", text, ms % 1000, command, token);
}

// A lock of this open file, which another one of the same process does not share. Whoever only looks takes none, so
// that looking never is in the way of a writer.
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
    const char *held = json_text_at(j->about, "lock");
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
    return err_hint(e, "resume %s continues it, rollback %s takes it back", j->id, j->id);
}

// One that cannot be read to its end holds what its head says it does, and anything if that cannot be read either:
// nobody can tell that it did not begin what it names.
static int check_unreadable(const struct journal *j, const char *lock, const struct err *why, struct err *e)
{
    const char *held = json_text_at(j->about, "lock");
    if (j->command && (!held || strcmp(held, lock) != 0))
        return 0;
    err_set(e, ERR_STATE, "%s: nobody can tell whether it is of an unfinished workflow of the same domain (%s)",
            why->msg, j->path);
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
static int lock_subject(int dir, const json_t *about, int *ret_fd, struct err *e)
{
    const char *lock = json_text_at(about, "lock");
    if (!lock)
        return 0;
    _cleanup_strv_ struct strv ids = STRV_INIT;
    *ret_fd = openat(dir, ".lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (*ret_fd < 0 || flock(*ret_fd, LOCK_EX) < 0)
        return err_errno(e, errno, "cannot lock the directory of journals (its file .lock)");
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
                  json_pack("{s:o, s:o, s:f, s:O}", "rec", json_text("begin"), "command", json_text(command), "time",
                            clock_real_s(), "about", about ? (json_t *)about : json_null()),
                  e);
}

// It gets its name when its head is on the disk: a journal that names no undertaking is never left behind.
static int create(int dir, const char *command, const json_t *about, struct journal **ret, struct err *e)
{
    _cleanup_free_ char *id = make_id(command);
    _cleanup_(journal_close_p) struct journal *j = allocate(id);
    _cleanup_free_ char *fresh = xasprintf(".%s", id);
    const char *name = strrchr(j->path, '/') + 1;
    j->fd = openat(dir, fresh, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (j->fd < 0)
        return err_errno(e, errno, "cannot make the journal %s", j->path);
    int r = begin(j, command, about, e);
    if (r == 0 && renameat(dir, fresh, dir, name) < 0)
        r = err_errno(e, errno, "cannot make the journal %s", j->path);
    if (r < 0) {
        unlinkat(dir, fresh, 0);
    } else if (fsync(dir) < 0) {
        r = err_errno(e, errno, "cannot sync the directory of %s", j->path);
        unlinkat(dir, name, 0); // nobody has acted on it
    }
    if (r == 0)
        *ret = steal(&j);
    return r;
}

int journal_create(const char *command, const json_t *about, struct journal **ret, struct err *e)
{
    int dir = -1, lock = -1;
    if (file_state_dir(JOURNAL_DIR, true, &dir, e) < 0)
        return -1;
    int r = lock_subject(dir, about, &lock, e);
    if (r == 0)
        r = create(dir, command, about, ret, e);
    if (lock >= 0)
        close(lock);
    close(dir);
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

// What a journal says is done on nodes, so it has to be ours.
static int open_trusted(struct journal *j, bool write, struct err *e)
{
    int dir = -1;
    int r = file_state_dir(JOURNAL_DIR, false, &dir, e);
    if (r == 0)
        r = file_trusted_openat(dir, strrchr(j->path, '/') + 1, write ? O_RDWR : O_RDONLY, j->path, &j->fd, e);
    if (dir >= 0)
        close(dir);
    if (r == 0 || e->code != ERR_NOT_FOUND)
        return r;
    err_set(e, ERR_NOT_FOUND, "no journal '%s'", j->id);
    return err_hint(e, "journal-list shows them");
}

// Into `j`, which has what could be read also where that is not all.
static int load(const char *id, bool write, struct journal *j, struct err *e)
{
    if (open_trusted(j, write, e) < 0)
        return -1;
    if (take_lock(j, write, e) < 0)
        return -1;
    _cleanup_free_ char *text = NULL;
    size_t len = 0;
    if (file_read_fd(j->fd, j->path, MAX_JOURNAL, &text, &len, e) < 0 || journal_parse(j, text, len, e) < 0)
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

enum outlook { IS_OVER, IS_TAKEN, MAY_GO_ON, UNREADABLE };

static enum outlook look(const char *id)
{
    enum { PEEK = 4096 };
    char head[PEEK], tail[PEEK];
    struct stat st;
    _cleanup_(journal_close_p) struct journal *j = allocate(id);
    _cleanup_err_ struct err why = ERR_INIT;
    if (check_id(id, &why) < 0 || open_trusted(j, false, &why) < 0 || take_lock(j, false, &why) < 0 ||
        fstat(j->fd, &st) < 0)
        return why.code == ERR_NOT_FOUND ? IS_OVER : UNREADABLE;
    if (j->taken)
        return IS_TAKEN;
    ssize_t n = pread(j->fd, head, PEEK, 0), m = pread(j->fd, tail, PEEK, st.st_size > PEEK ? st.st_size - PEEK : 0);
    if (n <= 0 || m <= 0)
        return UNREADABLE;
    return journal_looks_unfinished(head, (size_t)n, tail, (size_t)m) ? MAY_GO_ON : IS_OVER;
}

bool journal_may_go_on(const char *id)
{
    return look(id) == MAY_GO_ON;
}

size_t journal_unfinished(size_t *ret_unreadable)
{
    static json_t *over; // id -> size and time of its last change
    size_t n = 0;
    *ret_unreadable = 0;
    _cleanup_strv_ struct strv ids = STRV_INIT;
    _cleanup_err_ struct err ignored = ERR_INIT; // what needs the journals will tell
    _cleanup_free_ char *dir = file_xdg("STATE", JOURNAL_DIR);
    over = over ? over : json_object();
    journal_list(NULL, &ids, &ignored);
    for (size_t i = 0; i < ids.n; i++) {
        struct stat st;
        _cleanup_free_ char *path = xasprintf("%s/%s.jsonl", dir, ids.s[i]);
        if (lstat(path, &st) < 0)
            continue;
        _cleanup_free_ char *version =
            xasprintf("%lld %lld.%09ld", (long long)st.st_size, (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
        const char *known = json_text_at(over, ids.s[i]);
        enum outlook is = known && strcmp(known, version) == 0 ? IS_OVER : look(ids.s[i]);
        n += is == MAY_GO_ON;
        *ret_unreadable += is == UNREADABLE;
        if (is == IS_OVER)
            json_object_set_new(over, ids.s[i], json_text(version));
    }
    return n;
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
                   json_pack("{s:o, s:i, s:o, s:f, s:O}", "rec", json_text("intent"), "step", (int)step, "name",
                             json_text(name), "time", clock_real_s(), "about", about ? (json_t *)about : json_null()),
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
                         json_pack("{s:o, s:i, s:o, s:f, s:O}", "rec", json_text("outcome"), "step", (int)step, "state",
                                   json_text(journal_step_state_name(state)), "time", clock_real_s(), "outcome",
                                   outcome ? (json_t *)outcome : json_null()),
                         e);
}

int journal_end(struct journal *j, enum journal_state state, const json_t *kept, struct err *e)
{
    return append_locked(j,
                         json_pack("{s:o, s:o, s:f, s:O*}", "rec", json_text("end"), "state",
                                   json_text(journal_state_name(state)), "time", clock_real_s(), "kept",
                                   (json_t *)kept),
                         e);
}
