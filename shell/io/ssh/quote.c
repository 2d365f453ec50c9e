// SPDX-License-Identifier: GPL-3.0-or-later
// Quoting for the shell at the far end: the only place that turns foreign strings into words of a command line. Any
// thread. Single quotes take everything literally in every POSIX shell (XCU 2.2.2); a single quote itself is put
// outside as \'.
#include <string.h>

#include "io/ssh/remote.h"

static void add_quoted(struct buf *b, const char *word, size_t n)
{
    buf_addc(b, '\'');
    for (size_t i = 0; i < n; i++) {
        if (word[i] == '\'')
            buf_adds(b, "'\\''");
        else
            buf_addc(b, word[i]);
    }
    buf_addc(b, '\'');
}

int remote_quote(struct buf *b, const char *word, size_t n, struct err *e)
{
    if (memchr(word, '\0', n))
        return err_set(e, ERR_USAGE, "a NUL byte cannot be part of a command line");
    add_quoted(b, word, n);
    return 0;
}

void remote_quote_words(struct buf *b, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (i)
            buf_addc(b, ' ');
        add_quoted(b, words[i], strlen(words[i]));
    }
}

void remote_add_line(struct buf *b, const struct strv *words)
{
    if (words->n == 1)
        buf_adds(b, words->s[0]);
    else
        remote_quote_words(b, (const char *const *)words->s, words->n);
}
