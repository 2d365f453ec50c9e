// SPDX-License-Identifier: GPL-3.0-or-later
// Moves the ranges of a plan. For each stream a reader runs on the source and a writer on the destination; the reader's
// output goes to the writer by ssh from node to node, or through here (two connections, a thread each, a bounded buffer
// between them). This side hands out the ranges, so it sets the pace and can stop at any moment, and the writer tells
// how far it has come. Job threads.
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "core/copy_priv.h"
#include "core/out.h"
#include "io/job.h"
#include "io/remote_config.h"

enum { LANES = 8, ACKS = 64, RING = 1 << 20, STALL_S = 30 };
static const uint64_t BATCH_MIN = 256 << 10, BATCH_MAX = 16 << 20, WINDOW_MIN = 4 << 20, WINDOW_MAX = 64 << 20;

struct stream {
    struct send *s;
    int index;
    bool ready;            // the writer has begun
    struct buf lines;      // handed out, not yet fed
    size_t fed;            // … of it
    uint64_t handed, done; // bytes of ranges
    uint64_t written;      // bytes of data, as the writer says
    uint64_t marks[ACKS];  // `handed` at the acknowledgements that are asked for
    size_t first_mark, n_marks;
    bool ended;     // no range is left
    double heard;   // when the writer last told of progress
    int wake_lines; // timerfds: see struct remote_exec
    int wake_data;
    char *ring; // relay: between the two connections
    size_t head, len;
    bool ring_end, data_waits;
    struct buf said[2]; // stderr of the source's and the destination's command
    struct buf line;    // of the writer's stdout, not complete yet
};

struct send {
    struct copy *c;
    const struct copy_map *plan;
    size_t at;       // in the plan
    uint64_t offset; // in plan->r[at]
    bool direct;
    struct lock *lock; // of everything here
    struct stream stream[LANES];
    int n;
    bool failed;
    struct err err;
    double paced; // until when the bytes handed out last the limit
    struct remote_config to;
    char *reader, *writer[2]; // direct: command lines for the nodes' shells; the first stream's locks the file
};

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

static void wake_all(struct send *s)
{
    for (int i = 0; i < s->n; i++) {
        wake(s->stream[i].wake_lines, 0);
        wake(s->stream[i].wake_data, 0);
    }
    lock_wake(s->lock);
}

// With the lock held. The first failure is the one that is told; the others follow from it.
static void fail(struct send *s, struct err *e)
{
    if (!s->failed)
        err_move(&s->err, e);
    else
        err_release(e);
    s->failed = true;
    wake_all(s);
}

static int stopped(struct err *e)
{
    return err_set(e, ERR_FAILED, "stopped");
}

// --- handing out

static uint64_t batch_size(const struct send *s)
{
    double rate = s->c->o->max_rate / s->n / 4;
    uint64_t n = rate > 0 && rate < (double)BATCH_MAX ? (uint64_t)rate : BATCH_MAX;
    return n < BATCH_MIN ? BATCH_MIN : n;
}

// Seconds until more may be handed out.
static double pace(struct send *s, uint64_t bytes)
{
    double now = copy_now(), rate = s->c->o->max_rate;
    if (rate <= 0)
        return 0;
    if (s->paced > now)
        return s->paced - now;
    s->paced = (s->paced > now - 1 ? s->paced : now) + (double)bytes / rate;
    return 0;
}

static void hand_out(struct stream *st)
{
    struct send *s = st->s;
    uint64_t left = batch_size(s);
    buf_truncate(&st->lines, 0);
    st->fed = 0;
    while (left && s->at < s->plan->n && st->lines.len < 32768) {
        const struct copy_range *r = &s->plan->r[s->at];
        uint64_t n = r->length - s->offset;
        n = n < left ? n : left;
        buf_addf(&st->lines, "%llu %llu%s\n", (unsigned long long)(r->offset + s->offset), (unsigned long long)n,
                 r->zero ? " z" : "");
        st->handed += n;
        left -= n;
        s->offset += n;
        if (s->offset == r->length) {
            s->at++;
            s->offset = 0;
        }
    }
    buf_adds(&st->lines, "0 0\n");
    st->marks[(st->first_mark + st->n_marks++) % ACKS] = st->handed;
}

