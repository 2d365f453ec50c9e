// SPDX-License-Identifier: GPL-3.0-or-later
// From the bound options of `migrate` to the values core/migrate/opts.h takes. For cmd/migration/migrate.c and its unit
// test.
#pragma once

#include "cmd/engine/cmd.h"
#include "core/migrate/opts.h"

// c: a bound call of `migrate`. values: MIGRATE_OPT_COUNT of them; strings are lent from `c`.
void migrate_values(const struct cmd_call *c, struct migrate_value *values);
