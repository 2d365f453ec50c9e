// SPDX-License-Identifier: GPL-3.0-or-later
// `migsh --complete WORD…`: what could stand in place of the last word of migsh's own command line, for the shells'
// completion. Main thread; opens no connection.
#pragma once

#include <getopt.h>

struct buf;
struct ctx;

// Adds "word" or "word<TAB>what it is", a line each; nothing means: a file, or nothing is known. `options` are the
// program's own, `inventory` the file unless the words name another; prepare() loads it,
// and registers what lists recipes.
void complete_args(const struct option *options, const char *inventory, void (*prepare)(struct ctx *ctx), int n,
                   char **words, struct buf *out);
