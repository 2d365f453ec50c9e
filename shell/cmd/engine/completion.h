// SPDX-License-Identifier: GPL-3.0-or-later
// What could stand in the place of a word: a list of candidates, and how one of them is quoted there. Main thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>

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
    bool remote;  // hypervisors may know more
    bool aside;   // options, where a value is to stand of which nothing is known: to be shown, but not inserted
};

// Adds `word` if it begins with `prefix` (what is typed already) and can be shown.
void completion_add(struct completion *c, const char *prefix, const char *word, const char *help, bool open);
void completion_sort(struct completion *c); // and none appears twice
void completion_release(struct completion *c);
// How many bytes all candidates' words begin with (not splitting a UTF-8 character).
size_t completion_common(const struct completion *c);
// The text to put in the word's place: `word`'s first `len` bytes, quoted as the word under the cursor is, closed and
// with a blank behind when `whole`. The caller frees.
char *completion_quote(const struct completion *c, const char *line, const char *word, size_t len, bool whole);
