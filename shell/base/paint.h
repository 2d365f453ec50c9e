// SPDX-License-Identifier: GPL-3.0-or-later
// Which parts of a text have a colour on a terminal: states and verdicts. The text itself stays plain, so that what is
// foreign in it never brings a sequence of its own along. Pure.
#pragma once

#include <stddef.h>

#include "base/buf.h"

enum paint_color { PAINT_NONE, PAINT_GOOD, PAINT_WARN, PAINT_BAD, PAINT_DIM };

struct paint {
    struct paint_span {
        size_t at, n;
        enum paint_color color;
    } * spans;
    size_t n;
};

// What a word of ours tells: "running", "warn", "fail" …; others have no colour.
enum paint_color paint_of_word(const char *word);
// `n` bytes of the text from `at` on. `p` NULL: nobody wants to know.
void paint_add(struct paint *p, size_t at, size_t n, enum paint_color color);
void paint_copy(struct paint *to, const struct paint *from);
// The marks of reports in `text` from `from` on: "[ok]" at the beginning of a line, and what follows "verdict: ".
void paint_marks(struct paint *p, const char *text, size_t from);
// The text as buf_add_printable() has it, with the sequences of colours.
void buf_add_painted(struct buf *b, const char *text, size_t n, const struct paint *p);
void paint_release(struct paint *p);
#define _cleanup_paint_ _cleanup_(paint_release)
