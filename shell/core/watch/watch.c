// SPDX-License-Identifier: GPL-3.0-or-later
// The watch object: targets to probe, marks, live looks, the result. See watch.h. Any thread; what blocks is said
// there. Must not judge samples itself: that is watch/analysis.c's.
#include "core/watch/watch.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/json.h"
#include "core/watch/analysis.h"
#include "core/watch/target.h"
#include "io/job.h"

static const double MS = 1e6;
enum { TIMELINE_BUCKETS = 60 };

// One target's share of the watch. `rules` and `tally` serve the live look: a fold over what cannot change any more.
struct view {
    struct watch *watch;
    size_t index;
    struct watch_target target;
    int64_t interval_ns;
    bool calibrated;
    struct watch_rules rules;
    struct watch_tally tally;
};

struct watch {
    struct probe *probe;
    struct view *views;
    size_t n_views;
    int64_t interval_ns; // the shortest of the views'
    int64_t timeout_ns, late_min_ns, patience_ns;
    struct lock *lock; // guards all below, and the views' live fold
    struct watch_mark *marks;
    size_t n_marks;
    bool stopped; // no more marks
    json_t *result;
};

static void read_view(void *arg, size_t from, struct probe_sample *out, size_t n)
{
    const struct view *v = arg;
    probe_read(v->watch->probe, v->index, from, out, n);
}

static struct watch_source source_of(const struct view *v)
{
    return (struct watch_source){(void *)(uintptr_t)v, probe_sent(v->watch->probe, v->index), read_view};
}

// Where no interval is asked for. A connection costs the guest more than an echo, and a request more than a connection:
// a small guest would drop some for the watching alone. Multiples of each other, as they share their deadlines.
static const double gentle_ms[] = {[PROBE_ICMP] = 5, [PROBE_TCP] = 20, [PROBE_HTTP] = 100};

static int parse_targets(struct watch *w, const struct watch_opts *opts, struct err *e)
{
    if (!opts->targets || opts->targets->n == 0)
        return err_set(e, ERR_USAGE, "nothing to watch");
    w->views = xcalloc(opts->targets->n, sizeof(*w->views));
    w->n_views = opts->targets->n;
    bool http = false;
    w->interval_ns = INT64_MAX;
    for (size_t i = 0; i < w->n_views; i++) {
        struct view *v = &w->views[i];
        v->watch = w;
        v->index = i;
        if (watch_target_parse(opts->targets->s[i], &v->target, e) < 0)
            return -1;
        http = http || v->target.kind == PROBE_HTTP;
        v->interval_ns = (int64_t)((opts->interval_ms > 0 ? opts->interval_ms : gentle_ms[v->target.kind]) * MS);
        if (v->interval_ns < w->interval_ns)
            w->interval_ns = v->interval_ns;
    }
    if (opts->expect && !http)
        return err_set(e, ERR_USAGE, "text is expected, but no target is a URL");
    w->timeout_ns = (int64_t)(opts->timeout_ms * MS);
    w->late_min_ns = (int64_t)(opts->late_min_ms * MS);
    w->patience_ns = w->timeout_ns > WATCH_LATE_MAX_MS * (int64_t)MS ? w->timeout_ns : WATCH_LATE_MAX_MS * (int64_t)MS;
    return 0;
}

static int start_probe(struct watch *w, struct job *job, const struct watch_opts *opts, struct err *e)
{
    _cleanup_free_ struct probe_target *targets = xcalloc(w->n_views, sizeof(*targets));
    for (size_t i = 0; i < w->n_views; i++) {
        const struct watch_target *t = &w->views[i].target;
        targets[i] = (struct probe_target){.kind = t->kind, .request = t->request};
        targets[i].every = (unsigned)(w->views[i].interval_ns / w->interval_ns);
        targets[i].expect = t->kind == PROBE_HTTP ? opts->expect : NULL;
        if (job_check(job, e) < 0 || probe_resolve(t->host, t->port, &targets[i].addr, e) < 0)
            return -1;
    }
    struct probe_opts po = {targets,       w->n_views, w->interval_ns, opts->count, (int64_t)(opts->duration_ms * MS),
                            w->patience_ns};
    return probe_start(&po, &w->probe, e);
}

