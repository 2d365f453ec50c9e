// SPDX-License-Identifier: GPL-3.0-or-later
// Uploading and downloading volumes, and pictures of screens. libvirt's calls on streams block until the other side
// moves, whatever their flags say, and cannot be interrupted. So a pump thread makes them, and the job's thread waits
// for the pump or for the operator, whichever is first. See virt/stream.h.
#include "io/virt/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/job.h"
#include "io/virt/priv.h"

enum {
    CHUNK = 256 << 10,
    // A download is asked for in pieces: libvirt's event loop takes in whatever the daemon sends and queues it without
    // a limit while we wait for the disk. One piece is the most that can be in memory.
    PIECE = 32 << 20,
    PROGRESS_MS = 250,
    PATIENCE_MS = 2000, // for a cancelled pump to end in order
};

struct pump {
    struct lock *lock;
    int refs; // the job's and the pump's own; with the lock
    bool stop, ended;
    struct virt_transferred done;
    char *mime;
    struct err err;
    // The pump's alone once it runs.
    struct virt_transfer t;
    struct virt_vol vol;    // or
    struct virt_dom *guest; // whose screen it is
    unsigned screen;
    virStreamPtr stream;
    char *chunk;
};

static void pump_unref(struct pump *p)
{
    lock_acquire(p->lock);
    bool last = --p->refs == 0;
    lock_release(p->lock);
    if (!last)
        return;
    lock_free(p->lock);
    err_release(&p->err);
    if (p->vol.ptr)
        virStorageVolFree(p->vol.ptr);
    virt_conn_unref(p->vol.conn);
    virt_dom_free(p->guest);
    free(p->mime);
    close(p->t.fd);
    free(p->chunk);
    free(p);
}

// Counts, and tells whether to go on.
static int advance(struct pump *p, unsigned long long bytes, unsigned long long holes, struct err *e)
{
    lock_acquire(p->lock);
    p->done.bytes += bytes;
    p->done.holes += holes;
    bool stop = p->stop;
    lock_release(p->lock);
    return stop ? err_set(e, ERR_CANCELLED, "cancelled") : 0;
}

static unsigned long long total(const struct pump *p)
{
    return p->done.bytes + p->done.holes; // written by the pump's own thread only
}

static int open_stream(struct pump *p, struct err *e)
{
    p->stream = VIRT(virStreamNew(p->guest ? p->guest->conn->ptr : p->vol.conn->ptr, 0));
    return p->stream ? 0 : virt_fail(e, NULL);
}

// Ends the stream in order after success (`r` 0), else at once; a failure of that does not replace the first error.
static int close_stream(struct pump *p, bool open, int r, struct err *e)
{
    if (r == 0 && VIRT(virStreamFinish(p->stream)) < 0)
        r = virt_fail(e, NULL);
    else if (r < 0 && open)
        (void)VIRT(virStreamAbort(p->stream));
    virStreamFree(p->stream);
    p->stream = NULL;
    return r;
}

static int write_all(int fd, const char *data, size_t n, struct err *e)
{
    while (n) {
        ssize_t w = write(fd, data, n);
        if (w < 0 && errno == EINTR)
            continue;
        if (w < 0)
            return err_errno(e, errno, "cannot write the local file");
        data += w;
        n -= (size_t)w;
    }
    return 0;
}

// Until the piece's end: 0; or -1.
static int receive(struct pump *p, struct err *e)
{
    for (;;) {
        int n = p->t.sparse ? VIRT(virStreamRecvFlags(p->stream, p->chunk, CHUNK, VIR_STREAM_RECV_STOP_AT_HOLE))
                            : VIRT(virStreamRecv(p->stream, p->chunk, CHUNK));
        if (n == 0)
            return 0;
        long long hole = 0;
        if (n == -3 && VIRT(virStreamRecvHole(p->stream, &hole, 0)) < 0)
            return virt_fail(e, NULL);
        if (n == -3 && lseek(p->t.fd, hole, SEEK_CUR) < 0)
            return err_errno(e, errno, "cannot make a hole in the local file");
        if (n < 0 && n != -3)
            return virt_fail(e, NULL);
        if (n > 0 && write_all(p->t.fd, p->chunk, (size_t)n, e) < 0)
            return -1;
        if (advance(p, n > 0 ? (unsigned long long)n : 0, (unsigned long long)hole, e) < 0)
            return -1;
    }
}

