// SPDX-License-Identifier: GPL-3.0-or-later
// What disk-copy and vol-copy share: their options, their progress line. Job threads.
#pragma once

#include "cmd/engine/cmd.h"
#include "core/copy/copy.h"

// Behind the command's own rows.
#define COPY_ROWS                                                                                                      \
    {"route", OPT_ENUM, 0, "which way the bytes go", .def = "auto", .choices = copy_routes},                           \
        {"streams", OPT_INT, 0, "how many connections at once", .min = 1, .max = 8},                                   \
        {"bwlimit", OPT_SIZE, 0, "bytes a second at most", .unit_bytes = 1},                                           \
        {"compress", OPT_BOOL, 0, "by zstd, which both nodes must have"},                                              \
    {                                                                                                                  \
        "no-verify", OPT_BOOL, 0, "do not read both ends again to compare them"                                        \
    }
extern const char *const copy_routes[];

// Fills in `o` from those rows, then copies, with progress; the value is the command's result.
int copy_run(struct cmd_call *c, struct copy_options *o, struct err *e);
void copy_render(const json_t *value, struct buf *out); // the view of the value
