// SPDX-License-Identifier: GPL-3.0-or-later
// Text of foreign origin (a node's, a guest's, a file's) made fit for a terminal and for a line among other lines. Any
// thread.
//
// What a terminal would obey or not show is shown as \xNN or \uNNNN instead: C0 controls and DEL, C1 controls (as UTF-8
// and as bare bytes), marks that change the direction of text, line and paragraph separators, and all bytes that are no
// UTF-8. So two harmless pieces never make a harmful whole.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

// Text of several lines: newline and tab pass.
void buf_add_printable(struct buf *b, const char *s, size_t n);
// A field of one line (a name, a path, a prompt, a cell): a newline with the blanks around it becomes one blank, so
// that nobody can add a row of his own to what we say, and a tab is shown as well.
void buf_add_line(struct buf *b, const char *s);
// A message, which may have several lines by our own doing: those behind the first are indented, so that nothing
// foreign in it ever stands at the left edge.
void buf_add_message(struct buf *b, const char *s);
// A line that is being typed: C0 controls stay, as readline shows those itself.
void buf_add_typed(struct buf *b, const char *s, size_t n);
// What all of them would leave as it is, but for a tab.
bool is_printable_line(const char *s);

// Length of the UTF-8 sequence at s (RFC 3629: no overlong forms, no surrogates, at most U+10FFFF), 0 if it is none or
// NUL.
size_t utf8_sequence(const char *s, size_t n);
// Of the sequence of `len` bytes at s: the code point if a terminal must not get it, 0 otherwise. Newline and tab are
// harmless.
unsigned utf8_harmful(const char *s, size_t len);