static bool may_hand_out(struct stream *st, double *ret_wait)
{
    struct send *s = st->s;
    double rate = st->done ? (double)st->done / (copy_now() - s->c->phase_began) : 0;
    uint64_t window = rate > 0 ? (uint64_t)(rate * 2) : WINDOW_MAX / 4;
    window = window < WINDOW_MIN ? WINDOW_MIN : window > WINDOW_MAX ? WINDOW_MAX : window;
    if (st->handed - st->done >= window || st->n_marks == ACKS)
        return false;
    *ret_wait = pace(s, batch_size(s));
    return *ret_wait <= 0;
}

static int check_stall(struct stream *st, struct err *e)
{
    struct copy *c = st->s->c;
    if (st->ready && st->handed == st->done) {
        st->heard = copy_now();
        return 0;
    }
    if (copy_now() - st->heard < STALL_S)
        return 0;
    bool source = !st->s->direct && st->ready && st->len == 0;
    return err_set(e, ERR_TIMEOUT, "%s:%s: not a byte for %d s (%s)",
                   source ? place_name(c->from.end->node) : place_name(c->to.end->node),
                   source ? c->from.end->path : c->to.end->path, STALL_S,
                   source ? "reading" : "writing, or on the way to it");
}

static ssize_t feed_lines(void *data, void *buf, size_t n, struct err *e)
{
    struct stream *st = data;
    struct send *s = st->s;
    ssize_t r = REMOTE_LATER;
    double later = 0;
    lock_acquire(s->lock);
    wake_drain(st->wake_lines);
    if (s->failed)
        r = stopped(e);
    else if (check_stall(st, e) < 0)
        r = -1;
    else if (st->ready && st->fed == st->lines.len && s->at == s->plan->n)
        r = 0;
    else if (st->ready && st->fed == st->lines.len && may_hand_out(st, &later))
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
        st->ready = true;
        st->heard = copy_now();
        wake_all(st->s);
    } else if (str_starts(line, "@done ") && st->n_marks) {
        uint64_t mark = st->marks[st->first_mark];
        st->first_mark = (st->first_mark + 1) % ACKS;
        st->n_marks--;
        st->written = strtoull(line + 6, NULL, 10);
        st->heard = copy_now();
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

static int writer_output(void *data, bool is_stderr, const void *text, size_t n, struct err *e)
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

// --- relay: between the two connections

static int reader_output(void *data, bool is_stderr, const void *text, size_t n, struct err *e)
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
    while (n && r == 0) {
        if (s->failed) {
            r = stopped(e);
        } else if (st->len == RING) {
            r = lock_wait(s->lock, s->c->job, -1, e);
        } else {
            size_t at = (st->head + st->len) % RING, room = at < st->head ? st->head - at : RING - at;
            room = room < n ? room : n;
            memcpy(st->ring + at, from, room);
            st->len += room;
            from += room;
            n -= room;
            if (st->data_waits)
                wake(st->wake_data, 0);
            st->data_waits = false;
        }
    }
    lock_release(s->lock);
    return r;
}

static ssize_t feed_data(void *data, void *buf, size_t n, struct err *e)
{
    struct stream *st = data;
    struct send *s = st->s;
    ssize_t r = REMOTE_LATER;
    lock_acquire(s->lock);
    if (s->failed) {
        r = stopped(e);
    } else if (st->len) {
        size_t part = RING - st->head;
        part = part < st->len ? part : st->len;
        part = part < n ? part : n;
        memcpy(buf, st->ring + st->head, part);
        bool was_full = st->len == RING;
        st->head = (st->head + part) % RING;
        st->len -= part;
        r = (ssize_t)part;
        if (was_full)
            lock_wake(s->lock);
    } else if (st->ring_end) {
        r = 0;
    } else {
        wake_drain(st->wake_data);
        st->data_waits = true;
    }
    lock_release(s->lock);
    return r;
}

// --- the commands

char *copy_last_words(const struct buf *said)
{
    _cleanup_strv_ struct strv lines = STRV_INIT;
    struct buf text = BUF_INIT;
    strv_split(&lines, buf_str(said), '\n');
    const char *best = lines.n ? lines.s[lines.n - 1] : "it ended early";
    for (size_t i = 0; i < lines.n; i++) {
        if (str_starts(lines.s[i], "migsh: "))
            best = lines.s[i] + 7;
    }
    buf_add_printable(&text, best, strlen(best));
    return buf_steal(&text);
}

