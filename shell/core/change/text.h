// SPDX-License-Identifier: GPL-3.0-or-later
// The lines of a file of a node, the markers of our managed blocks among them, and hunks, by which a change is taken
// back. Pure; any thread.
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"

struct text_line {
    const char *s;
    size_t len;    // without its end
    size_t whole;  // with it
    bool in_block; // of migsh, the markers included
};

struct text_lines {
    struct text_line *l;
    size_t n;
    const char *eol; // "\n" or "\r\n", as the first line ends
    bool unended;    // the last line has no end
};

// The lines of a text, lent.
void text_split(const char *s, size_t len, struct text_lines *ret);
void text_lines_release(struct text_lines *t);
#define _cleanup_lines_ _cleanup_(text_lines_release)
// What a text lacks at its end before a line can be put behind it: NULL, `eol`, or the other half of a line end.
const char *text_glue(const char *s, size_t len, const char *eol);
// How the markers of a managed block begin; its tag follows.
extern const char block_begin_mark[], block_end_mark[];
// Is the line a marker of ours, and whose? *ret_tag is lent and ends with the line.
bool block_is_begin(const struct text_line *l, const char **ret_tag, size_t *ret_len);
bool block_is_end(const struct text_line *l, const char **ret_tag, size_t *ret_len);

// A hunk says what stood at a place and what stands there now, both as whole lines with their ends:
//     {"at": index of the line, "was": bytes or null, "now": bytes or null,
//      "glue": line end put before `now`, or absent, "tag": of the block, or absent}
// The indices are those of the text with all earlier hunks of the list done.
json_t *hunk_new(size_t at, const char *was, size_t was_len, const char *now, size_t now_len, const char *glue,
                 const char *tag);