static int download(struct pump *p, struct err *e)
{
    unsigned flags = p->t.sparse ? VIR_STORAGE_VOL_DOWNLOAD_SPARSE_STREAM : 0;
    for (;;) {
        unsigned long long before = total(p), piece = PIECE;
        if (p->t.length && p->t.length - before < piece)
            piece = p->t.length - before;
        if (open_stream(p, e) < 0)
            return -1;
        int r = VIRT(virStorageVolDownload(p->vol.ptr, p->stream, p->t.offset + before, piece, flags));
        bool open = r == 0;
        r = r < 0 ? virt_fail(e, NULL) : receive(p, e);
        if (close_stream(p, open, r, e) < 0)
            return -1;
        if (total(p) - before < piece || total(p) == p->t.length)
            break;
    }
    // A hole at the end was skipped, not written.
    off_t end = p->t.sparse ? lseek(p->t.fd, 0, SEEK_CUR) : 0;
    if (end < 0 || (p->t.sparse && ftruncate(p->t.fd, end) < 0))
        return err_errno(e, errno, "cannot set the size of the local file");
    return 0;
}

static int take_screenshot(struct pump *p, struct err *e)
{
    if (open_stream(p, e) < 0)
        return -1;
    char *mime = VIRT(virDomainScreenshot(p->guest->ptr, p->stream, p->screen, 0));
    int r = mime ? receive(p, e) : virt_fail(e, NULL);
    lock_acquire(p->lock);
    p->mime = mime;
    lock_release(p->lock);
    return close_stream(p, mime != NULL, r, e);
}

static int send_all(struct pump *p, size_t n, struct err *e)
{
    for (size_t sent = 0; sent < n;) {
        int r = VIRT(virStreamSend(p->stream, p->chunk + sent, n - sent));
        if (r < 0)
            return virt_fail(e, NULL);
        sent += (size_t)r;
        if (advance(p, (unsigned long long)r, 0, e) < 0)
            return -1;
    }
    return 0;
}

// At most `left` bytes of the file as data; *ret: how many there were.
static int send_data(struct pump *p, unsigned long long left, size_t *ret, struct err *e)
{
    ssize_t n;
    do
        n = read(p->t.fd, p->chunk, left < CHUNK ? (size_t)left : CHUNK);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return err_errno(e, errno, "cannot read the local file");
    *ret = (size_t)n;
    return send_all(p, (size_t)n, e);
}

static int send_dense(struct pump *p, struct err *e)
{
    size_t n = 1;
    while (n && (!p->t.length || total(p) < p->t.length)) {
        if (send_data(p, p->t.length ? p->t.length - total(p) : CHUNK, &n, e) < 0)
            return -1;
    }
    return 0;
}

static int send_hole(struct pump *p, off_t from, off_t to, struct err *e)
{
    if (VIRT(virStreamSendHole(p->stream, to - from, 0)) < 0)
        return virt_fail(e, NULL);
    if (lseek(p->t.fd, to, SEEK_SET) < 0)
        return err_errno(e, errno, "cannot read the local file");
    return advance(p, 0, (unsigned long long)(to - from), e);
}

static int send_sparse(struct pump *p, struct err *e)
{
    int fd = p->t.fd;
    off_t at = lseek(fd, 0, SEEK_CUR), end = lseek(fd, 0, SEEK_END);
    if (at < 0 || end < 0)
        return err_errno(e, errno, "cannot look for holes in the local file");
    if (p->t.length && (unsigned long long)(end - at) > p->t.length)
        end = at + (off_t)p->t.length;
    while (at < end) {
        off_t data = lseek(fd, at, SEEK_DATA);
        if (data < 0 && errno != ENXIO)
            return err_errno(e, errno, "cannot look for holes in the local file");
        if (data < 0 || data > end)
            data = end;
        if (data > at && send_hole(p, at, data, e) < 0)
            return -1;
        off_t hole = data < end ? lseek(fd, data, SEEK_HOLE) : end;
        if (hole < 0 || lseek(fd, data, SEEK_SET) < 0)
            return err_errno(e, errno, "cannot look for holes in the local file");
        if (hole > end)
            hole = end;
        for (at = data; at < hole;) {
            size_t n = 0;
            if (send_data(p, (unsigned long long)(hole - at), &n, e) < 0)
                return -1;
            if (!n)
                return err_set(e, ERR_IO, "the local file became shorter while it was read");
            at += (off_t)n;
        }
    }
    return 0;
}

