// SPDX-License-Identifier: GPL-3.0-or-later
// What disk-copy and vol-copy share: their options, their progress line. Job threads.
#pragma once

#include "cmd/engine/cmd.h"
#include "core/copy/copy.h"

// The rows from `first` on, in this order.
enum { COPY_ROUTE, COPY_STREAMS, COPY_BWLIMIT, COPY_COMPRESS, COPY_NO_VERIFY, COPY_ROWS };
#define COPY_OPTS(first)                                                                                               \
    [(first) + COPY_ROUTE] = {"route", OPT_ENUM, 0, "which way the bytes go", .def = "auto", .choices = copy_routes},  \
               [(first) + COPY_STREAMS] = {"streams", OPT_INT, 0, "how many connections at once", .min = 1, .max = 8}, \
               [(first) + COPY_BWLIMIT] = {"bwlimit", OPT_SIZE, 0, "bytes a second at most", .unit_bytes = 1},         \
               [(first) + COPY_COMPRESS] = {"compress", OPT_BOOL, 0, "by zstd, which both nodes must have"},           \
               [(first) + COPY_NO_VERIFY] = {"no-verify", OPT_BOOL, 0, "do not read both ends again to compare them"}
extern const char *const copy_routes[];

// Fills in `o` from those rows, then copies, with progress; the value is the command's result.
int copy_run(struct cmd_call *c, int first, struct copy_options *o, struct err *e);
void copy_render(const json_t *value, struct buf *out); // the view of the value
