// SPDX-License-Identifier: GPL-3.0-or-later
// See copy/stream.h. Job threads.
#include "core/copy/stream.h"

#include <inttypes.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/job.h"

enum { STALL_S = 25 };
static const uint64_t BATCH_MIN = 256 << 10, BATCH_MAX = 16 << 20, WINDOW_MIN = 4 << 20, WINDOW_MAX = 64 << 20;

static void wake(int fd, double s)
{
    struct itimerspec t = {.it_value = {(time_t)s, (long)((s - (double)(time_t)s) * 1e9) + 1}};
    timerfd_settime(fd, 0, &t, NULL);
}

static void wake_drain(int fd)
{
    uint64_t n;
    (void)!read(fd, &n, sizeof(n));
}

void stream_wake_all(struct send *s)
{
    for (int i = 0; i < s->n; i++) {
        wake(s->stream[i].wake_lines, 0);
        wake(s->stream[i].wake_data, 0);
    }
    lock_wake(s->lock);
}

void stream_fail(struct send *s, struct err *e)
{
    if (!s->failed)
        err_move(&s->err, e);
    else
        err_release(e);
    s->failed = true;
    stream_wake_all(s);
}

static int stopped(struct err *e)
{
    return err_set(e, ERR_FAILED, "stopped");
}

// --- handing out

// Bytes a second that this stream has written; 0: not known yet.
static double rate_of(const struct stream *st)
{
    return st->done ? (double)st->done / (clock_mono_s() - st->s->began) : 0;
}

// What takes two seconds or so: each is answered, and that tells on a slow line that something arrives.
static uint64_t batch_size(const struct stream *st)
{
    double limit = st->s->c->o->max_rate / st->s->n / 4, n = rate_of(st) * 2;
    if (limit > 0 && limit < n)
        n = limit;
    return n < (double)BATCH_MIN ? BATCH_MIN : n > (double)BATCH_MAX ? BATCH_MAX : (uint64_t)n;
}

// Seconds until more may be handed out.
static double pace(struct send *s, uint64_t bytes)
{
    double now = clock_mono_s(), rate = s->c->o->max_rate;
    if (rate <= 0)
        return 0;
    if (s->paced > now)
        return s->paced - now;
    s->paced = (s->paced > now - 1 ? s->paced : now) + (double)bytes / rate;
    return 0;
}

// How far has the writer come?
static void ask(struct stream *st)
{
    buf_adds(&st->lines, "0 0\n");
    st->marks[(st->first_mark + st->n_marks++) % COPY_ACKS] = st->handed;
}

static void hand_out(struct stream *st)
{
    struct send *s = st->s;
    uint64_t left = batch_size(st);
    buf_truncate(&st->lines, 0);
    st->fed = 0;
    if (!st->begun)
        buf_addf(&st->lines, "is %s\n%s%s", s->c->to.identity, s->c->fresh ? "fresh\n" : "",
                 s->c->scan ? "scan\n" : "");
    while (st->begun && left && s->at < s->plan->n && st->lines.len < 32768) {
        const struct copy_range *r = &s->plan->r[s->at];
        uint64_t n = r->length - s->offset;
        n = n < left ? n : left;
        buf_addf(&st->lines, "%" PRIu64 " %" PRIu64 "%s\n", r->offset + s->offset, n, r->zero ? " z" : "");
        st->handed += n;
        left -= n;
        s->offset += n;
        if (s->offset == r->length) {
            s->at++;
            s->offset = 0;
        }
    }
    st->begun = true;
    st->unmarked = st->n_marks == COPY_ACKS - 1; // answers are kept back
    if (!st->unmarked)
        ask(st);
}

// Two seconds' worth.
static uint64_t window_of(const struct stream *st)
{
    double rate = rate_of(st);
    uint64_t window = rate > 0 ? (uint64_t)(rate * 2) : WINDOW_MAX / 4;
    return window < WINDOW_MIN ? WINDOW_MIN : window > WINDOW_MAX ? WINDOW_MAX : window;
}

