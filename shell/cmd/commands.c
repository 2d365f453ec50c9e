// SPDX-License-Identifier: GPL-3.0-or-later
// The list of all commands, for the engine's cmd/engine/table.h.
#include "cmd/commands.h"

#include "cmd/engine/table.h"

const struct cmd_def *const cmd_table[] = {
#define COMMAND(name) &cmd_##name,
#include "cmd/commands.def"
#undef COMMAND
};
const size_t cmd_table_n = ARRAY_SIZE(cmd_table);