int watch_start(struct job *job, const struct watch_opts *opts, struct watch **ret, struct err *e)
{
    _cleanup_(watch_free_p) struct watch *w = xnew(struct watch);
    w->lock = lock_new();
    if (parse_targets(w, opts, e) < 0 || start_probe(w, job, opts, e) < 0)
        return -1;
    *ret = steal(&w);
    return 0;
}

// Advances the live fold over samples that are settled: answered promptly, or past hope of it.
static void fold_settled(struct view *v, const struct watch_source *src, int64_t now)
{
    struct watch *w = v->watch;
    struct probe_sample s;
    if (!v->calibrated) {
        if (src->n == 0)
            return;
        read_view(v, 0, &s, 1);
        if (now < s.sent_ns + (int64_t)(WATCH_CALIBRATION_MS * MS) + w->patience_ns)
            return;
        watch_calibrate(src, v->interval_ns, w->timeout_ns, w->late_min_ns, &v->rules);
        v->calibrated = true;
    }
    while (v->tally.sent < src->n) {
        read_view(v, v->tally.sent, &s, 1);
        if (now - s.sent_ns < v->rules.late_ns && (s.rtt_ns < 0 || s.rtt_ns > v->rules.late_ns))
            return;
        watch_tally_add(&v->tally, &v->rules, &s);
    }
}

struct tail {
    size_t received, lost;
    int64_t answered_send_ns; // of the last answered probe, or -1
    struct watch_hist hist;   // of the last second
};

static void look_at_tail(struct view *v, const struct watch_source *src, int64_t now, struct tail *t)
{
    int64_t patience = v->calibrated ? v->rules.late_ns : v->watch->patience_ns;
    // Back to the end of the fold for the counts, and a second for the round trips.
    size_t second = (size_t)(1000 * (int64_t)MS / v->interval_ns);
    size_t from = src->n > second ? src->n - second : 0;
    from = v->tally.sent < from ? v->tally.sent : from;
    t->answered_send_ns = watch_tally_prompt_ns(&v->tally);
    for (size_t i = from; i < src->n; i++) {
        struct probe_sample s;
        read_view(v, i, &s, 1);
        if (s.rtt_ns >= 0 && now - s.sent_ns <= 1000 * (int64_t)MS)
            watch_hist_add(&t->hist, s.rtt_ns);
        if (s.rtt_ns >= 0 && s.sent_ns > t->answered_send_ns)
            t->answered_send_ns = s.sent_ns;
        if (i < v->tally.sent)
            continue;
        t->received += s.rtt_ns >= 0;
        t->lost += s.rtt_ns < 0 && now - s.sent_ns >= patience;
    }
}

static const char *kind_name(enum probe_kind kind)
{
    return kind == PROBE_ICMP ? "icmp" : kind == PROBE_TCP ? "tcp" : "http";
}

static json_t *snapshot_view(struct view *v)
{
    struct watch_source src = source_of(v);
    int64_t now = clock_mono_ns(), lo = 0, hi = 0;
    fold_settled(v, &src, now);
    struct tail *t = xnew(struct tail);
    look_at_tail(v, &src, now, t);
    for (size_t i = 0; i < v->tally.n_outages; i++) {
        const struct watch_outage *o = &v->tally.outages[i];
        lo = o->lo_end_ns - o->lo_start_ns > lo ? o->lo_end_ns - o->lo_start_ns : lo;
        hi = o->hi_end_ns - o->hi_start_ns > hi ? o->hi_end_ns - o->hi_start_ns : hi;
    }
    size_t received = v->tally.received + t->received, lost = v->tally.lost + t->lost;
    json_t *silent = t->answered_send_ns < 0 ? json_null() : json_real((double)(now - t->answered_send_ns) / MS);
    json_t *value =
        json_pack("{s:o, s:o, s:I, s:I, s:I, s:I, s:{s:f, s:f}, s:o, s:o}", "target", json_text(v->target.name), "kind",
                  json_text(kind_name(v->target.kind)), "sent", (json_int_t)src.n, "received", (json_int_t)received,
                  "lost", (json_int_t)lost, "outages", (json_int_t)v->tally.n_outages, "longest_ms", "min",
                  (double)lo / MS, "max", (double)hi / MS, "silent_ms", silent, "rtt_ms", watch_hist_json(&t->hist));
    free(t);
    return value;
}

json_t *watch_snapshot(struct watch *w)
{
    json_t *list = json_array();
    lock_acquire(w->lock);
    for (size_t i = 0; i < w->n_views; i++)
        json_array_append_new(list, snapshot_view(&w->views[i]));
    lock_release(w->lock);
    return list;
}

