// SPDX-License-Identifier: GPL-3.0-or-later
// Runs a migration. Three threads meet here: the job's own (this file's main line: it waits, polls and acts), the one
// in libvirt's call (call_main), and, once cancelled, the canceller (abort_call). They share struct call, under its
// lock. See migrate.h.
#include "core/migrate/migrate.h"

#include <arpa/inet.h>
#include <math.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/json.h"
#include "core/console/out.h"
#include "core/migrate/disks.h"
#include "core/migrate/record.h"
#include "core/migrate/report.h"
#include "core/migrate/where.h"
#include "io/job.h"

// Often enough for a bar to move and rare enough to cost nothing: each is one query-migrate, about 1 ms of the monitor.
static const double POLL_MS = 250;
// An abort may come before libvirt's job exists, or between two of its phases: tried again until the call returns.
static const double ABORT_RETRY_MS = 100;
// A managed migration goes through this console: when its connection to the destination is lost, nobody tells the
// source, whose QEMU would wait for TCP to give up (a quarter of an hour). libvirt's keepalive finds out; we look at it
// so often.
static const double HEALTH_MS = 1000;

// What was too early is tried again so often.
static const double AGAIN_MS = 500;
// The first pass is 1; virsh, too, switches to post-copy when the second begins.
enum { PASS_AFTER_FIRST = 2 };

struct call {
    const struct migrate_request *rq;
    struct virt_conn *dest; // NULL: the daemons or hypervisors talk to each other
    struct lock *lock;      // guards all below
    bool done, failed, lost;
    bool postcopy_now; // the pass after the first has begun
    struct virt_dom *moved;
    struct err err;
    json_t *disks; // NULL: none was to be copied
};

static void call_main(void *arg)
{
    struct call *c = arg;
    const struct migrate_request *rq = c->rq;
    struct virt_dom *moved = NULL;
    struct err e = ERR_INIT;
    bool lost = false;
    int r = virt_migrate(rq->dom, c->dest, rq->dest->uri, rq->plan->params, rq->plan->flags, &moved, &lost, &e);
    lock_acquire(c->lock);
    c->failed = r < 0;
    c->lost = lost || (c->dest && !virt_conn_alive(c->dest));
    c->moved = moved;
    err_move(&c->err, &e);
    c->done = true;
    lock_wake(c->lock);
    lock_release(c->lock);
}

// True once the call has returned; waits for that at most `ms`.
static bool call_done(struct call *c, double ms)
{
    struct err ignored = ERR_INIT;
    lock_acquire(c->lock);
    if (!c->done)
        lock_wait(c->lock, NULL, ms, &ignored);
    bool done = c->done;
    lock_release(c->lock);
    err_release(&ignored);
    return done;
}

static bool in_postcopy(const struct call *c)
{
    _cleanup_err_ struct err e = ERR_INIT;
    const struct virt_dom *d = c->rq->dom;
    enum virt_presence state = VIRT_UNKNOWN;
    return virt_dom_presence(virt_dom_conn(d), virt_dom_uuid(d), &state, &e) == 0 && state == VIRT_PAUSED_POSTCOPY;
}

// A refusal means: too early (the call may wait behind somebody else's job), or too late; its end tells which.
static void try_abort(struct call *c)
{
    _cleanup_err_ struct err e = ERR_INIT;
    virt_job_abort_own(c->rq->dom, VIRT_JOB_MIGRATION_OUT, &e);
}

// The job's cancel hook: ends when the call has returned, or when it must not be aborted any more.
static void abort_call(void *data)
{
    struct call *c = data;
    const char *name = virt_dom_name(c->rq->dom);
    bool told = false;
    while (!call_done(c, told ? ABORT_RETRY_MS : 1)) {
        if (in_postcopy(c)) {
            out_notice(OUT_WARN,
                       "'%s' is in post-copy: aborting now would kill it; waiting for the end of the migration", name);
            return;
        }
        if (!told)
            out_notice(OUT_INFO, "aborting the migration of '%s'", name);
        told = true;
        try_abort(c);
    }
}

static void on_iteration(void *data, int iteration)
{
    struct call *c = data;
    if (iteration < PASS_AFTER_FIRST)
        return;
    lock_acquire(c->lock);
    c->postcopy_now = true;
    lock_wake(c->lock);
    lock_release(c->lock);
}

struct watcher {
    double next_poll, timeout_at, next_health; // on the monotonic clock; 0: never
    bool switched;                             // to post-copy
    bool again, warned;                        // what failed is tried again; that it failed was said
    bool again_postcopy;                       // which it was
    bool shown;
    bool cut_off; // the destination's connection is lost, and that was said
};

