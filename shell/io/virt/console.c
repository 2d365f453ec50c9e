// SPDX-License-Identifier: GPL-3.0-or-later
// A guest's serial console. See virt/console.h. libvirt's calls on streams wait for the socket, whatever their flags
// say, but for the receiving of what has come already: so that is done out of the loop, and the rest by a thread.
#include "io/virt/console.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "io/job.h"
#include "io/virt/event.h"
#include "io/virt/priv.h"

_Static_assert((int)VIRT_CONSOLE_FORCE == VIR_DOMAIN_CONSOLE_FORCE && (int)VIRT_CONSOLE_SAFE == VIR_DOMAIN_CONSOLE_SAFE,
               "our bits are libvirt's");

enum {
    CHUNK = 4096,
    TURN = 64 << 10,    // read at once, before the loop has others served
    IN_MAX = 1 << 20,   // kept for a terminal that does not take it
    OUT_MAX = 64 << 10, // typed, and not sent yet
    PATIENCE_MS = 2000,
    AGAIN_MS = 10,
    ALIVE_MS = 1000, // between two looks at the connection
};

struct virt_console {
    struct lock *lock; // guards all below `flags`
    struct virt_conn *conn;
    char *uuid, *devname;
    unsigned flags;
    int refs; // the caller's, the thread's, the stream's callback's
    int wake_fd;
    struct job_thread *thread;
    bool ended;    // the thread has
    bool hung_up;  // no more will come
    bool watching; // the stream has our callback
    struct virt_console_seen seen;
    struct buf in, out;
    atomic_bool stop; // the thread is to end
    // The thread's alone; the stream is also read by the loop while `watching`.
    virStreamPtr stream;
    struct virt_sub *sub;
};

static void console_unref(struct virt_console *c)
{
    lock_acquire(c->lock);
    bool last = --c->refs == 0;
    lock_release(c->lock);
    if (!last)
        return;
    lock_free(c->lock);
    virt_conn_unref(c->conn);
    err_release(&c->seen.err);
    buf_release(&c->in);
    buf_release(&c->out);
    close(c->wake_fd);
    free(c->uuid);
    free(c->devname);
    free(c);
}

static void console_ref(struct virt_console *c)
{
    lock_acquire(c->lock);
    c->refs++;
    lock_release(c->lock);
}

// With the lock held: both who look and the thread.
static void tell(struct virt_console *c)
{
    uint64_t one = 1;
    (void)!write(c->wake_fd, &one, sizeof(one));
    lock_wake(c->lock);
}

// ---- out of the loop, on the main thread

static void on_lifecycle(const json_t *event, void *data)
{
    struct virt_console *c = data;
    const char *type = json_text_at(event, "type"), *detail = json_text_at(event, "detail");
    if (!type || !detail)
        return;
    bool moves = strcmp(detail, "Migrated") == 0 || strcmp(detail, "Post-copy") == 0;
    bool stops = strcmp(type, "Stopped") == 0;
    lock_acquire(c->lock);
    if (stops) // "Failed": a migration to here may have, and the guest goes on where it was
        c->seen.stopped = !moves && strcmp(detail, "Failed") != 0;
    else if (strcmp(type, "Started") == 0)
        c->seen.stopped = false;
    if (stops || strcmp(type, "Suspended") == 0)
        c->seen.leaving = moves;
    else if (strcmp(type, "Resumed") == 0)
        c->seen.leaving = false;
    tell(c);
    lock_release(c->lock);
}

static void hang_up(struct virt_console *c, const struct err *why)
{
    lock_acquire(c->lock);
    c->hung_up = true;
    if (why && !err_is_set(&c->seen.err))
        err_copy(&c->seen.err, why);
    tell(c);
    lock_release(c->lock);
}

static void receive(struct virt_console *c, virStreamPtr stream)
{
    char chunk[CHUNK];
    for (size_t turn = 0; turn < TURN;) {
        int n = VIRT(virStreamRecv(stream, chunk, sizeof(chunk)));
        if (n == -2)
            return;
        _cleanup_err_ struct err why = ERR_INIT;
        if (n <= 0) {
            if (n < 0)
                virt_fail(&why, NULL);
            hang_up(c, n < 0 ? &why : NULL);
            return;
        }
        lock_acquire(c->lock);
        if (c->in.len + (size_t)n <= IN_MAX)
            buf_add(&c->in, chunk, (size_t)n);
        else
            c->seen.dropped += (unsigned)n;
        tell(c);
        lock_release(c->lock);
        turn += (size_t)n;
    }
}

