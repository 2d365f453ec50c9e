// SPDX-License-Identifier: GPL-3.0-or-later
// The passwords that sudo was given, one for each login, in memory only. Any thread.
#pragma once

#include "core/console/ctx.h"

// Of the login on that node (NULL: this machine), or NULL; the caller frees it with mem_wipe_text().
char *password_known(struct ctx *ctx, const struct node *node);
void password_remember(struct ctx *ctx, const struct node *node, const char *password);
