// SPDX-License-Identifier: GPL-3.0-or-later
// Rules and outages from samples. See watch/analysis.h. Pure; must not know threads, clocks or output.
#include "core/watch/analysis.h"

#include <math.h>

#include "base/mem.h"

static const int64_t MS = 1000000;
static const double CHANCE = 0.01;      // accepted probability that base loss alone makes an outage in a whole watch
static const unsigned CHANCE_RUN = 2;   // longer runs in the calibration are outages, not chance
static const double WATCH_PROBES = 1e5; // the length of watch meant by that: 8 minutes at the default 5 ms

enum { BLOCK = 512 };

static bool answered(const struct probe_sample *s)
{
    return s->rtt_ns >= 0;
}

static bool prompt(const struct probe_sample *s, const struct watch_rules *rules)
{
    return answered(s) && s->rtt_ns <= rules->late_ns;
}

void watch_each(const struct watch_source *src, int64_t until_ns, void (*fn)(const struct probe_sample *s, void *arg),
                void *arg)
{
    size_t from = 0;
    struct probe_sample block[BLOCK];
    while (from < src->n) {
        size_t n = src->n - from < BLOCK ? src->n - from : BLOCK;
        src->read(src->arg, from, block, n);
        for (size_t i = 0; i < n; i++) {
            if (block[i].sent_ns >= until_ns)
                return;
            fn(&block[i], arg);
        }
        from += n;
    }
}

// ---- rules

struct calibration {
    struct watch_hist hist;
    size_t n, chance_losses;
    unsigned run;
};

static void end_loss_run(struct calibration *c)
{
    if (c->run && c->run <= CHANCE_RUN)
        c->chance_losses += c->run;
    c->run = 0;
}

static void calibrate_one(const struct probe_sample *s, void *arg)
{
    struct calibration *c = arg;
    c->n++;
    if (!answered(s)) {
        c->run++;
        return;
    }
    end_loss_run(c);
    watch_hist_add(&c->hist, s->rtt_ns);
}

static int64_t clamp(int64_t v, int64_t low, int64_t high)
{
    return v < low ? low : v > high ? high : v;
}

void watch_calibrate(const struct watch_source *src, int64_t interval_ns, int64_t timeout_ns, int64_t late_min_ns,
                     struct watch_rules *ret)
{
    *ret = (struct watch_rules){
        .interval_ns = interval_ns, .late_ns = timeout_ns > 0 ? timeout_ns : WATCH_LATE_MAX_MS * MS, .min_run = 2};
    if (src->n == 0)
        return;
    struct probe_sample first;
    src->read(src->arg, 0, &first, 1);
    struct calibration *c = xnew(struct calibration);
    watch_each(src, first.sent_ns + WATCH_CALIBRATION_MS * MS, calibrate_one, c);
    end_loss_run(c);
    if (c->hist.n * 2 >= c->n) {
        ret->rtt_p50_ns = watch_hist_quantile(&c->hist, 0.50);
        ret->rtt_p95_ns = watch_hist_quantile(&c->hist, 0.95);
        ret->rtt_p99_ns = watch_hist_quantile(&c->hist, 0.99);
        if (timeout_ns <= 0) {
            ret->late_ns = clamp(10 * ret->rtt_p99_ns, late_min_ns > 0 ? late_min_ns : WATCH_LATE_MIN_MS * MS,
                                 WATCH_LATE_MAX_MS * MS);
            if (ret->late_ns < 3 * ret->rtt_p99_ns)
                ret->late_ns = 3 * ret->rtt_p99_ns;
        }
        ret->base_loss = (double)c->chance_losses / (double)c->n;
        if (c->chance_losses) {
            double run = ceil(log(CHANCE / WATCH_PROBES) / log(ret->base_loss));
            ret->min_run = run < 2 ? 2 : (unsigned)run;
        }
    }
    free(c);
}

// ---- outages

static void count(struct watch_tally *t, const struct watch_rules *rules, const struct probe_sample *s)
{
    t->sent++;
    t->duplicates += s->duplicates;
    t->refused += (s->flags & PROBE_REFUSED) != 0;
    t->mismatched += (s->flags & PROBE_MISMATCH) != 0;
    t->errors += (s->flags & PROBE_ERROR) != 0;
    t->received += answered(s);
    t->lost += !answered(s);
    if (answered(s) && !prompt(s, rules))
        t->late++;
    else
        t->overtaken += answered(s) && (s->flags & PROBE_OVERTAKEN);
}

static void note_starvation(struct watch_tally *t, const struct watch_rules *rules, int64_t sent_ns)
{
    int64_t gap = sent_ns - t->last_ns;
    int64_t slack = rules->interval_ns > MS ? rules->interval_ns : MS;
    if (t->sent == 0 || gap <= rules->interval_ns + slack)
        return;
    t->starved_ns += gap - rules->interval_ns;
    t->starved_since_prompt_ns += gap - rules->interval_ns;
}

static const struct watch_recent *recent(const struct watch_tally *t, size_t ago)
{
    return ago < t->n_prompt && ago < WATCH_RECENT ? &t->recent[(t->n_prompt - 1 - ago) % WATCH_RECENT] : NULL;
}

int64_t watch_tally_prompt_ns(const struct watch_tally *t)
{
    const struct watch_recent *r = recent(t, 0);
    return r ? r->sent_ns : -1;
}