static void poll_once(struct call *c, struct watcher *w)
{
    _cleanup_err_ struct err e = ERR_INIT;
    enum virt_job_type type;
    json_t *stats = NULL;
    // Near its end the domain or its job may be gone before the call has returned: that tells nothing yet.
    if (virt_job_stats(c->rq->dom, 0, &type, &stats, &e) < 0)
        return;
    if ((type == VIRT_JOB_UNBOUNDED || type == VIRT_JOB_BOUNDED) && virt_job_is(stats, VIRT_JOB_MIGRATION_OUT)) {
        out_progress(migrate_progress(virt_dom_name(c->rq->dom), stats), false);
        w->shown = true;
    }
    json_decref(stats);
}

static void help_along(struct call *c, struct watcher *w, bool to_postcopy, const char *why)
{
    _cleanup_err_ struct err e = ERR_INIT;
    const char *name = virt_dom_name(c->rq->dom);
    int r = to_postcopy ? virt_migrate_start_postcopy(c->rq->dom, &e) : virt_migrate_suspend(c->rq->dom, &e);
    w->switched |= to_postcopy;
    w->again = r < 0;
    const char *what = to_postcopy ? "switching to post-copy" : "suspending it until it has moved";
    if (r == 0) {
        out_notice(OUT_INFO, "'%s': %s: %s", name, why, what);
        return;
    }
    // QEMU may not have begun yet. A guest that dirties its memory fast would be on its way for ever.
    w->again_postcopy = to_postcopy;
    w->timeout_at = clock_mono_ms() + AGAIN_MS;
    if (!w->warned && !call_done(c, 0)) // too late is no failure
        out_notice(OUT_WARN, "'%s': %s: %s failed, and is tried again: %s", name, why, what, e.msg);
    w->warned = true;
}

static void look_at_destination(struct call *c, struct watcher *w)
{
    w->next_health = clock_mono_ms() + HEALTH_MS;
    if (virt_conn_alive(c->dest) || in_postcopy(c))
        return;
    if (!w->cut_off)
        out_notice(OUT_WARN, "the connection to %s is lost: aborting the migration of '%s'", target_label(c->rq->dest),
                   virt_dom_name(c->rq->dom));
    w->cut_off = true;
    try_abort(c);
}

// Everything that happens beside the call. Called without the lock.
static void act(struct call *c, struct watcher *w, bool postcopy_now)
{
    const struct migrate_plan *plan = c->rq->plan;
    if (postcopy_now && !w->switched)
        help_along(c, w, true, "the first pass is over");
    if (w->timeout_at > 0 && clock_mono_ms() >= w->timeout_at) {
        w->timeout_at = 0;
        bool to_postcopy = w->again ? w->again_postcopy : plan->on_timeout == MIGRATE_TIMEOUT_POSTCOPY;
        if (!to_postcopy || !w->switched || w->again)
            help_along(c, w, to_postcopy, "timed out");
    }
    if (w->next_health > 0 && clock_mono_ms() >= w->next_health)
        look_at_destination(c, w);
    if (w->next_poll > 0 && clock_mono_ms() >= w->next_poll) {
        poll_once(c, w);
        w->next_poll = clock_mono_ms() + POLL_MS;
    }
}

static double wait_ms(const struct watcher *w)
{
    const double at[] = {w->next_poll, w->timeout_at, w->next_health};
    double first = 0;
    for (size_t i = 0; i < ARRAY_SIZE(at); i++) {
        if (at[i] > 0 && (first <= 0 || at[i] < first))
            first = at[i];
    }
    double left = first - clock_mono_ms();
    return first <= 0 ? -1 : left < 1 ? 1 : left;
}