// No callback runs or begins after this, as they run on this thread, too. (libvirt's remote driver forgets to call the
// function that is to free what a callback was given, so that is done here.)
static void stop_watching(struct virt_console *c, virStreamPtr stream)
{
    lock_acquire(c->lock);
    bool remove = c->watching;
    c->watching = false;
    lock_release(c->lock);
    if (!remove)
        return;
    (void)VIRT(virStreamEventRemoveCallback(stream));
    console_unref(c);
}

static void stop_watching_it(void *data)
{
    struct virt_console *c = data;
    stop_watching(c, c->stream);
}

static void on_stream(virStreamPtr stream, int events, void *data)
{
    struct virt_console *c = data;
    if (events & VIR_STREAM_EVENT_READABLE)
        receive(c, stream);
    if (events & (VIR_STREAM_EVENT_ERROR | VIR_STREAM_EVENT_HANGUP))
        hang_up(c, NULL);
    lock_acquire(c->lock);
    bool hung_up = c->hung_up;
    lock_release(c->lock);
    if (hung_up)
        stop_watching(c, stream);
}

// ---- the thread

static int watch_stream(struct virt_console *c, struct err *e)
{
    console_ref(c);
    lock_acquire(c->lock);
    c->watching = true;
    lock_release(c->lock);
    int events = VIR_STREAM_EVENT_READABLE | VIR_STREAM_EVENT_ERROR | VIR_STREAM_EVENT_HANGUP;
    if (VIRT(virStreamEventAddCallback(c->stream, events, on_stream, c, NULL)) == 0)
        return 0;
    virt_fail(e, NULL);
    c->watching = false;
    console_unref(c);
    return -1;
}

static int open_stream(struct virt_console *c, struct err *e)
{
    _cleanup_(virt_dom_free_p) struct virt_dom *dom = NULL;
    if (virt_dom_lookup_uuid(c->conn, c->uuid, &dom, e) < 0)
        return -1;
    // A driver without events cannot tell that the guest leaves; that its console ends is seen all the same.
    _cleanup_err_ struct err ignored = ERR_INIT;
    (void)virt_event_subscribe(c->conn, dom, VIRT_EVENT_LIFECYCLE, on_lifecycle, c, &c->sub, &ignored);
    c->stream = VIRT(virStreamNew(c->conn->ptr, VIR_STREAM_NONBLOCK));
    if (!c->stream || VIRT(virDomainOpenConsole(dom->ptr, c->devname, c->stream, c->flags)) < 0)
        return virt_fail(e, NULL);
    return watch_stream(c, e);
}

static int send_all(struct virt_console *c, const char *s, size_t n, struct err *e)
{
    static const struct timespec again = {.tv_nsec = AGAIN_MS * 1000000L};
    while (n && !c->stop) {
        int sent = VIRT(virStreamSend(c->stream, s, n));
        if (sent == -2) {
            nanosleep(&again, NULL);
            continue;
        }
        if (sent < 0)
            return virt_fail(e, NULL);
        s += sent;
        n -= (size_t)sent;
    }
    return 0;
}

// A connection that breaks tells its streams nothing. With the lock held.
static void look_at_connection(struct virt_console *c)
{
    lock_release(c->lock);
    if (!virt_conn_alive(c->conn)) {
        _cleanup_err_ struct err why = ERR_INIT;
        err_set(&why, ERR_UNREACHABLE, "the connection was lost");
        hang_up(c, &why);
    }
    lock_acquire(c->lock);
}

// Until the operator or the host ends it.
static void send_typed(struct virt_console *c)
{
    lock_acquire(c->lock);
    while (!c->stop && !c->hung_up) {
        if (!c->out.len) {
            _cleanup_err_ struct err waited = ERR_INIT;
            if (lock_wait(c->lock, NULL, ALIVE_MS, &waited) < 0)
                look_at_connection(c);
            continue;
        }
        _cleanup_buf_ struct buf now = c->out;
        c->out = (struct buf)BUF_INIT;
        lock_release(c->lock);
        _cleanup_err_ struct err why = ERR_INIT;
        if (send_all(c, now.s, now.len, &why) < 0)
            hang_up(c, &why);
        lock_acquire(c->lock);
    }
    lock_release(c->lock);
}

