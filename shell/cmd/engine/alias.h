// SPDX-License-Identifier: GPL-3.0-or-later
// The operator's own names for commands: the first word of a command, for some words. Never the name of a command, and
// never looked for in what another one stands for. Main thread.
#pragma once

#include <jansson.h>

#include "base/err.h"
#include "base/strv.h"

struct ctx;

// `words`: several, or one that is a line with one command.
int alias_set(const char *name, const struct strv *words, struct err *e);
int alias_remove(const char *name, struct err *e);
// [{"name", "command"}], sorted; `name` NULL: all.
int alias_list(const char *name, json_t **ret, struct err *e);
// The words of a command, its first one replaced where it is such a name.
void alias_expand(struct strv *words);
void alias_complete(struct ctx *ctx, const char *prefix, struct strv *out);
