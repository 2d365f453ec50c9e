// SPDX-License-Identifier: GPL-3.0-or-later
// Does a typed line hold a secret? By the rows (OPTF_SECRET), and on the safe side: a line that only might is not
// stored. Main thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct cmd_def;

// True for a line with "--NAME" of a secret option of any command (a mistyped command's line too), with a word for a
// secret positional, or with such a name in a line of Lua.
bool secret_in_line(const char *text);
// The same by the given rows.
bool secret_in_rows(const char *text, const struct cmd_def *const *rows, size_t n);
