// SPDX-License-Identifier: GPL-3.0-or-later
// Journals: whatever cut or flipped bit, never a state that is further than the last good record.
#include "core/journal/priv.h"
#include "fuzz.h"
#include "io/job.h"

static struct journal *new_journal(void)
{
    struct journal *j = xnew(struct journal);
    j->lock = lock_new();
    j->fd = -1;
    return j;
}

// The input's lines, each given a right sum where it is JSON at all: so that the parser is reached behind the sums.
static void summed(struct in in, struct buf *out)
{
    while (in.n) {
        _cleanup_free_ char *line = in_line(&in);
        json_t *record = json_loads(line, 0, NULL);
        if (json_object_size(record)) // an empty one is no record, and nobody writes it
            journal_line(record, out);
        json_decref(record);
    }
}

// The steps of a text and their states; 0 of one that is refused.
static size_t steps_of(const char *text, size_t n, size_t *ret_good, enum journal_step_state *states, size_t max)
{
    struct journal *j = new_journal();
    _cleanup_err_ struct err e = ERR_INIT;
    size_t steps = 0;
    if (journal_parse(j, text, n, &e) == 0) {
        must(j->good <= n && (!j->good || text[j->good - 1] == '\n'));
        steps = j->n;
        for (size_t i = 0; i < steps && i < max; i++)
            states[i] = j->steps[i].state;
    }
    *ret_good = j->good;
    journal_free(j);
    return steps;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { MAX = 64 };
    struct in in = {data, size};
    size_t at = in_byte(&in) << 8, good, less, n = in.n;
    at += in_byte(&in);
    enum journal_step_state all[MAX], some[MAX];
    _cleanup_free_ char *raw = in_rest(&in, &n);
    steps_of(raw, n, &good, all, MAX);
    _cleanup_buf_ struct buf b = BUF_INIT;
    summed(in, &b);
    size_t steps = steps_of(buf_str(&b), b.len, &good, all, MAX);
    if (!b.len)
        return 0;
    size_t cut = at % b.len; // a cut: as if only the whole records before it had been written
    const char *newline = cut ? memrchr(b.s, '\n', cut) : NULL;
    size_t whole = newline ? (size_t)(newline + 1 - b.s) : 0;
    size_t expected = steps_of(b.s, whole, &less, all, MAX), n_some = steps_of(b.s, cut, &good, some, MAX);
    must(n_some == expected && (!steps || expected <= steps));
    for (size_t i = 0; i < n_some && i < MAX; i++)
        must(some[i] == all[i]);
    b.s[cut] = (char)(b.s[cut] ^ 1 << at % 8); // a bit flipped: what stands before it, or a refusal
    n_some = steps_of(b.s, b.len, &good, some, MAX);
    must(n_some <= expected);
    for (size_t i = 0; i < n_some && i < MAX; i++)
        must(some[i] == all[i]);
    return 0;
}
