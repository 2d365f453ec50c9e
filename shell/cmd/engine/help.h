// SPDX-License-Identifier: GPL-3.0-or-later
// Help texts made from the rows. Pure but for looking recipes up; main thread.
#pragma once

#include "base/buf.h"
#include "cmd/engine/cmd.h"

// NAME, SYNOPSIS, DESCRIPTION, OPTIONS, EXAMPLE, as virsh's help has them.
void help_command(const struct cmd_def *def, struct buf *out);
// All commands by group with their summaries; `group` (a heading, any case) narrows it. False: no such group.
bool help_overview(const char *group, struct buf *out);
// What scripts may call, by core/console/script.h's manual(), which has to be there.
void help_lua(struct buf *out);
// "migrate DOMAIN DESTURI [--live] …", the SYNOPSIS line without indent.
void help_synopsis(const struct cmd_def *def, struct buf *out);
// "--port NUMBER": how an option is shown.
void help_option_form(const struct opt_def *o, struct buf *out);
// What it does, its default, and which of the other rows go with it.
void help_option_text(const struct opt_def *opts, size_t n, size_t i, struct buf *out);
