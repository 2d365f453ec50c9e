// SPDX-License-Identifier: GPL-3.0-or-later
// What a typed line means: a command, or in the mode that "lua" alone opens, Lua. Main thread.
#pragma once

#include <stdbool.h>

// Is what is being typed Lua? `pending`: the lines before it that are not complete yet.
bool lua_mode_is_on(void);
bool lua_mode_has(const char *pending);
// The line as it is run and kept, so that it means the same when the history brings it back outside of the mode. The
// caller frees it.
char *lua_mode_line(const char *typed);
// Takes the blanks off the end of a line, and "lua", ".exit" and NULL (^D) for what they are: true where nothing is to
// be run for it.
bool lua_mode_takes(char *line);