void watch_mark(struct watch *w, const char *name)
{
    int64_t now = clock_mono_ns();
    lock_acquire(w->lock);
    if (!w->stopped) {
        w->marks = xrealloc(w->marks, w->n_marks + 1, sizeof(*w->marks));
        w->marks[w->n_marks++] = (struct watch_mark){xstrdup(name), now};
    }
    lock_release(w->lock);
}

int watch_wait(struct watch *w, struct job *job, double timeout_ms, struct err *e)
{
    int64_t until = clock_mono_ns() + (int64_t)(timeout_ms * MS);
    struct pollfd fds[] = {{probe_ended_fd(w->probe), POLLIN, 0}, {job_cancel_fd(job), POLLIN, 0}};
    while (!probe_ended(w->probe)) {
        if (job_check(job, e) < 0)
            return -1;
        int64_t left = until - clock_mono_ns();
        if (timeout_ms >= 0 && left <= 0)
            return err_set(e, ERR_TIMEOUT, "still watching");
        struct timespec t = {left / 1000000000, left % 1000000000};
        if (ppoll(fds, 2, timeout_ms < 0 ? NULL : &t, NULL) < 0 && errno != EINTR)
            return err_errno(e, errno, "poll");
    }
    return 0;
}

bool watch_ended(const struct watch *w)
{
    return probe_ended(w->probe);
}

static json_t *result_of(struct view *v)
{
    struct watch *w = v->watch;
    struct watch_source src = source_of(v);
    struct watch_about about = {.target = v->target.name,
                                .kind = kind_name(v->target.kind),
                                .timeout_ns = w->timeout_ns,
                                .late_min_ns = w->late_min_ns,
                                .real_offset_ns = probe_real_offset_ns(w->probe),
                                .marks = w->marks,
                                .n_marks = w->n_marks};
    json_t *value = watch_analyse(&src, v->interval_ns, &about);
    int why = probe_errno(w->probe, v->index);
    if (why)
        json_object_set_new(value, "error", json_text(strerror(why)));
    json_object_set_new(value, "scheduling", json_text(probe_scheduling(w->probe)));
    json_object_set_new(value, "overflows", json_integer(probe_overflows(w->probe, v->index)));
    if (probe_full(w->probe))
        json_object_set_new(value, "full", json_true());
    struct probe_sample ends[2] = {{0}};
    if (src.n) {
        src.read(src.arg, 0, &ends[0], 1);
        src.read(src.arg, src.n - 1, &ends[1], 1);
    }
    json_object_set_new(value, "timeline",
                        watch_timeline(&src, ends[0].sent_ns, ends[1].sent_ns + v->interval_ns, TIMELINE_BUCKETS,
                                       about.real_offset_ns));
    return value;
}

json_t *watch_stop(struct watch *w)
{
    probe_stop(w->probe);
    struct err never = ERR_INIT;
    watch_wait(w, NULL, -1, &never);
    err_release(&never);
    lock_acquire(w->lock);
    w->stopped = true;
    bool known = w->result;
    lock_release(w->lock);
    json_t *result =
        known ? NULL : json_array(); // made without the lock: looks from other threads must not wait for it
    for (size_t i = 0; !known && i < w->n_views; i++)
        json_array_append_new(result, result_of(&w->views[i]));
    lock_acquire(w->lock);
    if (!w->result)
        w->result = json_incref(result);
    json_decref(result);
    result = json_incref(w->result);
    lock_release(w->lock);
    return result;
}

json_t *watch_timeline_between(const struct watch *w, size_t i, double from, double to, size_t buckets)
{
    struct watch_source src = source_of(&w->views[i]);
    int64_t offset = probe_real_offset_ns(w->probe);
    return watch_timeline(&src, (int64_t)(from * 1e9) - offset, (int64_t)(to * 1e9) - offset, buckets, offset);
}

void watch_free(struct watch *w)
{
    if (!w)
        return;
    probe_free(w->probe);
    for (size_t i = 0; i < w->n_views; i++) {
        watch_target_release(&w->views[i].target);
        watch_tally_release(&w->views[i].tally);
    }
    for (size_t i = 0; i < w->n_marks; i++)
        free((char *)(uintptr_t)w->marks[i].name);
    free(w->marks);
    free(w->views);
    json_decref(w->result);
    lock_free(w->lock);
    free(w);
}
