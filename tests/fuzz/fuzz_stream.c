// SPDX-License-Identifier: GPL-3.0-or-later
// A stream of a copy against a writer and a reader that lie: never more done than was handed out, and bounded memory.
#include "base/clock.h"
#include "core/copy/priv.h"
#include "core/copy/stream.h"
#include "fuzz.h"
#include "io/job.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct in in = {data, size};
    struct copy_options o = {0};
    struct copy c = {.o = &o, .lock = lock_new(), .phase = "copy", .phase_total = 64 << 20};
    struct copy_map plan = {0};
    struct send s = {.c = &c, .plan = &plan, .lock = lock_new(), .n = 1, .began = clock_mono_s()};
    copy_map_add(&plan, 0, 48 << 20, false);
    copy_map_add(&plan, 50 << 20, 4 << 20, true);
    stream_init(&s, 0);
    struct stream *st = &s.stream[0];
    static char room[8192];
    while (in.n) {
        unsigned what = in_byte(&in), n = in_byte(&in);
        n = n < in.n ? n : (unsigned)in.n;
        _cleanup_err_ struct err e = ERR_INIT;
        if (what % 4 == 0) {
            stream_feed_lines(st, room, sizeof(room), &e);
        } else if (what % 4 == 1) {
            stream_writer_output(st, what & 4, in.p, n, &e);
        } else if (what % 4 == 2 && st->len < COPY_RING / 2) {
            stream_reader_output(st, what & 4, in.p, n, &e);
        } else {
            stream_feed_data(st, room, what & 8 ? 7 : sizeof(room), &e);
        }
        if (what % 4 == 1 || what % 4 == 2) {
            in.p += n;
            in.n -= n;
        }
        must(st->done <= st->handed && st->handed <= 52 << 20 && st->n_marks < COPY_ACKS);
        must(st->len <= COPY_RING && st->head < COPY_RING && c.phase_done <= st->handed);
        must(st->said[0].len < 8192 && st->said[1].len < 8192 && st->line.len <= 256);
        if (stream_is_complete(st))
            must(st->done == 52 << 20);
    }
    stream_release(st);
    err_release(&s.err);
    lock_free(s.lock);
    lock_free(c.lock);
    copy_map_release(&plan);
    return 0;
}
