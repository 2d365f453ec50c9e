// SPDX-License-Identifier: GPL-3.0-or-later
// Round trips as a histogram. See watch/hist.h. Pure.
#include "core/watch/hist.h"

#include <math.h>

json_t *watch_ms_json(int64_t ns)
{
    return json_real(round((double)ns / 1e3) / 1e3); // to the microsecond: more would be noise
}

// Bins: below 128 ns one each; above, the 7 bits after the leading one select a step within the factor of two.
static size_t bin_of(int64_t rtt_ns)
{
    uint64_t v = rtt_ns < 0 ? 0 : (uint64_t)rtt_ns;
    if (v < WATCH_HIST_STEPS)
        return (size_t)v;
    unsigned exponent = 63U - (unsigned)__builtin_clzll(v);
    size_t bin = (size_t)(exponent - 6) * WATCH_HIST_STEPS + (size_t)((v >> (exponent - 7)) - WATCH_HIST_STEPS);
    return bin < WATCH_HIST_BINS ? bin : WATCH_HIST_BINS - 1;
}

static int64_t bin_middle(size_t bin)
{
    if (bin < WATCH_HIST_STEPS)
        return (int64_t)bin;
    unsigned shift = (unsigned)(bin / WATCH_HIST_STEPS) - 1;
    int64_t low = (int64_t)(WATCH_HIST_STEPS + bin % WATCH_HIST_STEPS) << shift;
    return low + (((int64_t)1 << shift) >> 1);
}

void watch_hist_add(struct watch_hist *h, int64_t rtt_ns)
{
    h->n++;
    h->bins[bin_of(rtt_ns)]++;
    if (rtt_ns > h->max_ns)
        h->max_ns = rtt_ns;
}

int64_t watch_hist_quantile(const struct watch_hist *h, double q)
{
    uint64_t rank = (uint64_t)ceil(q * (double)h->n), seen = 0;
    for (size_t i = 0; i < WATCH_HIST_BINS; i++) {
        seen += h->bins[i];
        if (h->bins[i] && seen >= rank)
            return bin_middle(i) < h->max_ns ? bin_middle(i) : h->max_ns;
    }
    return 0;
}

json_t *watch_hist_json(const struct watch_hist *h)
{
    if (h->n == 0)
        return json_null();
    return json_pack("{s:o, s:o, s:o, s:o}", "p50", watch_ms_json(watch_hist_quantile(h, 0.50)), "p95",
                     watch_ms_json(watch_hist_quantile(h, 0.95)), "p99", watch_ms_json(watch_hist_quantile(h, 0.99)),
                     "max", watch_ms_json(h->max_ns));
}
