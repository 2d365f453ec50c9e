// SPDX-License-Identifier: GPL-3.0-or-later
// Round trips, counted so that their quantiles are known at any time without keeping them. Pure; any thread, no
// sharing.
#pragma once

#include <jansson.h>
#include <stdint.h>

// Round trips: a histogram of constant size, 128 steps to a factor of two (0.8 % wide; the middle is reported).
enum { WATCH_HIST_STEPS = 128, WATCH_HIST_BINS = 42 * WATCH_HIST_STEPS };
struct watch_hist {
    uint64_t n;
    int64_t max_ns;
    uint32_t bins[WATCH_HIST_BINS];
};
void watch_hist_add(struct watch_hist *h, int64_t rtt_ns);
// Nearest rank, 0 < q <= 1; 0 if empty. Never above the largest value added.
int64_t watch_hist_quantile(const struct watch_hist *h, double q);
// {"p50", "p95", "p99", "max"} in ms, or null if empty.
json_t *watch_hist_json(const struct watch_hist *h);
// Nanoseconds as milliseconds, to the microsecond: more would be noise.
json_t *watch_ms_json(int64_t ns);