static void end_of_command(struct stream *st, int side, int r, int status, struct err *e)
{
    struct send *s = st->s;
    lock_acquire(s->lock);
    bool early = side == 1 && (st->n_marks || s->at < s->plan->n || !st->ready);
    if (r == 0 && !s->failed && (status != 0 || early)) {
        const struct copy_side *at = side ? &s->c->to : &s->c->from;
        bool other = side && !st->said[1].len && st->said[0].len;
        at = other ? &s->c->from : at;
        _cleanup_free_ char *words = copy_last_words(&st->said[other ? 0 : side]);
        r = copy_at(at, e, strstr(words, "another copy") ? ERR_STATE : ERR_IO, words);
    }
    if (r < 0)
        fail(s, e);
    st->ring_end = st->ring_end || side == 0;
    if (side == 0)
        wake(st->wake_data, 0);
    lock_release(s->lock);
}

static void run_command(struct stream *st, struct job *job, int side)
{
    struct send *s = st->s;
    struct copy *c = s->c;
    const struct copy_side *at = side ? &c->to : &c->from;
    _cleanup_err_ struct err e = ERR_INIT;
    struct remote_result result _cleanup_(remote_result_release) = REMOTE_RESULT_INIT;
    _cleanup_free_ char *script = xasprintf("%s%s", copy_path, side ? copy_writer : copy_reader);
    const char *flag = side ? (st->index == 0 ? "lock" : "") : c->fresh ? "fresh" : "";
    const char *const args[] = {at->end->path, at->target, flag, c->o->compress ? "zstd" : ""};
    struct place_exec spec = {.script = script,
                              .args = args,
                              .n_args = ARRAY_SIZE(args),
                              .root = at->end->node != NULL,
                              .lane = (unsigned)st->index,
                              .feed = side ? feed_data : feed_lines,
                              .output = side ? writer_output : reader_output,
                              .data = st,
                              .wake_fd = side ? st->wake_data : st->wake_lines};
    int r = place_exec(c->ctx, job, at->end->node, &spec, &result, &e);
    end_of_command(st, side, r, result.status, &e);
}

static const char direct_script[] =
    "eval \"$1\" | ssh -T -o BatchMode=yes -o StrictHostKeyChecking=yes -o UpdateHostKeys=no -o ConnectTimeout=10 \\\n"
    "  -o NumberOfPasswordPrompts=0 -o ControlPath=none -o Compression=no -o ClearAllForwardings=yes -o LogLevel=ERROR "
    "\\\n"
    "  -o ServerAliveInterval=5 -o ServerAliveCountMax=5 -o 'Ciphers=^aes128-gcm@openssh.com,aes256-gcm@openssh.com' "
    "\\\n"
    "  -p \"$2\" -l \"$3\" -- \"$4\" \"$5\"\n";

static char *end_command(struct copy *c, int side, const char *flag)
{
    const struct copy_side *at = side ? &c->to : &c->from;
    _cleanup_free_ char *script = xasprintf("%s%s", copy_path, side ? copy_writer : copy_reader);
    const char *const args[] = {at->end->path, at->target, flag, c->o->compress ? "zstd" : ""};
    return place_command(
        &(struct place_exec){.script = script, .args = args, .n_args = ARRAY_SIZE(args), .root = true});
}

static void run_direct(struct stream *st, struct job *job)
{
    struct send *s = st->s;
    struct copy *c = s->c;
    _cleanup_err_ struct err e = ERR_INIT;
    struct remote_result result _cleanup_(remote_result_release) = REMOTE_RESULT_INIT;
    _cleanup_free_ char *port = xasprintf("%d", s->to.port);
    _cleanup_free_ char *reader = end_command(c, 0, c->fresh ? "fresh" : "");
    _cleanup_free_ char *writer = end_command(c, 1, st->index == 0 ? "lock" : "");
    const char *const args[] = {reader, port, s->to.user, s->to.host, writer};
    struct place_exec spec = {.script = direct_script,
                              .args = args,
                              .n_args = ARRAY_SIZE(args),
                              .lane = (unsigned)st->index,
                              .feed = feed_lines,
                              .output = writer_output,
                              .data = st,
                              .wake_fd = st->wake_lines};
    int r = place_exec(c->ctx, job, c->from.end->node, &spec, &result, &e);
    end_of_command(st, 1, r, result.status, &e);
}

