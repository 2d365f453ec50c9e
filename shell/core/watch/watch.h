// SPDX-License-Identifier: GPL-3.0-or-later
// Watching what a guest's users feel while it moves: a `struct watch` probes its targets on a thread of its own until
// it is stopped, and can be looked at and marked meanwhile. The judgement is core/watch/analysis.c's, the probing
// io/probe/probe.c's.
//
//     struct watch *w;
//     if (watch_start(job, &opts, &w, e) < 0) …    // on a job's thread
//     watch_mark(w, "migrate-start"); … watch_mark(w, "migrate-end");
//     json_t *result = watch_stop(w);               // on a job's thread
//     watch_free(w);
//
// A result is an array with one object for each target, in the order given; times in ms, instants as epoch seconds:
//     target, kind           kind is "icmp", "tcp" or "http"
//     start, duration_ms     first send (null: nothing was sent), and from there to the last one
//     interval_ms
//     sent, received, lost   probes; received + lost = sent. received counts every answer, however late.
//     late                   answered after late_after_ms
//     duplicates             answered again
//     out_of_order           overtaken by a later probe's answer (a late one is not counted here as well)
//     refused, mismatched, errors
//                            of the lost ones: connection refused; not the expected text or status; the kernel or the
//                            network reported an error
//     error                  the text of the last such error; absent where there was none
//     outages                [{start, min_ms, max_ms, lost, late, waited, first_seq}], and where it is so starved_ms,
//                            from_start, to_end. start is the first probe without a prompt answer; the length is in
//                            [min_ms, max_ms]; waited: answered promptly by the limit, but held back by this outage
//                            all the same; starved_ms: the watcher itself was held up within it; from_start, to_end
//                            (true): nothing was answered before or after, so that the real outage may be longer
//     longest_ms, total_ms   {min, max}, 0 without outages
//     rtt_ms, rtt_before_ms, rtt_during_ms, rtt_after_ms
//                            {p50, p95, p99, max}, or null where nothing was answered. during: first to last mark;
//                            without marks, first outage to last; without those, all is before
//     marks                  [{name, at, next_reply_ms}]; next_reply_ms: until an answer to a probe sent after the mark
//                            came in, or null
//     timeline               {from, bucket_ms, rtt_max_ms: [60 of number or null], lost: [60]}
//     late_after_ms          the limit for a prompt answer
//     base_loss, min_run     loss in the first second (0..1), and how many in a row make an outage because of it
//     starved_ms             time in which the watcher missed its own deadlines
//     scheduling             of the prober's thread: "fifo", "nice" or "normal"
//     overflows              answers that our own kernel dropped for want of buffer space
//     full                   true where it ended because its store was full (32 Mi probes: 46 hours at 5 ms), or absent
#pragma once

#include <jansson.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/strv.h"

struct job;
struct watch;

struct watch_opts {
    // "HOST": ICMP echo; "tcp:HOST:PORT" (also "tcp://HOST:PORT"): a TCP connect; "http://HOST[:PORT][/PATH]": a GET.
    // HOST is a name or an address, IPv6 in brackets where a port follows. https is refused (ERR_UNSUPPORTED).
    const struct strv *targets; // at least one
    const char *expect;         // what an HTTP answer's body has to contain, or NULL
    double interval_ms;         // 0: 5 for ICMP, 20 for TCP, 100 for HTTP: the more a probe costs the guest, the rarer
    double timeout_ms;          // an answer after this is late; 0: from the first second, late_min_ms to 1 s
    double late_min_ms;         // 0: 100
    unsigned long long count;   // probes for each target; 0: no limit
    double duration_ms;         // 0: no limit
};

// Resolves names and opens sockets (blocks: on a job's thread), then probes on its own thread. `opts` is not kept.
// ERR_USAGE, ERR_NOT_FOUND, ERR_UNREACHABLE, ERR_AUTH (ICMP not allowed), ERR_CANCELLED.
int watch_start(struct job *job, const struct watch_opts *opts, struct watch **ret, struct err *e);

// How it goes, from any thread, cheap: an array with, for each target,
//     target, kind, sent, received
//     lost         given up so far
//     outages      number of those that are over
//     longest_ms   {min, max}
//     silent_ms    since the last answered probe was sent; null: nothing answered yet
//     rtt_ms       of the last second, or null
json_t *watch_snapshot(struct watch *w);

// Names this instant, from any thread; ignored once stopped.
void watch_mark(struct watch *w, const char *name);

// Waits until count or duration are over. ERR_CANCELLED when the job is cancelled, ERR_TIMEOUT after `timeout_ms` (< 0:
// never): the watch goes on then.
int watch_wait(struct watch *w, struct job *job, double timeout_ms, struct err *e);
bool watch_ended(const struct watch *w); // any thread

// Stops sending, gives what is on the way its time (at most the timeout, 1 s by default), and returns the result: the
// caller's reference. Blocks meanwhile: a job's thread. Called again, the same result.
json_t *watch_stop(struct watch *w);

// The timeline of target `i` between two instants (epoch seconds), for a report's drawing; see watch/analysis.h.
// Any thread, before or after watch_stop().
json_t *watch_timeline_between(const struct watch *w, size_t i, double from, double to, size_t buckets);

// Without a result and without waiting for answers, if it was not stopped (milliseconds: any thread). NULL is fine.
void watch_free(struct watch *w);
DEFINE_CLEANUP(struct watch, watch_free);
