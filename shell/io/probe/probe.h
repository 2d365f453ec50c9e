// SPDX-License-Identifier: GPL-3.0-or-later
// Probing: one thread sends a probe to every target at absolute deadlines and notes, for each probe, when it was sent
// and when it was answered. It only gathers; what the samples mean is core/watch/analysis.c's business.
//
// Accuracy: a probe carries its own send stamp (CLOCK_MONOTONIC, read just before the send); ICMP replies are stamped
// by the kernel (SO_TIMESTAMPNS), TCP answers take the kernel's own SYN round trip. So a busy machine delays probes but
// cannot invent an outage. A missed deadline is skipped, not made up for: it shows as a gap between send stamps. The
// thread runs SCHED_FIFO (or as nice as it is allowed to be), with locked sample memory and without CAP_NET_RAW; its
// loop neither allocates nor prints.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/err.h"

enum probe_kind {
    PROBE_ICMP, // echo request; answered by the echo reply
    PROBE_TCP,  // a SYN to a port; answered when the connection stands (it is then reset: no TIME_WAIT is left behind)
    PROBE_HTTP, // GET over HTTP/1.0; answered by status 2xx or 3xx and, where asked for, the expected text
};

enum probe_flags {
    PROBE_OVERTAKEN = 1, // ICMP: a later probe's reply was in the queue before this one's
    PROBE_REFUSED = 2,   // TCP, HTTP: a RST came back: the host lives, the service does not. Unanswered.
    PROBE_MISMATCH = 4,  // HTTP: an answer, but not the one that was asked for. Unanswered.
    PROBE_ERROR = 8,     // an error instead of an answer: no route, link down, connection reset … Unanswered.
};

struct probe_sample {
    int64_t sent_ns; // CLOCK_MONOTONIC, just before the send
    int64_t held_ns; // how long the send itself took if that was long (we were preempted in it), else 0; 0.1 ms steps
    int64_t rtt_ns;  // -1 while unanswered
    uint8_t duplicates; // replies beyond the first, up to 255
    uint8_t flags;      // enum probe_flags
};

struct probe_addr {
    struct sockaddr_storage sa;
    socklen_t len;
};

struct probe_target {
    enum probe_kind kind;
    struct probe_addr addr; // port set for TCP and HTTP
    unsigned every;         // send at every so-many-th deadline only (0 and 1: at each)
    const char *request;    // HTTP: the whole request, sent as it is
    const char *expect;     // HTTP: text to be found in the first 16 KiB of the answer, or NULL
};

struct probe_opts {
    const struct probe_target *targets; // copied
    size_t n_targets;
    int64_t interval_ns; // at least 100 us
    uint64_t count;      // probes for each target, 0: no such limit
    int64_t duration_ns; // 0: no such limit
    int64_t patience_ns; // how long an unanswered probe is waited for at the end, and a connection is kept
};

struct probe;

// Blocks (name resolution): jobs only, except for numeric addresses. `port` 0 for ICMP. ERR_NOT_FOUND, ERR_UNREACHABLE.
int probe_resolve(const char *host, uint16_t port, struct probe_addr *ret, struct err *e);
// The address as text, without the port.
void probe_addr_text(const struct probe_addr *addr, char *buf, size_t size);

// Opens the sockets on the caller's thread, starts the thread, and returns. ERR_AUTH where ICMP is not allowed.
int probe_start(const struct probe_opts *opts, struct probe **ret, struct err *e);

// The rest may be called from any thread while it runs.
// Asks the thread to stop sending, wait out its patience for what is on the way, and end. Returns at once.
void probe_stop(struct probe *p);
bool probe_ended(const struct probe *p);
// Readable once the thread has ended; poll it, never read it.
int probe_ended_fd(const struct probe *p);
// Probes sent so far to target `t`.
size_t probe_sent(const struct probe *p, size_t t);
// Copies samples [from, from+n) of target `t`; from+n must not exceed probe_sent().
void probe_read(const struct probe *p, size_t t, size_t from, struct probe_sample *out, size_t n);
// errno of the last PROBE_ERROR of target `t`, or 0.
int probe_errno(const struct probe *p, size_t t);
// Receive queue overflows of target `t`: replies that came but were dropped by our own kernel.
unsigned probe_overflows(const struct probe *p, size_t t);
const char *probe_scheduling(const struct probe *p); // "fifo", "nice" or "normal"
bool probe_full(const struct probe *p);
int64_t probe_real_offset_ns(const struct probe *p); // CLOCK_REALTIME minus CLOCK_MONOTONIC when it started

// Stops without patience (the thread is gone within milliseconds) and frees; NULL is fine.
void probe_free(struct probe *p);
