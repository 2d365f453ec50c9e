// SPDX-License-Identifier: GPL-3.0-or-later
// From the bound options of `migrate` to the values core/migrate_opts.h takes. For cmd/migrate.c and its unit test.
#pragma once

#include "cmd/cmd.h"
#include "core/migrate_opts.h"

// c: a bound call of `migrate`. values: MIGRATE_OPT_COUNT of them; strings are lent from `c`.
void migrate_values(const struct cmd_call *c, struct migrate_value *values);
