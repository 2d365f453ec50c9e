// SPDX-License-Identifier: GPL-3.0-or-later
// The groups of commands in the help: their order, what each is about, and virsh's words for some. Main thread.
#pragma once

#include <stdbool.h>

#include "cmd/engine/cmd.h"

// The groups' names in a sensible order, NULL behind the last one.
const char *help_group_name(size_t i);
// What its commands are for, a few words; NULL for a group that nobody foresaw.
const char *help_group_about(const char *name);
// Is `def` in what `word` names: a group of ours (any letter case), or one of virsh's ("pool", "monitor")?
bool help_group_has(const char *word, const struct cmd_def *def);
