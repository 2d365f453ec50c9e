// SPDX-License-Identifier: GPL-3.0-or-later
// The way up to what was typed at the prompt: ui/history.c knows it, where there is a prompt. Main thread.
#pragma once

#include <jansson.h>
#include <stddef.h>

// [{"number", "line"}] of the last n lines, the newest last.
typedef json_t *typed_fn(size_t n);
void typed_set(typed_fn *fn);
json_t *typed_last(size_t n); // NULL: there is no prompt
