// SPDX-License-Identifier: GPL-3.0-or-later
// Lines of text. See fill.h.
#include "base/fill.h"

#include <string.h>

#include "base/mem.h"

void fill_words(const struct strv *words, size_t at, size_t hang, size_t width, struct buf *out)
{
    bool first = true;
    for (size_t i = 0; i < words->n; i++) {
        size_t w = str_columns(words->s[i]);
        if (!first && at + 1 + w > width) {
            buf_addc(out, '\n');
            buf_addn(out, ' ', hang);
            at = hang;
            first = true;
        }
        buf_addf(out, "%s%s", first ? "" : " ", words->s[i]);
        at += w + !first;
        first = false;
    }
    buf_addc(out, '\n');
}

static void add_words(struct strv *words, const char *text)
{
    while (*(text += strspn(text, " \n"))) {
        size_t n = strcspn(text, " \n");
        strv_take(words, xstrndup(text, n));
        text += n;
    }
}

void fill_text(const char *text, size_t at, size_t hang, size_t width, struct buf *out)
{
    _cleanup_strv_ struct strv words = STRV_INIT;
    add_words(&words, text);
    fill_words(&words, at, hang, width, out);
}

// Of "label    text": where the text begins; 0: it is no such line.
static size_t text_column(const char *line, size_t n)
{
    enum { LABEL_MAX = 40 };
    for (size_t i = 1; i + 2 < n && i < LABEL_MAX; i++) {
        size_t blanks = strspn(line + i, " ");
        if (blanks >= 2 && line[i - 1] != '.' && i + blanks < n)
            return i + blanks;
    }
    return 0;
}

struct paragraph {
    struct strv words;
    size_t hang; // text_column() of its first line
};

static void end_paragraph(struct paragraph *p, size_t indent, size_t width, struct buf *out)
{
    if (p->words.n) {
        buf_addn(out, ' ', indent);
        fill_words(&p->words, indent, indent + p->hang, width, out);
    }
    strv_release(&p->words);
    *p = (struct paragraph){0};
}

// The label with its blanks is the beginning of the first word, so that nothing breaks it.
static void begin_item(struct paragraph *p, const char *line, size_t n, size_t hang)
{
    size_t word = hang + strcspn(line + hang, " \n");
    p->hang = hang;
    strv_take(&p->words, xstrndup(line, word));
    _cleanup_free_ char *rest = xstrndup(line + word, n - word);
    add_words(&p->words, rest);
}

void fill_paragraphs(const char *text, size_t indent, size_t width, struct buf *out)
{
    struct paragraph p = {0};
    while (*text) {
        size_t n = strcspn(text, "\n"), blanks = strspn(text, " ");
        size_t hang = blanks ? 0 : text_column(text, n);
        bool goes_on = n && (blanks ? p.hang == blanks : !hang && !p.hang);
        if (!goes_on)
            end_paragraph(&p, indent, width, out);
        if (goes_on || (n && !blanks && !hang)) {
            _cleanup_free_ char *line = xstrndup(text, n);
            add_words(&p.words, line);
        } else if (hang) {
            begin_item(&p, text, n, hang);
        } else {
            buf_addn(out, ' ', n ? indent : 0);
            buf_addf(out, "%.*s\n", (int)n, text);
        }
        text += n + (text[n] == '\n');
    }
    end_paragraph(&p, indent, width, out);
}
