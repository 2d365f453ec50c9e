// SPDX-License-Identifier: GPL-3.0-or-later
// From probe samples to what the guest's users felt. Pure functions: no clock, no thread, no I/O; any thread.
//
// Words. A probe is *prompt* if it was answered within `late_ns`; *late* if it was answered after that (say, because it
// waited in a queue at the source until the guest ran again); *lost* if it was never answered properly. An *outage* is
// a run of at least `min_run` probes in a row that were not prompt. Send stamps bound it:
//
//     lo  first to last probe of the run: at the least, nobody answered for this long
//     hi  last prompt probe before the run to the first one after it: nobody can have been away for longer
//
// The true length lies between. It is never computed as lost x interval: that breaks as soon as the sender is held up.
//
// A send stamp is not the moment of arrival, so the bounds give way by what the time on the way may differ: lo begins
// when the first probe's send was over, if it was held up, and is shortened by the usual spread of round trips (p95 -
// p50 of the first second); hi ends later by what the first prompt answer took beyond the usual (p50), for the guest
// may have been back only then.
//
// Late answers tell more about the end, unless later probes overtook them: what was queued is answered the moment the
// guest is back. So the earliest arrival among the run's late answers ends hi, and ends lo when less the usual round
// trip (p99). A probe sent before that and answered after it waited in the same queue: it belongs to the outage,
// prompt or not. The same at the beginning: prompt probes right before the run that were answered only after its last
// one was sent (they waited in the ring of the paused guest) belong to it; and lo begins no earlier than the last
// answer that came in before the silence, less the usual round trip (p50).
//
// How many in a row make an outage: 2 on a clean network (one lost probe is loss, not an outage). Where the first
// second shows base loss p, runs come about by chance with probability p^n at each probe; n is the smallest that makes
// a chance run unlikely (1 %) in a watch of 100,000 probes.
#pragma once

#include <jansson.h>

#include "core/watch/hist.h"
#include "io/probe/probe.h"

struct watch_rules {
    int64_t interval_ns;
    int64_t late_ns;                            // answered after this: late
    int64_t rtt_p50_ns, rtt_p95_ns, rtt_p99_ns; // of the first second; 0 if unknown
    double base_loss; // of the first second, 0..1; long runs are outages, not base loss, and do not count
    unsigned min_run;
};

// Where samples come from: read() copies [from, from+n) of `n` samples.
struct watch_source {
    void *arg;
    size_t n;
    void (*read)(void *arg, size_t from, struct probe_sample *out, size_t n);
};

enum { WATCH_CALIBRATION_MS = 1000, WATCH_LATE_MIN_MS = 100, WATCH_LATE_MAX_MS = 1000 };

// From the samples sent in the first second, which must have had WATCH_LATE_MAX_MS to be answered. `timeout_ns` > 0
// sets late_ns; otherwise it is ten times the p99 round trip, within late_min_ns (0: 100 ms) .. 1 s and at least three
// times p99. A
// target that answers less than half of the first second calibrates nothing: it is down, and the defaults hold.
void watch_calibrate(const struct watch_source *src, int64_t interval_ns, int64_t timeout_ns, int64_t late_min_ns,
                     struct watch_rules *ret);

struct watch_outage {
    int64_t lo_start_ns, lo_end_ns; // CLOCK_MONOTONIC
    int64_t hi_start_ns, hi_end_ns;
    uint32_t first_seq;
    unsigned lost, late;
    unsigned waited;    // prompt ones that belong to it: they were sent before it was over and answered after
    bool from_start;    // nothing prompt before it: hi begins with the first probe of all
    bool to_end;        // nothing prompt after it: hi ends with the last probe of all
    int64_t starved_ns; // of it, the watcher itself was held up: lo and hi are true, but far apart
};

// Prompt probes remembered for the beginning of a run: as many as late_ns holds at the shortest useful interval.
enum { WATCH_RECENT = 1024 };

// The fold over samples in the order they were sent. Zero it to begin with.
struct watch_tally {
    size_t sent, received, lost, late, duplicates, overtaken, refused, mismatched, errors;
    int64_t starved_ns; // time by which gaps between sends exceed the interval (gaps of up to 2 intervals or 1 ms pass)
    int64_t first_ns, last_ns; // sends
    struct watch_outage *outages;
    size_t n_outages, cap_outages;
    // The run in progress
    struct watch_outage run;
    unsigned run_length;
    int64_t run_back_ns;    // the earliest of its late answers, or INT64_MAX
    unsigned queued_behind; // prompt ones that were sent within it and did not end it
    struct watch_recent {
        int64_t sent_ns, answer_ns;
    } recent[WATCH_RECENT]; // prompt ones, a ring
    size_t n_prompt;
    int64_t starved_since_prompt_ns;
};

void watch_tally_add(struct watch_tally *t, const struct watch_rules *rules, const struct probe_sample *s);
// Closes a run still open at the last probe.
void watch_tally_end(struct watch_tally *t, const struct watch_rules *rules);
// When the last prompt probe was sent, or -1.
int64_t watch_tally_prompt_ns(const struct watch_tally *t);
void watch_tally_release(struct watch_tally *t);

// Calls fn for every sample sent before `until_ns`, in order.
void watch_each(const struct watch_source *src, int64_t until_ns, void (*fn)(const struct probe_sample *s, void *arg),
                void *arg);

struct watch_mark {
    const char *name;
    int64_t at_ns; // CLOCK_MONOTONIC
};

struct watch_about {
    const char *target;             // as the operator named it
    const char *kind;               // "icmp", "tcp", "http"
    int64_t timeout_ns;             // 0: from the calibration
    int64_t late_min_ns;            // which finds no less; 0: 100 ms
    int64_t real_offset_ns;         // adds up to CLOCK_REALTIME
    const struct watch_mark *marks; // in order of time
    size_t n_marks;
};

// The whole result for one target; see core/watch/watch.h for its shape.
json_t *watch_analyse(const struct watch_source *src, int64_t interval_ns, const struct watch_about *about);

// `buckets` equal stretches of [from_ns, to_ns): {"from": epoch s, "bucket_ms", "rtt_max_ms": […], "lost": […]}. A
// bucket's rtt_max_ms is null where nothing was answered; lost counts what was never answered.
json_t *watch_timeline(const struct watch_source *src, int64_t from_ns, int64_t to_ns, size_t buckets,
                       int64_t real_offset_ns);
