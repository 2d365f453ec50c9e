// SPDX-License-Identifier: GPL-3.0-or-later
// Lines, markers and hunks. Pure; any thread. See text.h.
#include "core/change/text.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "core/journal/journal.h"

const char block_begin_mark[] = "# BEGIN MIGSH ", block_end_mark[] = "# END MIGSH ";

static bool is_mark(const struct text_line *l, const char *mark, const char **ret_tag, size_t *ret_len)
{
    size_t n = strlen(mark), len = l->len;
    while (len && (l->s[len - 1] == ' ' || l->s[len - 1] == '\t' || l->s[len - 1] == '\r'))
        len--;
    if (len <= n || memcmp(l->s, mark, n) != 0)
        return false;
    *ret_tag = l->s + n;
    *ret_len = len - n;
    return true;
}

bool block_is_begin(const struct text_line *l, const char **ret_tag, size_t *ret_len)
{
    return is_mark(l, block_begin_mark, ret_tag, ret_len);
}

bool block_is_end(const struct text_line *l, const char **ret_tag, size_t *ret_len)
{
    return is_mark(l, block_end_mark, ret_tag, ret_len);
}

void text_split(const char *s, size_t len, struct text_lines *ret)
{
    *ret = (struct text_lines){NULL, 0, "\n", false};
    size_t cap = 0;
    bool inside = false;
    const char *end = s + len;
    while (s < end) {
        const char *newline = memchr(s, '\n', (size_t)(end - s));
        const char *next = newline ? newline + 1 : end;
        if (ret->n == cap) {
            cap = cap ? cap * 2 : 64;
            ret->l = xrealloc(ret->l, cap, sizeof(*ret->l));
        }
        struct text_line l = {s, (size_t)((newline ? newline : end) - s), (size_t)(next - s), inside};
        bool cr = l.len && s[l.len - 1] == '\r';
        l.len -= cr ? 1 : 0; // half an end is no part of a line, either
        if (!ret->n && cr)   // also without a line feed: given the other end, the line would tell of this one
            ret->eol = "\r\n";
        const char *tag;
        size_t tag_len;
        if (block_is_begin(&l, &tag, &tag_len))
            l.in_block = inside = true;
        else if (block_is_end(&l, &tag, &tag_len))
            inside = false;
        ret->l[ret->n++] = l;
        ret->unended = !newline;
        s = next;
    }
}

const char *text_glue(const char *s, size_t len, const char *eol)
{
    if (!len || s[len - 1] == '\n')
        return NULL;
    return s[len - 1] == '\r' ? "\n" : eol;
}

void text_lines_release(struct text_lines *t)
{
    free(t->l);
}

json_t *hunk_new(size_t at, const char *was, size_t was_len, const char *now, size_t now_len, const char *glue,
                 const char *tag)
{
    json_t *h = json_pack("{s:I, s:o, s:o}", "at", (json_int_t)at, "was", journal_bytes(was, was_len), "now",
                          journal_bytes(now, now_len));
    if (glue)
        json_object_set_new(h, "glue", json_text(glue));
    if (tag)
        json_object_set_new(h, "tag", json_text(tag));
    return h;
}
