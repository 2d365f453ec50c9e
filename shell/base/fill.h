// SPDX-License-Identifier: GPL-3.0-or-later
// Text laid out in lines that are no wider than a terminal. Pure.
#pragma once

#include "base/buf.h"
#include "base/strv.h"

// The words with a blank between, the first at column `at` (where the caller has come to), further lines at `hang`; at
// least one word a line, and a newline at the end. `width` counts columns from the left edge.
void fill_words(const struct strv *words, size_t at, size_t hang, size_t width, struct buf *out);
// The same of a text's words, whatever blanks and newlines are between them.
void fill_text(const char *text, size_t at, size_t hang, size_t width, struct buf *out);
// Paragraphs, `indent` columns from the left. Lines that follow one another are one paragraph; a line that begins with
// a blank stays as it is, but for
//     label    text, whose further lines
//              stand below it
void fill_paragraphs(const char *text, size_t indent, size_t width, struct buf *out);