// The first stream's writer locks the file, so it comes first.
static bool wait_for_first(struct stream *st, struct job *job)
{
    struct send *s = st->s;
    _cleanup_err_ struct err ignored = ERR_INIT;
    lock_acquire(s->lock);
    int r = 0;
    while (st->index && !s->stream[0].ready && !s->failed && r == 0)
        r = lock_wait(s->lock, job, -1, &ignored);
    bool go = r == 0 && !s->failed;
    lock_release(s->lock);
    return go;
}

static void run_one(struct job *job, size_t i, void *arg)
{
    struct send *s = arg;
    struct stream *st = &s->stream[s->direct ? i : i / 2];
    if (!wait_for_first(st, job))
        return;
    st->heard = copy_now();
    if (s->direct)
        run_direct(st, job);
    else
        run_command(st, job, (int)(i % 2));
}

static void init(struct send *s, struct copy *c, const struct copy_map *plan, bool direct)
{
    *s = (struct send){.c = c, .plan = plan, .direct = direct, .lock = lock_new(), .n = c->streams};
    for (int i = 0; i < s->n; i++) {
        struct stream *st = &s->stream[i];
        st->s = s;
        st->index = i;
        st->wake_lines = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
        st->wake_data = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
        st->ring = direct ? NULL : xcalloc(RING, 1);
        st->heard = copy_now();
    }
}

static void release(struct send *s)
{
    for (int i = 0; i < s->n; i++) {
        struct stream *st = &s->stream[i];
        s->c->sent += st->written;
        close(st->wake_lines);
        close(st->wake_data);
        free(st->ring);
        buf_release(&st->lines);
        buf_release(&st->line);
        buf_release(&st->said[0]);
        buf_release(&st->said[1]);
    }
    remote_config_release(&s->to);
    err_release(&s->err);
    lock_free(s->lock);
}

// *ret_began: a writer had begun, so the route works.
static int send_by(struct copy *c, const struct copy_map *plan, bool direct, bool *ret_began, struct err *e)
{
    struct send *s = xnew(struct send);
    const struct node *to = c->to.end->node;
    int r = 0;
    init(s, c, plan, direct);
    if (direct)
        r = remote_config_load(to->address, to->user, to->port, NULL, &s->to, e);
    if (r == 0) {
        size_t n = (size_t)s->n * (direct ? 1 : 2);
        job_parallel(c->job, n, n, run_one, s);
        *ret_began = s->stream[0].ready;
        if (s->failed) {
            err_move(e, &s->err);
            r = -1;
        }
    }
    release(s);
    free(s);
    return r;
}

static int choose_streams(const struct copy *c, uint64_t bytes)
{
    int n = c->o->streams ? c->o->streams : 1;
    uint64_t most = bytes / WINDOW_MAX + 1; // for a small file one is enough
    n = n > LANES ? LANES : n;
    return (uint64_t)n > most ? (int)most : n;
}

int copy_send(struct copy *c, const struct copy_map *plan, struct err *e)
{
    bool began = false;
    bool here = !c->from.end->node || !c->to.end->node;
    bool direct = !here && (c->route_known ? c->direct : c->o->route != COPY_RELAY);
    uint64_t bytes = copy_map_bytes(plan, false) + copy_map_bytes(plan, true);
    if (!plan->n)
        return 0;
    c->streams = choose_streams(c, bytes);
    copy_phase(c, "sending", bytes);
    int r = send_by(c, plan, direct, &began, e);
    bool retry = r < 0 && direct && !began && !job_cancelled(c->job) && c->o->route == COPY_AUTO && !c->route_known;
    if (retry) {
        out_notice(OUT_INFO, "%s cannot send to %s itself (%s): the bytes go through this machine",
                   place_name(c->from.end->node), place_name(c->to.end->node), e->msg);
        err_release(e);
        direct = false;
        r = send_by(c, plan, false, &began, e);
    } else if (r < 0 && direct && !began && e->code == ERR_IO) {
        e->code = ERR_UNREACHABLE;
        err_hint(e, "key-exchange lets the nodes log in to each other; --route relay goes through this machine");
    }
    c->direct = direct;
    c->route_known = c->route_known || began;
    return r;
}
