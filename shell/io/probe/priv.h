// SPDX-License-Identifier: GPL-3.0-or-later
// Private to io/probe/*.c: a lane is one target with its sockets and its sample store. Everything here runs on the
// probe thread, except the ops' open() and close() (the caller's thread, while no probe thread exists).
#pragma once

#include <stdatomic.h>

#include "io/probe/probe.h"

// One probe, 16 bytes, written by the probe thread and read by others: hence atomics, and the outcome in a single word.
struct probe_slot {
    _Atomic int64_t sent_ns;
    _Atomic uint64_t outcome; // see lane.c
};

struct lane;

struct lane_ops {
    int (*open)(struct lane *l, const struct probe_target *target, struct err *e);
    // Sends probe `seq`, noted as sent at `now`. Failures are noted with lane_fail().
    void (*send)(struct lane *l, uint32_t seq, int64_t now);
    // Takes in whatever has arrived; never blocks.
    void (*collect)(struct lane *l);
    void (*close)(struct lane *l);
};

struct lane {
    const struct lane_ops *ops;
    int fd;           // to be polled for POLLIN: collect() has something to do
    bool kernel_time; // answers carry kernel stamps, so that collect() may come late without harm
    void *impl;       // the kind's own state; freed by ops->close
    int64_t patience_ns;
    int64_t every, next_tick; // in deadlines since the start
    struct probe_slot *slots;
    size_t cap;      // slots reserved
    size_t resident; // slots whose memory is there for good
    atomic_size_t sent;
    atomic_int last_errno;
    atomic_uint overflows;
};

extern const struct lane_ops lane_icmp;
extern const struct lane_ops lane_stream; // TCP and HTTP

// io/probe/lane.c
int lane_reserve(struct lane *l, uint64_t count, struct err *e); // room for `count` probes; 0: for as many as possible
void lane_release(struct lane *l);
// Makes the next stretch of the store resident before it is needed, so that no send waits for a page.
void lane_prefault(struct lane *l);
void lane_send(struct lane *l);
void lane_read(const struct lane *l, size_t from, struct probe_sample *out, size_t n); // any thread
// Outcomes of probe `seq` (callers check that it was sent).
void lane_answer(struct lane *l, uint32_t seq, int64_t rtt_ns, uint8_t flags);
void lane_fail(struct lane *l, uint32_t seq, enum probe_flags flag, int errnum);
// Has it been answered or failed for good?
bool lane_settled(const struct lane *l, uint32_t seq);

// Judges an HTTP answer of which `len` bytes have come. 1: it is what was asked for, 0: not yet known, -1: it is not.
int probe_http_judge(const char *answer, size_t len, bool ended, const char *expect);
