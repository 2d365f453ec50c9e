// SPDX-License-Identifier: GPL-3.0-or-later
// The result value and the timeline from samples. See watch/analysis.h; the shape is in watch.h. Pure.
#include <math.h>

#include "base/json.h"
#include "base/mem.h"
#include "core/watch/analysis.h"

struct fold {
    struct watch_tally tally;
    struct watch_rules rules;
};

static void fold_one(const struct probe_sample *s, void *arg)
{
    struct fold *f = arg;
    watch_tally_add(&f->tally, &f->rules, s);
}

enum phase { BEFORE, DURING, AFTER, PHASES };

struct phases {
    int64_t during_ns, after_ns; // where the second and the third phase begin
    struct watch_hist all, of[PHASES];
};

static void phase_one(const struct probe_sample *s, void *arg)
{
    struct phases *p = arg;
    if (s->rtt_ns < 0)
        return;
    watch_hist_add(&p->all, s->rtt_ns);
    watch_hist_add(&p->of[s->sent_ns < p->during_ns ? BEFORE : s->sent_ns < p->after_ns ? DURING : AFTER], s->rtt_ns);
}

// Phases: from the first mark to the last one; without marks, from the first outage to the last; else all is "before".
static void bound_phases(struct phases *p, const struct watch_about *about, const struct watch_tally *t)
{
    p->during_ns = p->after_ns = INT64_MAX;
    if (about->n_marks) {
        p->during_ns = about->marks[0].at_ns;
        p->after_ns = about->marks[about->n_marks - 1].at_ns;
    } else if (t->n_outages) {
        p->during_ns = t->outages[0].lo_start_ns;
        p->after_ns = t->outages[t->n_outages - 1].hi_end_ns;
    }
}

static json_t *epoch_json(int64_t mono_ns, const struct watch_about *about)
{
    return json_real(round((double)(mono_ns + about->real_offset_ns) / 1e3) / 1e6);
}

static json_t *span_json(int64_t lo_ns, int64_t hi_ns)
{
    return json_pack("{s:o, s:o}", "min", watch_ms_json(lo_ns), "max", watch_ms_json(hi_ns));
}

static json_t *outage_json(const struct watch_outage *o, const struct watch_about *about)
{
    json_t *v = json_pack("{s:o, s:o, s:o, s:i, s:i, s:i, s:I}", "start", epoch_json(o->lo_start_ns, about), "min_ms",
                          watch_ms_json(o->lo_end_ns - o->lo_start_ns), "max_ms",
                          watch_ms_json(o->hi_end_ns - o->hi_start_ns), "lost", (int)o->lost, "late", (int)o->late,
                          "waited", (int)o->waited, "first_seq", (json_int_t)o->first_seq);
    if (o->starved_ns)
        json_object_set_new(v, "starved_ms", watch_ms_json(o->starved_ns));
    if (o->from_start)
        json_object_set_new(v, "from_start", json_true());
    if (o->to_end)
        json_object_set_new(v, "to_end", json_true());
    return v;
}

static void add_outages(json_t *v, const struct watch_tally *t, const struct watch_about *about)
{
    json_t *list = json_array();
    int64_t lo = 0, hi = 0, lo_sum = 0, hi_sum = 0;
    for (size_t i = 0; i < t->n_outages; i++) {
        const struct watch_outage *o = &t->outages[i];
        int64_t o_lo = o->lo_end_ns - o->lo_start_ns, o_hi = o->hi_end_ns - o->hi_start_ns;
        json_array_append_new(list, outage_json(o, about));
        lo_sum += o_lo;
        hi_sum += o_hi;
        lo = o_lo > lo ? o_lo : lo;
        hi = o_hi > hi ? o_hi : hi;
    }
    json_object_set_new(v, "outages", list);
    json_object_set_new(v, "longest_ms", span_json(lo, hi));
    json_object_set_new(v, "total_ms", span_json(lo_sum, hi_sum));
}

struct next_reply {
    int64_t from_ns, reply_ns;
};

static void next_reply_one(const struct probe_sample *s, void *arg)
{
    struct next_reply *n = arg;
    if (s->sent_ns >= n->from_ns && s->rtt_ns >= 0 && s->sent_ns + s->rtt_ns < n->reply_ns)
        n->reply_ns = s->sent_ns + s->rtt_ns;
}

static json_t *marks_json(const struct watch_source *src, const struct watch_about *about)
{
    json_t *list = json_array();
    for (size_t i = 0; i < about->n_marks; i++) {
        const struct watch_mark *m = &about->marks[i];
        struct next_reply next = {m->at_ns, INT64_MAX};
        watch_each(src, INT64_MAX, next_reply_one, &next);
        json_array_append_new(
            list,
            json_pack("{s:o, s:o, s:o}", "name", json_text(m->name), "at", epoch_json(m->at_ns, about), "next_reply_ms",
                      next.reply_ns == INT64_MAX ? json_null() : watch_ms_json(next.reply_ns - m->at_ns)));
    }
    return list;
}

