// SPDX-License-Identifier: GPL-3.0-or-later
// The list of all commands, for the engine. See commands.h.
#include "cmd/commands.h"

#include "cmd/engine/table.h"

static const struct cmd_def *const all[] = {
#define COMMAND(name) &cmd_##name,
#include "cmd/commands.def"
#undef COMMAND
};

void commands_register(void)
{
    cmd_table_set(all, ARRAY_SIZE(all));
}