static bool may_hand_out(struct stream *st, double *ret_wait)
{
    struct send *s = st->s;
    // The first stream's writer locks the file. The others' log in meanwhile, and open it when their first line comes.
    if (!st->begun)
        return st->index == 0 || s->stream[0].ready;
    // Behind zstd an answer may wait for much more data, so only the pipes hold back what is handed out.
    if (!s->c->o->compress && (!st->ready || st->handed - st->done >= window_of(st) || st->n_marks == COPY_ACKS - 1))
        return false;
    *ret_wait = pace(s, batch_size(st));
    return *ret_wait <= 0;
}

static int check_stall(struct stream *st, struct err *e)
{
    struct copy *c = st->s->c;
    if (!st->n_marks) {
        st->heard = clock_mono_s();
        return 0;
    }
    if (clock_mono_s() - st->heard < STALL_S)
        return 0;
    bool source = !st->s->direct && st->ready && st->len == 0;
    return err_set(e, ERR_TIMEOUT, "%s:%s: no data for %d s (%s)",
                   source ? place_name(c->from.end->node) : place_name(c->to.end->node),
                   source ? c->from.end->path : c->to.end->path, STALL_S,
                   source ? "reading" : "writing, or on the way to it");
}

// No range is left: 0 once the writer has told that all is written. Until then this side goes on looking whether it
// stalls. A compressor keeps the last of it back until its input ends.
static ssize_t last_lines(struct stream *st)
{
    if (!st->unmarked)
        return st->s->c->o->compress || (st->ready && !st->n_marks) ? 0 : REMOTE_LATER;
    st->unmarked = false;
    buf_truncate(&st->lines, 0);
    st->fed = 0;
    ask(st);
    return REMOTE_LATER;
}

ssize_t stream_feed_lines(void *data, void *buf, size_t n, struct err *e)
{
    struct stream *st = data;
    struct send *s = st->s;
    ssize_t r = REMOTE_LATER;
    double later = 0;
    lock_acquire(s->lock);
    wake_drain(st->wake_lines);
    bool idle = st->fed == st->lines.len;
    if (s->failed)
        r = stopped(e);
    else if (check_stall(st, e) < 0)
        r = -1;
    else if (st->gone)
        r = 0;
    else if (idle && s->plan && st->begun && s->at == s->plan->n)
        r = last_lines(st);
    else if (idle && s->plan && may_hand_out(st, &later))
        hand_out(st);
    if (later > 0)
        wake(st->wake_lines, later);
    if (r == REMOTE_LATER && st->fed < st->lines.len) {
        size_t left = st->lines.len - st->fed;
        r = (ssize_t)(left < n ? left : n);
        memcpy(buf, st->lines.s + st->fed, (size_t)r);
        st->fed += (size_t)r;
    }
    lock_release(s->lock);
    return r;
}

// --- what the writer says

static void take_line(struct stream *st, const char *line)
{
    if (strcmp(line, "@ready") == 0) {
        if (st->ready) // once: it is no progress
            return;
        st->ready = true;
        st->heard = clock_mono_s();
        stream_wake_all(st->s);
    } else if (str_starts(line, "@end ")) {
        st->gone = true;
        wake(st->wake_lines, 0);
    } else if (str_starts(line, "@done ") && st->n_marks) {
        uint64_t mark = st->marks[st->first_mark];
        st->first_mark = (st->first_mark + 1) % COPY_ACKS;
        st->n_marks--;
        char *end;
        st->written = strtoull(line + 6, &end, 10);
        st->wire = strtoull(end, NULL, 10);
        st->heard = clock_mono_s();
        copy_count(st->s->c, mark - st->done);
        st->done = mark;
        wake(st->wake_lines, 0);
    }
}

