// SPDX-License-Identifier: GPL-3.0-or-later
// Reads the inventory file: node-add lines, by the one parser and node-add's own rows. Main thread.
#pragma once

#include "base/err.h"
#include "core/console/ctx.h"

// ERR_USAGE, ERR_UNSAFE naming `path` and the line's number; the inventory then holds what came before.
int nodes_file_load(struct ctx *ctx, const char *text, const char *path, struct err *e);