static int upload(struct pump *p, struct err *e)
{
    unsigned flags = p->t.sparse ? VIR_STORAGE_VOL_UPLOAD_SPARSE_STREAM : 0;
    if (open_stream(p, e) < 0)
        return -1;
    int r = VIRT(virStorageVolUpload(p->vol.ptr, p->stream, p->t.offset, p->t.length, flags));
    bool open = r == 0;
    if (r < 0)
        r = virt_fail(e, NULL);
    else
        r = p->t.sparse ? send_sparse(p, e) : send_dense(p, e);
    return close_stream(p, open, r, e);
}

static void pump_main(void *arg)
{
    struct pump *p = arg;
    struct err e = ERR_INIT;
    (void)(p->guest ? take_screenshot(p, &e) : p->t.upload ? upload(p, &e) : download(p, &e));
    lock_acquire(p->lock);
    err_move(&p->err, &e);
    p->ended = true;
    lock_wake(p->lock);
    lock_release(p->lock);
    pump_unref(p);
}

// For the one who asks for it and for the thread that does it.
static int pump_new(const struct virt_transfer *t, struct pump **ret, struct err *e)
{
    int fd = fcntl(t->fd, F_DUPFD_CLOEXEC, 3);
    if (fd < 0)
        return err_errno(e, errno, "cannot keep the local file open");
    struct pump *p = xnew(struct pump);
    p->lock = lock_new();
    p->refs = 2;
    p->t = *t;
    p->t.fd = fd;
    p->chunk = xcalloc(CHUNK, 1);
    *ret = p;
    return 0;
}

// With the lock held: until the pump has ended (true) or the job is cancelled.
static bool follow(struct pump *p, struct job *job, const struct virt_transfer *t)
{
    struct err e = ERR_INIT;
    while (!p->ended && !job_cancelled(job)) {
        lock_wait(p->lock, job, PROGRESS_MS, &e);
        err_release(&e);
        if (p->ended || !t->progress)
            continue;
        unsigned long long done = p->done.bytes + p->done.holes;
        lock_release(p->lock);
        t->progress(t->data, done);
        lock_acquire(p->lock);
    }
    if (!p->ended) {
        p->stop = true;
        for (int waited = 0; !p->ended && waited < PATIENCE_MS; waited += PROGRESS_MS) {
            lock_wait(p->lock, NULL, PROGRESS_MS, &e);
            err_release(&e);
        }
    }
    return p->ended;
}

// Lets go of the pump, but for what it has to say: *ret_mime is the caller's.
static int run_pump(struct pump *p, const char *name, struct job *job, struct virt_transferred *ret, char **ret_mime,
                    struct err *e)
{
    struct job_thread *thread = job_thread_start(name, pump_main, p, e);
    if (!thread) {
        p->refs = 1; // no thread has the other
        pump_unref(p);
        return -1;
    }
    const struct virt_transfer t = p->t;
    lock_acquire(p->lock);
    bool ended = follow(p, job, &t);
    *ret = p->done;
    *ret_mime = p->mime;
    p->mime = NULL;
    if (!ended)
        err_set(e, ERR_CANCELLED, "cancelled");
    else if (err_is_set(&p->err))
        err_move(e, &p->err);
    lock_release(p->lock);
    if (ended)
        job_thread_join(thread);
    else
        job_thread_leave(thread);
    pump_unref(p);
    return err_is_set(e) ? -1 : 0;
}

int virt_vol_transfer(struct virt_vol *v, struct job *job, const struct virt_transfer *t, struct virt_transferred *ret,
                      struct err *e)
{
    struct pump *p = NULL;
    _cleanup_free_ char *none = NULL;
    *ret = (struct virt_transferred){0, 0};
    if (pump_new(t, &p, e) < 0 || !p)
        return -1;
    virStorageVolRef(v->ptr);
    p->vol = (struct virt_vol){v->ptr, virt_conn_ref(v->conn)};
    return run_pump(p, t->upload ? "upload" : "download", job, ret, &none, e);
}

int virt_dom_screenshot(struct virt_dom *d, struct job *job, unsigned screen, int fd, char **ret_mime, struct err *e)
{
    struct pump *p = NULL;
    struct virt_transferred done;
    _cleanup_free_ char *mime = NULL;
    if (pump_new(&(struct virt_transfer){.fd = fd}, &p, e) < 0 || !p)
        return -1;
    p->guest = virt_dom_ref(d);
    p->screen = screen;
    if (run_pump(p, "screenshot", job, &done, &mime, e) < 0)
        return -1;
    *ret_mime = mime ? steal(&mime) : xstrdup("");
    return 0;
}
