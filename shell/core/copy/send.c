// SPDX-License-Identifier: GPL-3.0-or-later
// Moves the ranges of a plan. For each stream a reader runs on the source and a writer on the destination; the reader's
// output goes to the writer by ssh from node to node, or through here (two connections, a thread each, a bounded buffer
// between them). This side hands out the ranges, so it sets the pace and can stop at any moment, and the writer tells
// how far it has come. Job threads.
#include <string.h>

#include "base/clock.h"
#include "base/printable.h"
#include "core/console/out.h"
#include "core/console/session.h"
#include "core/copy/stream.h"
#include "io/job.h"

enum { PING_MS = 5000, FAR_MS = 4, STREAMS_MAX = 4 };
static const uint64_t SMALL = 8 << 20, BIG = 256 << 20;

static void end_of_command(struct stream *st, int side, int r, int status, struct err *e)
{
    struct send *s = st->s;
    lock_acquire(s->lock);
    bool good = side ? s->plan && stream_is_complete(st) : status == 0;
    if (r == 0 && !s->failed && !good) {
        const struct copy_side *at = side ? &s->c->to : &s->c->from;
        bool other = side && !st->said[1].len && st->said[0].len;
        at = other ? &s->c->from : at;
        r = copy_failed(at, buf_str(&st->said[other ? 0 : side]), e);
    }
    if (r < 0)
        stream_fail(s, e);
    if (side == 0)
        stream_reader_ended(st);
    lock_release(s->lock);
}

static void run_command(struct stream *st, struct job *job, int side)
{
    struct send *s = st->s;
    struct copy *c = s->c;
    const struct copy_side *at = side ? &c->to : &c->from;
    _cleanup_err_ struct err e = ERR_INIT;
    _cleanup_(remote_result_release) struct remote_result result = REMOTE_RESULT_INIT;
    _cleanup_free_ char *script = xasprintf("%s%s", copy_path, side ? copy_writer : copy_reader);
    _cleanup_free_ char *token = copy_token(c->to.end);
    const char *flag = side && st->index == 0 ? "lock" : "";
    const char *const args[] = {at->end->path, at->target, flag, c->o->compress ? "zstd" : "", token};
    struct place_exec spec = {.script = script,
                              .args = args,
                              .n_args = ARRAY_SIZE(args),
                              .root = at->end->node != NULL,
                              .lane = (unsigned)st->index,
                              .feed = side ? stream_feed_data : stream_feed_lines,
                              .output = side ? stream_writer_output : stream_reader_output,
                              .data = st,
                              .wake_fd = side ? st->wake_data : st->wake_lines};
    int r = place_exec(c->ctx, job, at->end->node, &spec, &result, &e);
    end_of_command(st, side, r, result.status, &e);
}

static char *end_command(struct copy *c, int side, const char *flag)
{
    const struct copy_side *at = side ? &c->to : &c->from;
    _cleanup_free_ char *script = xasprintf("%s%s", copy_path, side ? copy_writer : copy_reader);
    // Perhaps it is not looked at yet, but without `update` it can be nothing else.
    const char *target = side && !c->o->update ? "part" : at->target;
    _cleanup_free_ char *token = copy_token(c->to.end);
    const char *const args[] = {at->end->path, target, flag, c->o->compress ? "zstd" : "", token};
    return place_command(
        &(struct place_exec){.script = script, .args = args, .n_args = ARRAY_SIZE(args), .root = true});
}

static void run_direct(struct stream *st, struct job *job)
{
    struct send *s = st->s;
    struct copy *c = s->c;
    _cleanup_err_ struct err e = ERR_INIT;
    _cleanup_(remote_result_release) struct remote_result result = REMOTE_RESULT_INIT;
    _cleanup_free_ char *port = xasprintf("%d", s->to.port);
    _cleanup_free_ char *reader = end_command(c, 0, "");
    _cleanup_free_ char *writer = end_command(c, 1, st->index == 0 ? "lock" : "");
    const char *const args[] = {reader, port, s->to.user, s->to.host, writer};
    struct place_exec spec = {.script = copy_direct,
                              .args = args,
                              .n_args = ARRAY_SIZE(args),
                              .lane = (unsigned)st->index + 1, // the first is in use meanwhile
                              .feed = stream_feed_lines,
                              .output = stream_writer_output,
                              .data = st,
                              .wake_fd = st->wake_lines};
    int r = place_exec(c->ctx, job, c->from.end->node, &spec, &result, &e);
    end_of_command(st, 1, r, result.status, &e);
}

static void run_one(struct job *job, size_t i, void *arg)
{
    struct send *s = arg;
    struct stream *st = &s->stream[s->direct ? i : i / 2];
    if (s->early && i == 0)
        return;
    if (s->direct)
        run_direct(st, job);
    else
        run_command(st, job, (int)(i % 2));
}

static struct send *send_new(struct copy *c, bool direct)
{
    struct send *s = xnew(struct send);
    *s = (struct send){.c = c, .direct = direct, .lock = lock_new(), .n = 1};
    stream_init(s, 0);
    return s;
}

static void send_free(struct send *s)
{
    if (!s)
        return;
    for (int i = 0; i < s->n; i++) {
        s->c->sent += s->stream[i].written;
        s->c->wire += s->direct ? s->stream[i].wire : s->stream[i].passed;
        stream_release(&s->stream[i]);
    }
    s->c->wire_known = s->c->wire_known && !(s->direct && s->c->o->compress);
    remote_config_release(&s->to);
    err_release(&s->err);
    lock_free(s->lock);
    free(s);
}

