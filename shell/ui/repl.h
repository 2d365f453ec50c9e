// SPDX-License-Identifier: GPL-3.0-or-later
// The prompt: readline in its callback interface inside the program's loop. Main thread; never blocks.
#pragma once

#include <stdbool.h>

#include "cmd/engine/batch.h"
#include "core/console/ctx.h"

struct repl;
// term_open(true) and out_choose() have been called. done(status) once it has been left: with the status of the last
// command, or 128 + the signal that ended it.
struct repl *repl_start(struct ctx *ctx, const struct batch_opts *opts, const char *history_path,
                        void (*done)(int status, void *data), void *data);
// From ui/signals.
void repl_signal(struct repl *r, int signo);
