// SPDX-License-Identifier: GPL-3.0-or-later
// The rows that the command files define, by commands.def.
#pragma once

#include "cmd/engine/cmd.h"

// Tells the engine of them: once, at the start.
void commands_register(void);

#define COMMAND(name) extern const struct cmd_def cmd_##name;
#include "cmd/commands.def"
#undef COMMAND
