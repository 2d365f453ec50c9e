// SPDX-License-Identifier: GPL-3.0-or-later
// `migsh --complete WORD…`: what could stand in place of the last word of migsh's own command line, for the shells'
// completion. Main thread. Names that only hypervisors know are asked of them, as the prompt does, within a second.
#pragma once

#include <getopt.h>

struct buf;
struct ctx;

// Adds "word" or "word<TAB>what it is", a line each; nothing means: a file, or nothing is known. `options` are the
// program's own, `inventory` the file unless the words name another; prepare() loads it,
// makes `connect`, where the words have one, the current host, and registers what lists recipes. Afterwards jobs may
// still wait for a host that keeps silent: the process has to end by _exit() where job_count() tells so.
void complete_args(const struct option *options, const char *inventory,
                   void (*prepare)(struct ctx *ctx, const char *connect), int n, char **words, struct buf *out);
