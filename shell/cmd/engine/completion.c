// SPDX-License-Identifier: GPL-3.0-or-later
// The candidates for a word, and how one is put in its place. Main thread. See completion.h.
#include "cmd/engine/completion.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/printable.h"
#include "base/strv.h"
#include "cmd/engine/parse.h"

void completion_add(struct completion *c, const char *prefix, const char *word, const char *help, bool open)
{
    if (!str_starts(word, prefix) || !is_printable_line(word))
        return;                   // a prompt or a shell could not show the latter truly
    if ((c->n & (c->n - 1)) == 0) // full at each power of two
        c->list = xrealloc(c->list, c->n ? 2 * c->n : 1, sizeof(*c->list));
    c->list[c->n++] = (struct candidate){xstrdup(word), xstrdup(help), open};
}

static void candidate_release(struct candidate *c)
{
    free(c->word);
    free(c->help);
}

void completion_release(struct completion *c)
{
    for (size_t i = 0; i < c->n; i++)
        candidate_release(&c->list[i]);
    free(c->list);
    *c = (struct completion){0};
}

static int by_word(const void *a, const void *b)
{
    return strcmp(((const struct candidate *)a)->word, ((const struct candidate *)b)->word);
}

void completion_sort(struct completion *c)
{
    if (!c->n)
        return;
    qsort(c->list, c->n, sizeof(*c->list), by_word);
    size_t kept = 1;
    for (size_t i = 1; i < c->n; i++) {
        if (strcmp(c->list[kept - 1].word, c->list[i].word) == 0)
            candidate_release(&c->list[i]);
        else
            c->list[kept++] = c->list[i];
    }
    c->n = kept;
}

size_t completion_common(const struct completion *c)
{
    if (!c->n)
        return 0;
    const char *first = c->list[0].word, *last = c->list[c->n - 1].word; // sorted: no pair differs earlier
    size_t n = 0;
    while (first[n] && first[n] == last[n])
        n++;
    while (n && ((unsigned char)first[n] & 0xc0) == 0x80)
        n--;
    return n;
}

// A newline cannot be escaped by a backslash (that joins lines), so a word with control bytes is put in '…'.
static bool needs_quotes(const char *word, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)word[i] < ' ')
            return true;
    }
    return false;
}

static void quote_char(char c, char quote, bool first, struct buf *out)
{
    if (quote == '\'' && c == '\'')
        buf_adds(out, "'\\''");
    else if (quote == '"' && (c == '"' || c == '\\'))
        buf_addf(out, "\\%c", c);
    else if (!quote && parse_is_special(c, first))
        buf_addf(out, "\\%c", c);
    else
        buf_addc(out, c);
}

char *completion_quote(const struct completion *c, const char *line, const char *word, size_t len, bool whole)
{
    _cleanup_buf_ struct buf out = BUF_INIT;
    if (c->lua)
        return xstrndup(word, len);
    // A quote that opened in the middle of the word is replaced by backslashes.
    char quote = c->quote && line[c->start] == c->quote ? c->quote : needs_quotes(word, len) ? '\'' : 0;
    if (quote)
        buf_addc(&out, quote);
    for (size_t i = 0; i < len; i++)
        quote_char(word[i], quote, i == 0, &out);
    if (quote && whole)
        buf_addc(&out, quote);
    if (whole)
        buf_addc(&out, ' ');
    return buf_steal(&out);
}
