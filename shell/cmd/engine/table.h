// SPDX-License-Identifier: GPL-3.0-or-later
// All commands: the built-in rows, and the recipes that core/console/script.h lists. Main thread.
#pragma once

#include <stddef.h>

#include "base/err.h"
#include "base/strv.h"
#include "cmd/engine/cmd.h"

// A word that fingers know from elsewhere: another name of a command, or a hint what does it here.
struct cmd_word {
    const char *word, *command, *hint;
};
// The built-in rows, sorted by name, and such words; they must stay. Before anything else of the engine (cmd/commands.h
// does it).
void cmd_table_set(const struct cmd_def *const *rows, size_t n, const struct cmd_word *words, size_t n_words);

// Built-in first, then recipes (which are looked for only when no built-in has the name). NULL: none.
const struct cmd_def *cmd_find(const char *name);
// As cmd_find; if `prefix_ok`, a prefix that fits one command only will do. ERR_USAGE naming the candidates or the
// nearest.
int cmd_lookup(const char *name, bool prefix_ok, const struct cmd_def **ret, struct err *e);
// Every command that is not hidden, recipes included, sorted by name; free the array, not the rows.
const struct cmd_def **cmd_all(size_t *ret_n);
// Walks every row and tells what is wrong with it, a line each (hidden command self-test, and a unit test).
void cmd_table_check(struct strv *faults);
