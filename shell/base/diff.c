// SPDX-License-Identifier: GPL-3.0-or-later
// Unified diffs. See diff.h. Longest common subsequence by dynamic programming on what is left after the common head
// and tail are cut off; a middle too large for that is shown as taken out and put in whole.
#include "base/diff.h"

#include <stdbool.h>
#include <string.h>

#include "base/mem.h"

enum { CONTEXT = 3, MAX_CELLS = 4 << 20 };

struct line {
    const char *s;
    size_t n; // with its newline, if it has one
};

struct side {
    struct line *lines;
    size_t n;
    bool *same; // is part of both
};

static struct side split(const char *s, size_t len)
{
    size_t cap = 64;
    struct side side = {xcalloc(cap, sizeof(*side.lines)), 0, NULL};
    const char *end = s + len;
    while (s < end) {
        const char *newline = memchr(s, '\n', (size_t)(end - s));
        const char *next = newline ? newline + 1 : end;
        if (side.n == cap) {
            cap *= 2;
            side.lines = xrealloc(side.lines, cap, sizeof(*side.lines));
        }
        side.lines[side.n++] = (struct line){s, (size_t)(next - s)};
        s = next;
    }
    side.same = xcalloc(side.n + 1, sizeof(*side.same));
    return side;
}

static bool equal(const struct line *a, const struct line *b)
{
    return a->n == b->n && memcmp(a->s, b->s, a->n) == 0;
}

// Marks the lines of a[from_a, to_a) and b[from_b, to_b) that a longest common subsequence has.
static void mark_common(struct side *a, struct side *b, size_t from, size_t to_a, size_t to_b)
{
    size_t n = to_a - from, m = to_b - from, width = m + 1;
    if ((n + 1) > MAX_CELLS / width)
        return;
    unsigned *len = xcalloc((n + 1) * width, sizeof(*len));
    for (size_t i = n; i-- > 0;) {
        for (size_t k = m; k-- > 0;) {
            unsigned down = len[(i + 1) * width + k], right = len[i * width + k + 1];
            bool hit = equal(&a->lines[from + i], &b->lines[from + k]);
            len[i * width + k] = hit ? len[(i + 1) * width + k + 1] + 1 : (down > right ? down : right);
        }
    }
    for (size_t i = 0, k = 0; i < n && k < m;) {
        if (equal(&a->lines[from + i], &b->lines[from + k])) {
            a->same[from + i++] = true;
            b->same[from + k++] = true;
        } else if (len[(i + 1) * width + k] >= len[i * width + k + 1]) {
            i++;
        } else {
            k++;
        }
    }
    free(len);
}

static void compare(struct side *a, struct side *b)
{
    size_t head = 0, to_a = a->n, to_b = b->n;
    while (head < to_a && head < to_b && equal(&a->lines[head], &b->lines[head])) {
        a->same[head] = b->same[head] = true;
        head++;
    }
    while (to_a > head && to_b > head && equal(&a->lines[to_a - 1], &b->lines[to_b - 1]))
        a->same[--to_a] = b->same[--to_b] = true;
    mark_common(a, b, head, to_a, to_b);
}

static void add_line(struct buf *out, char mark, const struct line *l)
{
    buf_addc(out, mark);
    buf_add(out, l->s, l->n);
    if (!l->n || l->s[l->n - 1] != '\n')
        buf_adds(out, "\n\\ No newline at end of file\n");
}

// "@@ -start,count +start,count @@"; an empty side is named by the line before it.
static void add_head(struct buf *out, size_t a, size_t n_a, size_t b, size_t n_b)
{
    buf_addf(out, "@@ -%zu,%zu +%zu,%zu @@\n", n_a ? a + 1 : a, n_a, n_b ? b + 1 : b, n_b);
}

// The hunk that begins with the change at a[i], b[k]: goes on until 2 * CONTEXT equal lines follow. Moves i and k
// behind.
static void add_hunk(struct buf *out, const struct side *a, const struct side *b, size_t *i, size_t *k)
{
    size_t lead = *i < CONTEXT ? *i : CONTEXT;
    size_t from_a = *i - lead, from_b = *k - lead, x = *i, y = *k, quiet = 0;
    _cleanup_buf_ struct buf body = BUF_INIT;
    for (size_t c = from_a; c < *i; c++)
        add_line(&body, ' ', &a->lines[c]);
    size_t keep = body.len, keep_x = x, keep_y = y;
    while ((x < a->n || y < b->n) && quiet < (size_t)2 * CONTEXT) {
        if (x < a->n && !a->same[x]) {
            add_line(&body, '-', &a->lines[x++]);
            quiet = 0;
        } else if (y < b->n && !b->same[y]) {
            add_line(&body, '+', &b->lines[y++]);
            quiet = 0;
        } else {
            add_line(&body, ' ', &a->lines[x++]);
            y++;
            quiet++;
        }
        if (quiet <= CONTEXT) {
            keep = body.len;
            keep_x = x;
            keep_y = y;
        }
    }
    add_head(out, from_a, keep_x - from_a, from_b, keep_y - from_b);
    buf_add(out, buf_str(&body), keep);
    *i = keep_x;
    *k = keep_y;
}

void diff_unified(const char *name, const char *a, size_t a_len, const char *b, size_t b_len, struct buf *out)
{
    if (a_len == b_len && (!a_len || memcmp(a, b, a_len) == 0))
        return;
    struct side x = split(a, a_len), y = split(b, b_len);
    compare(&x, &y);
    buf_addf(out, "--- %s\n+++ %s\n", name, name);
    size_t i = 0, k = 0;
    while (i < x.n || k < y.n) {
        if (i < x.n && k < y.n && x.same[i] && y.same[k]) {
            i++;
            k++;
            continue;
        }
        add_hunk(out, &x, &y, &i, &k);
    }
    free(x.lines);
    free(x.same);
    free(y.lines);
    free(y.same);
}
