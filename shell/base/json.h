// SPDX-License-Identifier: GPL-3.0-or-later
// Small additions to jansson for text of foreign origin. Any thread; a value is never shared between threads.
#pragma once

#include <jansson.h>
#include <stddef.h>

// A JSON string of bytes that need not be UTF-8: bad bytes become U+FFFD. NULL gives JSON null.
json_t *json_text(const char *s);
json_t *json_textn(const char *s, size_t n);
// The string under that key, lent; NULL: none, or no string.
const char *json_text_at(const json_t *object, const char *key);
// As json_dumps(), and what a terminal would obey inside of strings (see printable.h) is escaped as \uNNNN; so what we
// print is the same value wherever it goes. The caller frees; NULL as json_dumps().
char *json_dump_printable(const json_t *value, size_t flags);
