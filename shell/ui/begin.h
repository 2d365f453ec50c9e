// SPDX-License-Identifier: GPL-3.0-or-later
// What comes before the first prompt. Main thread.
#pragma once

#include "cmd/engine/batch.h"

// A word to who has no node yet, and goes to no host.
void begin_welcome(struct ctx *ctx, const struct batch_opts *opts);
// The line that runs the operator's own first commands; NULL: there are none. The caller frees it.
char *begin_line(void);
