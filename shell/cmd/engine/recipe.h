// SPDX-License-Identifier: GPL-3.0-or-later
// Recipes as command rows: what core/console/script.h lists, translated once. Main thread.
#pragma once

#include <stddef.h>

#include "cmd/engine/cmd.h"

const struct cmd_def *recipe_find(const char *name);    // NULL: none
const struct cmd_def *const *recipe_all(size_t *ret_n); // loaded at the first call
void recipe_forget(void);                               // the next call looks again; frees the rows
