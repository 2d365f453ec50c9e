// SPDX-License-Identifier: GPL-3.0-or-later
// Help texts made from the rows. Pure but for looking recipes up; main thread.
#pragma once

#include "base/buf.h"
#include "cmd/engine/cmd.h"

// Columns for text: the terminal's, within reason.
size_t help_width(void);
// NAME, SYNOPSIS, DESCRIPTION, OPTIONS, EXAMPLE, as virsh's help has them.
void help_command(const struct cmd_def *def, struct buf *out);
// The groups of commands, a line each.
void help_overview(struct buf *out);
// All commands by group with their summaries.
void help_all(struct buf *out);
// The commands of a group (engine/groups.h). False: there is no such group.
bool help_group(const char *word, struct buf *out);
// "    NAME    text", as in a list of commands.
void help_line(const char *name, const char *text, struct buf *out);
// What scripts may call, by core/console/script.h's manual(), which has to be there.
void help_lua(struct buf *out);
// "migrate <domain> <desturi> [--live] …", one line.
void help_synopsis(const struct cmd_def *def, struct buf *out);
// "--port NUMBER": how an option is shown.
void help_option_form(const struct opt_def *o, struct buf *out);
// What it does, its default, and which of the other rows go with it.
void help_option_text(const struct opt_def *opts, size_t n, size_t i, struct buf *out);