static void ask_fate(struct virt_console *c)
{
    _cleanup_(virt_dom_free_p) struct virt_dom *dom = NULL;
    _cleanup_err_ struct err why = ERR_INIT;
    const char *state = NULL, *reason = NULL;
    if (virt_dom_lookup_uuid(c->conn, c->uuid, &dom, &why) == 0)
        (void)virt_dom_state(dom, &state, &reason, &why);
    lock_acquire(c->lock);
    if (err_is_set(&why) && why.code != ERR_NOT_FOUND && !err_is_set(&c->seen.err))
        err_copy(&c->seen.err, &why);
    c->seen.domain = state;
    c->seen.reason = reason;
    lock_release(c->lock);
}

static void close_stream(struct virt_console *c)
{
    if (!c->stream)
        return;
    job_call_main(stop_watching_it, c);
    (void)VIRT(virStreamAbort(c->stream));
    virStreamFree(c->stream);
}

static void console_main(void *data)
{
    struct virt_console *c = data;
    struct err e = ERR_INIT;
    int r = open_stream(c, &e);
    lock_acquire(c->lock); // NOLINT(clang-analyzer-unix.Malloc): it does not count references
    if (r < 0)
        err_move(&c->seen.err, &e);
    else
        c->seen.state = VIRT_CONSOLE_OPEN;
    tell(c);
    lock_release(c->lock);
    if (r == 0) {
        send_typed(c);
        if (!c->stop)
            ask_fate(c);
    }
    close_stream(c);
    lock_acquire(c->lock);
    c->seen.state = VIRT_CONSOLE_ENDED;
    tell(c);
    while (!c->stop) { // the event that tells why may come after the end
        _cleanup_err_ struct err ignored = ERR_INIT;
        lock_wait(c->lock, NULL, -1, &ignored);
    }
    lock_release(c->lock);
    virt_event_unsubscribe(c->sub);
    lock_acquire(c->lock);
    c->ended = true;
    tell(c);
    lock_release(c->lock);
    console_unref(c);
}

// ---- the caller's

int virt_console_open(struct virt_conn *conn, const char *uuid, const char *devname, unsigned flags,
                      struct virt_console **ret, struct err *e)
{
    int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (fd < 0)
        return err_errno(e, errno, "eventfd");
    struct virt_console *c = xnew(struct virt_console);
    c->lock = lock_new();
    c->conn = virt_conn_ref(conn);
    c->uuid = xstrdup(uuid);
    c->devname = devname ? xstrdup(devname) : NULL;
    c->flags = flags;
    c->wake_fd = fd;
    c->refs = 2;
    c->thread = job_thread_start("console", console_main, c, e);
    if (!c->thread) {
        c->refs = 1; // no thread has the other
        console_unref(c);
        return -1;
    }
    *ret = c;
    return 0;
}

int virt_console_fd(const struct virt_console *c)
{
    return c->wake_fd;
}

void virt_console_look(struct virt_console *c, struct virt_console_seen *ret, struct buf *out)
{
    uint64_t count;
    lock_acquire(c->lock);
    (void)!read(c->wake_fd, &count, sizeof(count));
    *ret = c->seen;
    ret->err = (struct err)ERR_INIT;
    err_copy(&ret->err, &c->seen.err);
    buf_add(out, buf_str(&c->in), c->in.len);
    buf_truncate(&c->in, 0);
    lock_release(c->lock);
}

size_t virt_console_send(struct virt_console *c, const char *bytes, size_t n)
{
    lock_acquire(c->lock);
    size_t room = OUT_MAX - c->out.len, taken = n < room ? n : room;
    buf_add(&c->out, bytes, taken);
    tell(c);
    lock_release(c->lock);
    return taken;
}

void virt_console_close(struct virt_console *c)
{
    if (!c)
        return;
    double left = PATIENCE_MS, until = clock_mono_ms() + left;
    lock_acquire(c->lock);
    c->stop = true;
    tell(c);
    for (; !c->ended && left > 0; left = until - clock_mono_ms()) {
        _cleanup_err_ struct err ignored = ERR_INIT;
        lock_wait(c->lock, NULL, left, &ignored);
    }
    bool ended = c->ended;
    lock_release(c->lock);
    if (ended)
        job_thread_join(c->thread);
    else
        job_thread_leave(c->thread);
    console_unref(c);
}