// Extends the run in progress, `o`, to the prompt probes right before it that waited through it: unusually long, and
// answered only after the run's last probe was sent. Returns the earliest answer that was held back by the outage.
static int64_t look_back(const struct watch_tally *t, const struct watch_rules *rules, struct watch_outage *o)
{
    const struct watch_recent *r;
    int64_t last_ns = o->lo_end_ns, back = t->run_back_ns;
    for (; (r = recent(t, o->waited)); o->waited++) {
        if (!rules->rtt_p99_ns || r->answer_ns <= last_ns || r->answer_ns - r->sent_ns <= 2 * rules->rtt_p99_ns)
            break;
        o->lo_start_ns = r->sent_ns;
        back = r->answer_ns < back ? r->answer_ns : back;
    }
    o->hi_start_ns = r ? r->sent_ns : t->first_ns;
    o->from_start = !r;
    // Whoever answered was there. What came in after the last loss tells nothing about the beginning.
    for (size_t ago = o->waited; (r = recent(t, ago)) && r->sent_ns > o->lo_start_ns - rules->late_ns; ago++) {
        int64_t alive = r->answer_ns - rules->rtt_p50_ns;
        if (rules->rtt_p50_ns && r->answer_ns <= last_ns && alive > o->lo_start_ns)
            o->lo_start_ns = alive;
    }
    return back;
}

// Answers that the outage held back tell when it was over, unless others were lost after that or the next probe
// overtook them.
static void refine_end(struct watch_outage *o, const struct watch_rules *rules, const struct probe_sample *next,
                       int64_t last_ns, int64_t back)
{
    if (back <= last_ns || back == INT64_MAX || (next && next->sent_ns + next->rtt_ns < back))
        return;
    o->to_end = false;
    if (!next || back < o->hi_end_ns)
        o->hi_end_ns = back;
    if (rules->rtt_p99_ns && back - rules->rtt_p99_ns > o->lo_end_ns)
        o->lo_end_ns = back - rules->rtt_p99_ns;
}

// The run is over: `next` is the prompt probe that ended it, or NULL at the end of the watch.
static void end_run(struct watch_tally *t, const struct watch_rules *rules, const struct probe_sample *next)
{
    struct watch_outage o = t->run;
    unsigned length = t->run_length;
    t->run_length = 0;
    if (length < rules->min_run)
        return;
    int64_t last_ns = o.lo_end_ns, spread = rules->rtt_p95_ns - rules->rtt_p50_ns;
    int64_t back = look_back(t, rules, &o);
    o.to_end = !next;
    o.starved_ns = t->starved_since_prompt_ns;
    o.lo_end_ns = last_ns - spread;
    o.hi_end_ns = next ? next->sent_ns : t->last_ns;
    if (next && rules->rtt_p50_ns && next->rtt_ns > rules->rtt_p50_ns)
        o.hi_end_ns += next->rtt_ns - rules->rtt_p50_ns;
    refine_end(&o, rules, next, last_ns, back);
    o.waited += t->queued_behind;
    if (o.lo_end_ns < o.lo_start_ns)
        o.lo_end_ns = o.lo_start_ns;
    if (t->n_outages == t->cap_outages) {
        t->cap_outages = t->cap_outages ? t->cap_outages * 2 : 8;
        t->outages = xrealloc(t->outages, t->cap_outages, sizeof(*t->outages));
    }
    t->outages[t->n_outages++] = o;
}

static void extend_run(struct watch_tally *t, const struct probe_sample *s)
{
    if (t->run_length++ == 0) {
        t->run = (struct watch_outage){.lo_start_ns = s->sent_ns + s->held_ns, .first_seq = (uint32_t)(t->sent - 1)};
        t->run_back_ns = INT64_MAX;
        t->queued_behind = 0;
    }
    t->run.lo_end_ns = s->sent_ns > t->run.lo_start_ns ? s->sent_ns : t->run.lo_start_ns;
    if (!answered(s)) {
        t->run.lost++;
        return;
    }
    t->run.late++;
    if (s->sent_ns + s->rtt_ns < t->run_back_ns)
        t->run_back_ns = s->sent_ns + s->rtt_ns;
}

// Sent while the guest was away, and prompt only because it came back soon after: answered no earlier than others that
// were held back. It does not end the run. (A single answer that strayed does not get here: others overtake it.)
static bool from_the_queue(const struct watch_tally *t, const struct watch_rules *rules, const struct probe_sample *s)
{
    if (t->run_length < rules->min_run)
        return false;
    struct watch_outage o = t->run;
    int64_t back = look_back(t, rules, &o);
    return back != INT64_MAX && s->sent_ns < back && s->sent_ns + s->rtt_ns >= back;
}

void watch_tally_add(struct watch_tally *t, const struct watch_rules *rules, const struct probe_sample *s)
{
    note_starvation(t, rules, s->sent_ns);
    if (t->sent == 0)
        t->first_ns = s->sent_ns;
    count(t, rules, s);
    t->last_ns = s->sent_ns;
    if (!prompt(s, rules)) {
        extend_run(t, s);
        return;
    }
    if (from_the_queue(t, rules, s)) {
        t->queued_behind++;
        return;
    }
    end_run(t, rules, s);
    t->recent[t->n_prompt++ % WATCH_RECENT] = (struct watch_recent){s->sent_ns, s->sent_ns + s->rtt_ns};
    t->starved_since_prompt_ns = 0;
}

void watch_tally_end(struct watch_tally *t, const struct watch_rules *rules)
{
    end_run(t, rules, NULL);
}

void watch_tally_release(struct watch_tally *t)
{
    free(t->outages);
    *t = (struct watch_tally){0};
}
