// SPDX-License-Identifier: GPL-3.0-or-later
// Completion from the rows: of a line at the prompt, and of words for the shells' own completion. Only from what is
// known already (rows, inventory, names seen, local files), and never waiting: at the prompt names that are not known
// yet are asked for in the background (names_watch.h). Main thread.
#pragma once

#include "base/strv.h"
#include "cmd/engine/completion.h"
#include "core/console/ctx.h"

// For a cursor at byte `point` of line.
void complete_line(struct ctx *ctx, const char *line, size_t point, struct completion *ret);
// The same of a line of Lua, which goes on with the lines `before` it ("": it is the first).
void complete_lua(const char *before, const char *line, size_t point, struct completion *ret);
// For words[n-1], the words before it being done; words[0] names the command. start and quote are left 0.
void complete_words(struct ctx *ctx, const struct strv *words, struct completion *ret);