static void add_round_trips(json_t *v, const struct watch_source *src, const struct watch_about *about,
                            const struct watch_tally *t)
{
    struct phases *p = xnew(struct phases);
    bound_phases(p, about, t);
    watch_each(src, INT64_MAX, phase_one, p);
    json_object_set_new(v, "rtt_ms", watch_hist_json(&p->all));
    json_object_set_new(v, "rtt_before_ms", watch_hist_json(&p->of[BEFORE]));
    json_object_set_new(v, "rtt_during_ms", watch_hist_json(&p->of[DURING]));
    json_object_set_new(v, "rtt_after_ms", watch_hist_json(&p->of[AFTER]));
    free(p);
}

json_t *watch_analyse(const struct watch_source *src, int64_t interval_ns, const struct watch_about *about)
{
    struct fold *f = xnew(struct fold);
    watch_calibrate(src, interval_ns, about->timeout_ns, about->late_min_ns, &f->rules);
    watch_each(src, INT64_MAX, fold_one, f);
    watch_tally_end(&f->tally, &f->rules);
    const struct watch_tally *t = &f->tally;
    json_t *v = json_pack("{s:o, s:o, s:f, s:I, s:I, s:I, s:I, s:I, s:I}", "target", json_text(about->target), "kind",
                          json_text(about->kind), "interval_ms", (double)interval_ns / 1e6, "sent", (json_int_t)t->sent,
                          "received", (json_int_t)t->received, "lost", (json_int_t)t->lost, "late", (json_int_t)t->late,
                          "duplicates", (json_int_t)t->duplicates, "out_of_order", (json_int_t)t->overtaken);
    add_outages(v, t, about);
    add_round_trips(v, src, about, t);
    json_object_set_new(v, "starved_ms", watch_ms_json(t->starved_ns));
    json_object_set_new(v, "refused", json_integer((json_int_t)t->refused));
    json_object_set_new(v, "mismatched", json_integer((json_int_t)t->mismatched));
    json_object_set_new(v, "errors", json_integer((json_int_t)t->errors));
    json_object_set_new(v, "base_loss", json_real(f->rules.base_loss));
    json_object_set_new(v, "min_run", json_integer(f->rules.min_run));
    json_object_set_new(v, "late_after_ms", watch_ms_json(f->rules.late_ns));
    json_object_set_new(v, "marks", marks_json(src, about));
    json_object_set_new(v, "start", t->sent ? epoch_json(t->first_ns, about) : json_null());
    json_object_set_new(v, "duration_ms", watch_ms_json(t->sent ? t->last_ns - t->first_ns : 0));
    watch_tally_release(&f->tally);
    free(f);
    return v;
}

// ---- the timeline

struct buckets {
    int64_t from_ns, to_ns;
    size_t n;
    int64_t *rtt_max_ns; // -1: nothing answered
    size_t *lost;
};

static void bucket_one(const struct probe_sample *s, void *arg)
{
    struct buckets *b = arg;
    if (s->sent_ns < b->from_ns || s->sent_ns >= b->to_ns)
        return;
    size_t i = (size_t)((double)(s->sent_ns - b->from_ns) * (double)b->n / (double)(b->to_ns - b->from_ns));
    if (i >= b->n) // rounding
        i = b->n - 1;
    if (s->rtt_ns < 0)
        b->lost[i]++;
    else if (s->rtt_ns > b->rtt_max_ns[i])
        b->rtt_max_ns[i] = s->rtt_ns;
}

json_t *watch_timeline(const struct watch_source *src, int64_t from_ns, int64_t to_ns, size_t buckets,
                       int64_t real_offset_ns)
{
    struct buckets b = {from_ns, to_ns, buckets, xcalloc(buckets, sizeof(int64_t)), xcalloc(buckets, sizeof(size_t))};
    for (size_t i = 0; i < buckets; i++)
        b.rtt_max_ns[i] = -1;
    if (to_ns > from_ns && buckets)
        watch_each(src, to_ns, bucket_one, &b);
    json_t *rtt = json_array(), *lost = json_array();
    for (size_t i = 0; i < buckets; i++) {
        json_array_append_new(rtt, b.rtt_max_ns[i] < 0 ? json_null() : watch_ms_json(b.rtt_max_ns[i]));
        json_array_append_new(lost, json_integer((json_int_t)b.lost[i]));
    }
    free(b.rtt_max_ns);
    free(b.lost);
    return json_pack("{s:f, s:f, s:o, s:o}", "from", (double)(from_ns + real_offset_ns) / 1e9, "bucket_ms",
                     buckets ? (double)(to_ns - from_ns) / 1e6 / (double)buckets : 0.0, "rtt_max_ms", rtt, "lost",
                     lost);
}
