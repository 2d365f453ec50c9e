// SPDX-License-Identifier: GPL-3.0-or-later
// A change of lines that a function of the change's own makes from the whole text. What it changed is kept as one hunk
// of whole lines, without the lines that stayed at both ends, so others may change the rest meanwhile. Pure.
#include <string.h>

#include "core/change/change_priv.h"

static bool same_line(const struct text_line *a, const struct text_line *b)
{
    return a->whole == b->whole && memcmp(a->s, b->s, a->whole) == 0;
}

static size_t bytes(const struct text_lines *t, size_t from, size_t to)
{
    size_t n = 0;
    for (size_t i = from; i < to; i++)
        n += t->l[i].whole;
    return n;
}

int edit_judge(const struct change *c, const struct change_file *old, struct buf *out, json_t *hunks, struct err *e)
{
    if (c->edit(c, buf_str(&old->text), old->text.len, out, e) < 0)
        return -1;
    _cleanup_lines_ struct text_lines a, b;
    text_split(buf_str(&old->text), old->text.len, &a);
    text_split(buf_str(out), out->len, &b);
    size_t head = 0, tail = 0;
    while (head < a.n && head < b.n && same_line(&a.l[head], &b.l[head]))
        head++;
    while (tail < a.n - head && tail < b.n - head && same_line(&a.l[a.n - 1 - tail], &b.l[b.n - 1 - tail]))
        tail++;
    size_t was = bytes(&a, head, a.n - tail), now = bytes(&b, head, b.n - tail);
    if (was || now)
        json_array_append_new(hunks,
                              hunk_new(head, was ? a.l[head].s : NULL, was, now ? b.l[head].s : NULL, now, NULL, NULL));
    return 0;
}