// Until the call has returned. A cancelled job waits, too: abort_call() sees to the end, and only that is the truth.
static void watch(struct call *c)
{
    const struct migrate_plan *plan = c->rq->plan;
    struct watcher w = {.next_poll = plan->verbose ? clock_mono_ms() + POLL_MS : 0,
                        .timeout_at = plan->timeout_ms > 0 ? clock_mono_ms() + plan->timeout_ms : 0,
                        .next_health = c->dest ? clock_mono_ms() + HEALTH_MS : 0};
    struct err ignored = ERR_INIT;
    lock_acquire(c->lock);
    while (!c->done) {
        if (!(c->postcopy_now && !w.switched))
            lock_wait(c->lock, NULL, wait_ms(&w), &ignored);
        if (c->done)
            break;
        bool postcopy_now = c->postcopy_now;
        lock_release(c->lock);
        act(c, &w, postcopy_now);
        lock_acquire(c->lock);
    }
    bool failed = c->failed;
    lock_release(c->lock);
    err_release(&ignored);
    if (plan->verbose && (w.shown || !failed)) {
        json_t *last =
            json_pack("{s:o, s:o}", "job", json_text("migrate"), "domain", json_text(virt_dom_name(c->rq->dom)));
        if (!failed)
            json_object_set_new(last, "percent", json_integer(100));
        json_object_set_new(last, "text", json_text(failed ? "Migration: stopped" : "Migration: [100 %]"));
        out_progress(last, true);
    }
}

static const char *transport(const struct migrate_plan *p)
{
    return p->flags & VIRT_MIGRATE_TUNNELLED   ? "tunnelled"
           : p->flags & VIRT_MIGRATE_PEER2PEER ? "p2p"
           : p->direct                         ? "hypervisor"
                                               : "direct";
}

// Completed statistics are on both hosts; the source's are the better ones (measured there), but go with a domain that
// has no definition left.
static json_t *completed_stats(struct call *c)
{
    struct virt_dom *const where[] = {c->rq->dom, c->moved};
    if (c->rq->plan->flags & VIRT_MIGRATE_OFFLINE)
        return NULL;
    for (size_t i = 0; i < ARRAY_SIZE(where); i++) {
        _cleanup_err_ struct err e = ERR_INIT;
        enum virt_job_type type;
        json_t *stats = NULL;
        if (!where[i] ||
            virt_job_stats(where[i], VIRT_JOB_STATS_COMPLETED | VIRT_JOB_STATS_KEEP, &type, &stats, &e) < 0)
            continue;
        if (type == VIRT_JOB_COMPLETED)
            return stats;
        json_decref(stats);
    }
    return NULL;
}

static json_t *result_of(struct call *c, double total_ms)
{
    const struct migrate_request *rq = c->rq;
    json_t *v = json_object();
    json_object_set_new(v, "domain", json_text(virt_dom_name(c->moved ? c->moved : rq->dom)));
    json_object_set_new(v, "uuid", json_text(virt_dom_uuid(rq->dom)));
    json_object_set_new(v, "source", json_text(target_label(rq->source)));
    json_object_set_new(v, "destination", json_text(target_label(rq->dest)));
    json_object_set_new(v, "transport", json_text(transport(rq->plan)));
    json_object_set_new(v, "total_ms", json_real(round(total_ms)));
    if (c->disks)
        json_object_set(v, "disks", c->disks);
    json_t *stats = completed_stats(c);
    migrate_report(v, stats);
    json_decref(stats);
    return v;
}

static int tell_failure(struct call *c, struct err *e)
{
    const struct migrate_request *rq = c->rq;
    err_move(e, &c->err);
    bool ours = job_cancelled(rq->job);
    err_wrap(e, "migration of '%s'", virt_dom_name(rq->dom));
    if (!ours && c->dest && !virt_conn_alive(c->dest))
        e->code = ERR_UNREACHABLE; // whatever the text says of the abort that followed
    if (ours)
        e->code = ERR_CANCELLED;
    else if (c->lost && strstr(e->msg, "canceled by client")) // by look_at_destination()
        err_hint(e, "the connection to %s was lost, so the migration was aborted: node-test tells whether it is back",
                 target_label(rq->dest));
    struct migrate_where w = {.ctx = rq->ctx,
                              .name = virt_dom_name(rq->dom),
                              .uuid = virt_dom_uuid(rq->dom),
                              .source = rq->source,
                              .dest = rq->dest,
                              .source_conn = virt_dom_conn(rq->dom),
                              .dest_conn = c->dest,
                              .was_off = virt_dom_id(rq->dom) < 0,
                              .lost = c->lost};
    migrate_where_add(&w, e);
    return -1;
}

