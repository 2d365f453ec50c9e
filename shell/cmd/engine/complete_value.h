// SPDX-License-Identifier: GPL-3.0-or-later
// Candidates for the value of an option, by its type. Main thread.
#pragma once

#include "cmd/engine/cmd.h"
#include "cmd/engine/completion.h"

// What the other words of the command say.
struct complete_where {
    const char *place;  // the label of the node or URI whose domains and pools are meant; NULL: all that are known
    const char *domain; // as typed; NULL: none
    const char *pool;   // the same
};
// `lead` stands before every candidate ("--node=").
void complete_value(struct ctx *ctx, const struct opt_def *o, const char *lead, const char *prefix,
                    const struct complete_where *where, struct completion *out);
