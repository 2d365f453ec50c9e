// SPDX-License-Identifier: GPL-3.0-or-later
// Candidates for the value of an option, by its type. Main thread.
#pragma once

#include "cmd/engine/cmd.h"
#include "cmd/engine/completion.h"

// `lead` stands before every candidate ("--node="); `place` is the label of the node or URI whose domains and pools
// are meant, NULL: all that are known.
void complete_value(struct ctx *ctx, const struct opt_def *o, const char *lead, const char *prefix, const char *place,
                    struct completion *out);