// The call, from its start to its end, with everything beside it.
static int run_call(struct call *c, json_t **ret, struct err *e)
{
    const struct migrate_request *rq = c->rq;
    struct virt_iteration *passes = NULL;
    if (rq->plan->after_precopy && virt_iteration_watch(rq->dom, on_iteration, c, &passes, e) < 0)
        return -1;
    struct job_hook hook = {.fn = abort_call, .data = c};
    double start = clock_mono_ms();
    struct job_thread *thread = NULL;
    job_hook_push(rq->job, &hook);
    int r = job_check(rq->job, e); // cancelled before: the hook must find a call, or must not be needed
    if (r == 0) {
        thread = job_thread_start("migrate", call_main, c, e);
        r = thread ? 0 : -1;
    }
    if (r == 0) {
        watch(c);
    } else {
        lock_acquire(c->lock);
        c->done = true; // lets a hook that runs already end
        lock_release(c->lock);
    }
    double total_ms = clock_mono_ms() - start;
    job_hook_pop(rq->job, &hook);
    job_thread_join(thread);
    virt_iteration_stop(passes);
    if (r < 0)
        return -1;
    if (c->failed)
        return tell_failure(c, e);
    if (job_cancelled(rq->job))
        out_notice(OUT_WARN, "the migration of '%s' could not be aborted any more: it succeeded",
                   virt_dom_name(rq->dom));
    *ret = result_of(c, total_ms);
    return 0;
}

static bool is_numeric(const char *address)
{
    unsigned char parsed[sizeof(struct in6_addr)];
    return address && (inet_pton(AF_INET, address, parsed) == 1 || inet_pton(AF_INET6, address, parsed) == 1);
}

char *migrate_address_for(const struct node *n, const char *own)
{
    return xstrdup(n && is_numeric(n->address) ? n->address : own);
}

char *migrate_uri_for(const struct node *n)
{
    _cleanup_free_ char *address = migrate_address_for(n, NULL);
    return !address ? NULL : xasprintf(strchr(address, ':') ? "tcp://[%s]" : "tcp://%s", address);
}

// Without a migration URI the destination tells the source its host name, which the source then has to resolve: the
// most frequent reason for a migration to fail. A node's numeric address needs no resolving.
static void complete_plan(const struct migrate_request *rq)
{
    struct migrate_plan *p = rq->plan;
    if (p->direct || virt_params_has(p->params, VIRT_PARAM_URI) ||
        (p->flags & (VIRT_MIGRATE_TUNNELLED | VIRT_MIGRATE_OFFLINE | VIRT_MIGRATE_RDMA_PIN_ALL)))
        return;
    _cleanup_free_ char *uri = migrate_uri_for(rq->dest->node);
    if (uri)
        virt_params_add_string(p->params, VIRT_PARAM_URI, uri);
}

static int tell_plan(const struct migrate_request *rq, json_t **ret)
{
    *ret = migrate_plan_json(rq->plan);
    _cleanup_buf_ struct buf b = BUF_INIT;
    size_t i;
    const char *name;
    json_t *one;
    buf_adds(&b, "flags ");
    json_array_foreach(json_object_get(*ret, "flags"), i, one)
    {
        buf_addf(&b, "%s%s", i > 0 ? " | " : "", json_string_value(one));
    }
    json_object_foreach(json_object_get(*ret, "params"), name, one)
    {
        _cleanup_free_ char *value = json_dumps(one, JSON_ENCODE_ANY | JSON_COMPACT);
        buf_addf(&b, "\n%s %s", name, value);
    }
    json_object_set_new(*ret, "summary", json_text(buf_str(&b)));
    return 0;
}

int migrate_run(const struct migrate_request *rq, json_t **ret, struct err *e)
{
    struct migrate_plan *p = rq->plan;
    struct call c = {.rq = rq};
    bool managed = !(p->flags & VIRT_MIGRATE_PEER2PEER) && !p->direct;
    if ((p->flags & VIRT_MIGRATE_UNDEFINE_SOURCE) && !(p->flags & VIRT_MIGRATE_PERSIST_DEST))
        out_notice(OUT_WARN,
                   "--undefinesource without --persistent: no host will have a definition of '%s', and when "
                   "it is shut down it is gone",
                   virt_dom_name(rq->dom));
    complete_plan(rq);
    if (p->only_tell)
        return tell_plan(rq, ret);
    if (managed && ctx_connect(rq->ctx, rq->job, rq->dest->uri, &c.dest, e) < 0)
        return err_wrap(e, "destination %s", target_label(rq->dest));
    c.lock = lock_new();
    int r = migrate_disks_choose(rq, c.dest, &c.disks, e);
    if (r == 0) {
        struct journal *record = rq->part_of ? NULL : migrate_record_begin(rq);
        r = run_call(&c, ret, e);
        migrate_record_end(record, r == 0 ? *ret : NULL, e);
    }
    lock_free(c.lock);
    json_decref(c.disks);
    virt_dom_free(c.moved);
    virt_conn_unref(c.dest);
    err_release(&c.err);
    return r;
}
