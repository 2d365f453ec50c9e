// SPDX-License-Identifier: GPL-3.0-or-later
// Completion from the rows: of a line at the prompt, and of words for the shells' own completion. Only from what is
// known already (rows, inventory, names seen, local files), and never waiting: at the prompt names that are not known
// yet are asked for in the background (names_watch.h). Main thread.
#pragma once

#include <stddef.h>

#include "base/strv.h"
#include "core/console/ctx.h"

struct candidate {
    char *word; // the whole word as it would be, without quotes
    char *help; // or NULL
    bool open;  // more may follow it at once (a directory, "NAME@"): no blank behind it
};

struct completion {
    struct candidate *list; // n, sorted by word, no word twice
    size_t n;
    size_t start; // of the word to replace, in bytes of the line
    char quote;   // its open quote, or 0
    bool lua;     // words of Lua: never quoted, no blank behind them
    bool aside;   // options, where a value is to stand of which nothing is known: to be shown, but not inserted
};

// For a cursor at byte `point` of line.
void complete_line(struct ctx *ctx, const char *line, size_t point, struct completion *ret);
// For words[n-1], the words before it being done; words[0] names the command. start and quote are left 0.
void complete_words(struct ctx *ctx, const struct strv *words, struct completion *ret);
void completion_release(struct completion *c);
// How many bytes all candidates' words begin with (not splitting a UTF-8 character).
size_t completion_common(const struct completion *c);
// The text to put in the word's place: `word`'s first `len` bytes, quoted as the word under the cursor is, closed and
// with a blank behind when `whole`. The caller frees.
char *completion_quote(const struct completion *c, const char *line, const char *word, size_t len, bool whole);

// For the files of this pair only.
void completion_add(struct completion *c, const char *word, const char *help, bool open);