static void take_words(struct stream *st, const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (text[i] != '\n') {
            if (st->line.len < 256)
                buf_addc(&st->line, text[i]);
            continue;
        }
        take_line(st, buf_str(&st->line));
        buf_truncate(&st->line, 0);
    }
}

static void take_error(struct buf *said, const char *text, size_t n)
{
    if (said->len < 4096)
        buf_add(said, text, n < 4096 ? n : 4096);
}

int stream_writer_output(void *data, bool is_stderr, const void *text, size_t n, struct err *e)
{
    (void)e;
    struct stream *st = data;
    lock_acquire(st->s->lock);
    if (is_stderr)
        take_error(&st->said[1], text, n);
    else
        take_words(st, text, n);
    lock_release(st->s->lock);
    return 0;
}

// --- relay: between the two connections. Each wakes the other for a good part of the buffer, not for each packet.

static void wake_writer(struct stream *st)
{
    bool enough = st->len >= COPY_RING / 8;
    if (st->data_waits && (enough || !st->data_soon))
        wake(st->wake_data, enough ? 0 : 0.001);
    st->data_soon = st->data_waits;
    st->data_waits = st->data_waits && !enough;
}

int stream_reader_output(void *data, bool is_stderr, const void *text, size_t n, struct err *e)
{
    struct stream *st = data;
    struct send *s = st->s;
    const char *from = text;
    int r = 0;
    lock_acquire(s->lock);
    if (is_stderr) {
        take_error(&st->said[0], text, n);
        n = 0;
    }
    st->passed += n;
    while (n && r == 0) {
        if (s->failed) {
            r = stopped(e);
        } else if (st->len == COPY_RING) {
            st->room_waits = true;
            r = lock_wait(s->lock, s->c->job, 1000, e);
            if (r < 0 && e->code == ERR_TIMEOUT) {
                err_release(e);
                r = check_stall(st, e);
            }
        } else {
            size_t at = (st->head + st->len) % COPY_RING, room = at < st->head ? st->head - at : COPY_RING - at;
            room = room < n ? room : n;
            memcpy(st->ring + at, from, room);
            st->len += room;
            from += room;
            n -= room;
            wake_writer(st);
        }
    }
    lock_release(s->lock);
    return r;
}

ssize_t stream_feed_data(void *data, void *buf, size_t n, struct err *e)
{
    struct stream *st = data;
    struct send *s = st->s;
    ssize_t r = REMOTE_LATER;
    lock_acquire(s->lock);
    if (s->failed) {
        r = stopped(e);
    } else if (st->len) {
        size_t part = COPY_RING - st->head;
        part = part < st->len ? part : st->len;
        part = part < n ? part : n;
        memcpy(buf, st->ring + st->head, part);
        st->head = (st->head + part) % COPY_RING;
        st->len -= part;
        r = (ssize_t)part;
        st->data_waits = st->data_soon = false;
        if (st->room_waits && st->len <= COPY_RING / 2) {
            st->room_waits = false;
            lock_wake(s->lock);
        }
    } else if (st->ring_end) {
        r = 0;
    } else {
        wake_drain(st->wake_data);
        st->data_waits = true;
        st->data_soon = false;
    }
    lock_release(s->lock);
    return r;
}

void stream_reader_ended(struct stream *st)
{
    st->ring_end = true;
    wake(st->wake_data, 0);
}

bool stream_is_complete(const struct stream *st)
{
    return st->ready && !st->n_marks && st->s->at == st->s->plan->n;
}

void stream_init(struct send *s, int index)
{
    struct stream *st = &s->stream[index];
    st->s = s;
    st->index = index;
    st->wake_lines = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    st->wake_data = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    st->ring = s->direct ? NULL : xcalloc(COPY_RING, 1);
    st->heard = clock_mono_s();
}

void stream_release(struct stream *st)
{
    close(st->wake_lines);
    close(st->wake_data);
    free(st->ring);
    buf_release(&st->lines);
    buf_release(&st->line);
    buf_release(&st->said[0]);
    buf_release(&st->said[1]);
}
