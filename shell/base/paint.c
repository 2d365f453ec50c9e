// SPDX-License-Identifier: GPL-3.0-or-later
// Colours beside a text. See paint.h.
#include "base/paint.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/printable.h"
#include "base/strv.h"

static const char *const sequences[] = {"", "\033[32m", "\033[33m", "\033[31m", "\033[2m"};
#define OFF "\033[0m"

enum paint_color paint_of_word(const char *word)
{
    static const struct {
        const char *word;
        enum paint_color color;
    } words[] = {
        {"running", PAINT_GOOD},     {"active", PAINT_GOOD},   {"ok", PAINT_GOOD},          {"pass", PAINT_GOOD},
        {"done", PAINT_GOOD},        {"paused", PAINT_WARN},   {"pmsuspended", PAINT_WARN}, {"blocked", PAINT_WARN},
        {"in shutdown", PAINT_WARN}, {"warn", PAINT_WARN},     {"unknown", PAINT_WARN},     {"silent", PAINT_WARN},
        {"interrupted", PAINT_WARN}, {"degraded", PAINT_WARN}, {"building", PAINT_WARN},    {"crashed", PAINT_BAD},
        {"fail", PAINT_BAD},         {"failed", PAINT_BAD},    {"FAILED", PAINT_BAD},       {"bad", PAINT_BAD},
        {"inaccessible", PAINT_BAD}, {"shut off", PAINT_DIM},  {"inactive", PAINT_DIM},     {"skip", PAINT_DIM},
    };
    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        if (strcmp(words[i].word, word) == 0)
            return words[i].color;
    }
    return PAINT_NONE;
}

void paint_add(struct paint *p, size_t at, size_t n, enum paint_color color)
{
    if (!p || color == PAINT_NONE || !n)
        return;
    p->spans = xrealloc(p->spans, p->n + 1, sizeof(*p->spans));
    p->spans[p->n++] = (struct paint_span){at, n, color};
}

void paint_copy(struct paint *to, const struct paint *from)
{
    for (size_t i = 0; i < from->n; i++)
        paint_add(to, from->spans[i].at, from->spans[i].n, from->spans[i].color);
}

static void add_word(struct paint *p, const char *text, const char *word, size_t n, size_t more)
{
    _cleanup_free_ char *copy = xstrndup(word, n);
    paint_add(p, (size_t)(word - text) - more, n + 2 * more, paint_of_word(copy));
}

void paint_marks(struct paint *p, const char *text, size_t from)
{
    static const char verdict[] = "verdict: ";
    if (!p)
        return;
    for (const char *line = text + from; *line; line += strcspn(line, "\n"), line += *line == '\n') {
        const char *at = line + strspn(line, " "), *end = *at == '[' ? strpbrk(at, "]\n") : NULL;
        if (end && *end == ']')
            add_word(p, text, at + 1, (size_t)(end - at) - 1, 1);
        else if (str_starts(at, verdict))
            add_word(p, text, at + strlen(verdict), strcspn(at + strlen(verdict), "\n,: "), 0);
    }
}

static int by_place(const void *a, const void *b)
{
    const struct paint_span *x = a, *y = b;
    return (x->at > y->at) - (x->at < y->at);
}

void buf_add_painted(struct buf *b, const char *text, size_t n, const struct paint *p)
{
    size_t spans = p ? p->n : 0, done = 0;
    _cleanup_free_ struct paint_span *list = xcalloc(spans + 1, sizeof(*list));
    if (spans)
        memcpy(list, p->spans, spans * sizeof(*list));
    qsort(list, spans, sizeof(*list), by_place);
    for (size_t i = 0; i < spans; i++) {
        const struct paint_span *s = &list[i];
        if (s->at < done || s->at + s->n > n)
            continue;
        buf_add_printable(b, text + done, s->at - done);
        buf_adds(b, sequences[s->color]);
        buf_add_printable(b, text + s->at, s->n);
        buf_adds(b, OFF);
        done = s->at + s->n;
    }
    buf_add_printable(b, text + done, n - done);
}

void paint_release(struct paint *p)
{
    free(p->spans);
    *p = (struct paint){0};
}
