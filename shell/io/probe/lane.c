// SPDX-License-Identifier: GPL-3.0-or-later
// The sample store of one target: where the probe thread writes and others read. Must not allocate, print or wait once
// it is reserved. See io/probe/priv.h.
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "base/clock.h"
#include "io/probe/priv.h"

static const size_t SLOTS_MAX = (size_t)1 << 25; // 512 MiB of address space, 9 hours at 1 ms; memory only as it is used
static const size_t SLOTS_STEP = 4096;           // made resident at a time: 64 KiB

// The outcome word, from the lowest bit: 4 flags, 8 duplicates, 12 time held up in HELD_UNIT_NS, 40 round trip in ns +
// 1 (0: unanswered; 18 minutes at most).
enum { DUPLICATES_AT = 4, HELD_AT = 12, RTT_AT = 24, FLAGS_MASK = 0xf, DUPLICATES_MAX = 0xff, HELD_MAX = 0xfff };
static const int64_t RTT_MAX_NS = ((int64_t)1 << 40) - 2;
static const int64_t HELD_UNIT_NS = 100000;

static uint64_t outcome_of(const struct lane *l, uint32_t seq)
{
    return atomic_load_explicit(&l->slots[seq].outcome, memory_order_relaxed);
}

static void set_outcome(struct lane *l, uint32_t seq, uint64_t outcome)
{
    atomic_store_explicit(&l->slots[seq].outcome, outcome, memory_order_relaxed);
}

void lane_answer(struct lane *l, uint32_t seq, int64_t rtt_ns, uint8_t flags)
{
    uint64_t old = outcome_of(l, seq);
    if (old >> RTT_AT) {
        if ((old >> DUPLICATES_AT & DUPLICATES_MAX) < DUPLICATES_MAX)
            set_outcome(l, seq, old + (1 << DUPLICATES_AT));
        return;
    }
    uint64_t rtt = (uint64_t)(rtt_ns < RTT_MAX_NS ? rtt_ns : RTT_MAX_NS) + 1;
    set_outcome(l, seq, old | rtt << RTT_AT | flags);
}

void lane_fail(struct lane *l, uint32_t seq, enum probe_flags flag, int errnum)
{
    set_outcome(l, seq, outcome_of(l, seq) | flag);
    if (flag == PROBE_ERROR)
        atomic_store(&l->last_errno, errnum);
}

bool lane_settled(const struct lane *l, uint32_t seq)
{
    uint64_t outcome = outcome_of(l, seq);
    return outcome >> RTT_AT || outcome & FLAGS_MASK;
}

// Makes the next stretch of the store resident before it is needed, so that no send waits for a page.
void lane_prefault(struct lane *l)
{
    size_t sent = atomic_load_explicit(&l->sent, memory_order_relaxed);
    if (l->resident >= l->cap || sent + SLOTS_STEP / 2 < l->resident)
        return;
    void *at = &l->slots[l->resident];
    size_t n = l->cap - l->resident < SLOTS_STEP ? l->cap - l->resident : SLOTS_STEP;
    size_t bytes = n * sizeof(struct probe_slot);
    if (mlock(at, bytes) < 0) // RLIMIT_MEMLOCK: resident is the next best thing to locked
        madvise(at, bytes, MADV_POPULATE_WRITE);
    l->resident += n;
}

int lane_reserve(struct lane *l, uint64_t count, struct err *e)
{
    l->cap = count && count < SLOTS_MAX ? (size_t)count : SLOTS_MAX;
    void *p = MAP_FAILED;
    // Where overcommit is strict a smaller store has to do.
    for (; p == MAP_FAILED && l->cap; l->cap = p == MAP_FAILED ? l->cap / 2 : l->cap)
        p = mmap(NULL, l->cap * sizeof(struct probe_slot), PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED)
        return err_errno(e, errno, "no memory for the probes");
    l->slots = p;
    lane_prefault(l);
    return 0;
}

void lane_send(struct lane *l)
{
    size_t seq = atomic_load_explicit(&l->sent, memory_order_relaxed);
    int64_t now = clock_mono_ns();
    atomic_store_explicit(&l->slots[seq].sent_ns, now, memory_order_relaxed);
    // Published before it is sent: collect() takes no answer to a probe that was not sent yet.
    atomic_store_explicit(&l->sent, seq + 1, memory_order_release);
    l->ops->send(l, (uint32_t)seq, now);
    int64_t held = (clock_mono_ns() - now) / HELD_UNIT_NS;
    if (held > 0) // rounded up, as it is to be on the safe side
        set_outcome(l, (uint32_t)seq,
                    outcome_of(l, (uint32_t)seq) | (uint64_t)(held < HELD_MAX ? held + 1 : HELD_MAX) << HELD_AT);
}

void lane_read(const struct lane *l, size_t from, struct probe_sample *out, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint64_t outcome = outcome_of(l, (uint32_t)(from + i));
        out[i] = (struct probe_sample){
            .sent_ns = atomic_load_explicit(&l->slots[from + i].sent_ns, memory_order_relaxed),
            .held_ns = (int64_t)(outcome >> HELD_AT & HELD_MAX) * HELD_UNIT_NS,
            .rtt_ns = (int64_t)(outcome >> RTT_AT) - 1,
            .duplicates = outcome >> DUPLICATES_AT & DUPLICATES_MAX,
            .flags = outcome & FLAGS_MASK,
        };
    }
}

void lane_release(struct lane *l)
{
    if (l->slots)
        munmap(l->slots, l->cap * sizeof(*l->slots));
}
