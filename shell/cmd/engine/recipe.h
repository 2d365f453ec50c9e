// SPDX-License-Identifier: GPL-3.0-or-later
// Recipes as command rows: what core/console/script.h lists, translated once. Main thread.
#pragma once

#include <stddef.h>

#include "cmd/engine/cmd.h"

// A built-in command, or NULL: a recipe may pass on its options.
typedef const struct cmd_def *recipe_builtin_fn(const char *name);

const struct cmd_def *recipe_find(const char *name, recipe_builtin_fn *builtin); // NULL: none
// Loaded at the first call.
const struct cmd_def *const *recipe_all(size_t *ret_n, recipe_builtin_fn *builtin);
void recipe_forget(void); // the next call looks again; frees the rows
