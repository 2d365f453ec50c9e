// SPDX-License-Identifier: GPL-3.0-or-later
// One stream of a copy: what its reader is told to read, what comes back, and, where the bytes pass through here, the
// buffer between the two connections. Private to core/copy/send.c. Job threads: everything under `send.lock`.
#pragma once

#include "core/copy/priv.h"
#include "io/ssh/config.h"

enum { COPY_LANES = 8, COPY_ACKS = 64, COPY_RING = 1 << 20 };

struct stream {
    struct send *s;
    int index;
    bool begun;                // the writer was told to open the file
    bool ready;                // … and has done so
    bool gone;                 // direct: ssh has ended
    struct buf lines;          // handed out, not yet fed
    size_t fed;                // … of it
    uint64_t handed, done;     // bytes of ranges
    uint64_t written;          // bytes of data, as the writer says
    uint64_t wire;             // … and bytes that it has read for them
    uint64_t passed;           // relay: bytes from the reader
    uint64_t marks[COPY_ACKS]; // `handed` at the acknowledgements that are asked for
    size_t first_mark, n_marks;
    bool unmarked;  // what was handed out last has no mark
    double heard;   // when the writer last told of progress
    int wake_lines; // timerfds: see struct remote_exec
    int wake_data;
    char *ring; // relay: between the two connections
    size_t head, len;
    bool ring_end, data_waits, data_soon, room_waits;
    struct buf said[2]; // stderr of the source's and the destination's command
    struct buf line;    // of the writer's stdout, not complete yet
};

struct send {
    struct copy *c;
    const struct copy_map *plan; // NULL: not made yet
    size_t at;                   // in the plan
    uint64_t offset;             // in plan->r[at]
    bool direct;
    struct lock *lock; // of everything here
    struct stream stream[COPY_LANES];
    int n;
    bool failed;
    struct err err;
    double began; // when the plan was there
    double paced; // until when the bytes handed out last the limit
    struct remote_config to;
    struct job_thread *early; // runs the first stream since before there was a plan
};

void stream_init(struct send *s, int index);
void stream_release(struct stream *st);
void stream_wake_all(struct send *s);            // with the lock held
void stream_fail(struct send *s, struct err *e); // with the lock held; the first failure is the one that is told

// For struct remote_exec. feed_lines() and writer_output() belong to the pace-setting side, the others to a relay.
ssize_t stream_feed_lines(void *data, void *buf, size_t n, struct err *e);
int stream_writer_output(void *data, bool is_stderr, const void *text, size_t n, struct err *e);
int stream_reader_output(void *data, bool is_stderr, const void *text, size_t n, struct err *e);
ssize_t stream_feed_data(void *data, void *buf, size_t n, struct err *e);
void stream_reader_ended(struct stream *st); // with the lock held
bool stream_is_complete(const struct stream *st);