// One end is this machine: there are no two nodes that could talk to each other.
static bool is_here(const struct copy *c)
{
    return !c->from.end->node || !c->to.end->node;
}

static int find_dest(struct send *s, struct err *e)
{
    const struct node *to = s->c->to.end->node;
    return s->direct ? remote_config_load(to->address, to->user, to->port, NULL, &s->to, e) : 0;
}

static void run_early(void *arg)
{
    struct send *s = arg;
    run_direct(&s->stream[0], s->c->job);
}

// The login from node to node takes its time: it goes on while both ends are looked at.
void copy_send_early(struct copy *c)
{
    _cleanup_err_ struct err ignored = ERR_INIT;
    if (c->o->route == COPY_RELAY || c->o->update || is_here(c) || !c->to.end->node->address)
        return;
    struct send *s = send_new(c, true);
    if (find_dest(s, &ignored) == 0)
        s->early = job_thread_start("copy", run_early, s, &ignored);
    if (!s->early)
        send_free(s);
    else
        c->early = s;
}

void copy_send_forget(struct copy *c)
{
    struct send *s = c->early;
    _cleanup_err_ struct err e = ERR_INIT;
    if (!s)
        return;
    c->early = NULL;
    lock_acquire(s->lock);
    err_set(&e, ERR_CANCELLED, "not needed");
    stream_fail(s, &e);
    lock_release(s->lock);
    job_thread_join(s->early);
    send_free(s);
}

static void start(struct send *s, const struct copy_map *plan)
{
    lock_acquire(s->lock);
    for (int i = 1; i < s->c->streams; i++)
        stream_init(s, i);
    s->n = s->c->streams;
    s->began = clock_mono_s();
    s->plan = plan;
    stream_wake_all(s);
    lock_release(s->lock);
}

// *ret_began: a writer had begun, so the route works.
static int send_by(struct copy *c, const struct copy_map *plan, bool direct, bool *ret_began, struct err *e)
{
    struct send *s = direct ? c->early : NULL;
    c->early = s ? NULL : c->early;
    if (!s)
        s = send_new(c, direct);
    int r = s->early ? 0 : find_dest(s, e);
    if (r == 0) {
        start(s, plan);
        size_t n = (size_t)s->n * (direct ? 1 : 2);
        job_parallel(c->job, n, n, run_one, s);
        job_thread_join(s->early);
        *ret_began = s->stream[0].ready;
        if (s->failed) {
            err_move(e, &s->err);
            r = -1;
        }
    }
    send_free(s);
    return r;
}

// Milliseconds to the node and back, the best of three; 0: not known.
static double round_trip(struct copy *c, struct node *node)
{
    _cleanup_err_ struct err ignored = ERR_INIT;
    struct session *session = NULL;
    double best = 0;
    if (session_get(c->ctx, c->job, node, &session, &ignored) < 0)
        return 0;
    for (int i = 0; i < 3; i++) {
        double before = clock_mono_s();
        if (remote_ping(c->job, session_remote(session), PING_MS, &ignored) < 0)
            break;
        double ms = (clock_mono_s() - before) * 1000;
        best = i == 0 || ms < best ? ms : best;
    }
    session_put(session);
    return best;
}

// ssh has at most 2 MiB on the way, so a long way needs several connections to be filled.
static int choose_streams(struct copy *c, uint64_t bytes)
{
    uint64_t most = bytes / (16 << 20) + 1; // for a small file one is enough
    int n = c->o->streams;
    if (!n && bytes >= BIG) {
        double from = round_trip(c, c->from.end->node), to = round_trip(c, c->to.end->node);
        n = 1 + (int)((from > to ? from : to) / FAR_MS);
        n = n > STREAMS_MAX ? STREAMS_MAX : n;
    }
    n = n < 1 ? 1 : n > COPY_LANES ? COPY_LANES : n;
    return (uint64_t)n > most ? (int)most : n;
}

// For a few bytes no login from node to node is waited for.
static bool choose_direct(const struct copy *c, uint64_t bytes)
{
    if (is_here(c))
        return false;
    if (c->route_known)
        return c->direct;
    if (c->o->route != COPY_AUTO)
        return c->o->route == COPY_DIRECT;
    return bytes >= SMALL;
}

int copy_send(struct copy *c, const struct copy_map *plan, struct err *e)
{
    bool began = false;
    uint64_t bytes = copy_map_bytes(plan, false) + copy_map_bytes(plan, true);
    if (!plan->n)
        return 0;
    bool direct = choose_direct(c, bytes);
    c->streams = choose_streams(c, bytes);
    copy_phase(c, "sending", bytes);
    int r = send_by(c, plan, direct, &began, e);
    bool retry = r < 0 && direct && !began && !job_cancelled(c->job) && c->o->route == COPY_AUTO && !c->route_known;
    if (retry && e->code != ERR_STATE) {
        out_notice(OUT_INFO, "%s cannot send to %s itself (%s): the bytes go through this machine",
                   place_name(c->from.end->node), place_name(c->to.end->node), e->msg);
        err_release(e);
        direct = false;
        r = send_by(c, plan, false, &began, e);
    } else if (r < 0 && direct && !began && (e->code == ERR_IO || e->code == ERR_AUTH)) {
        err_hint(e, e->code == ERR_AUTH
                        ? "--route relay goes through this machine, which asks for the password"
                        : "key-exchange lets the nodes log in to each other; --route relay goes through this machine");
        e->code = ERR_UNREACHABLE;
    }
    c->direct = direct;
    c->route_known = c->route_known || began;
    return r;
}
