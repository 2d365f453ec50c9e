// SPDX-License-Identifier: GPL-3.0-or-later
// The options of the program itself: one row each, for getopt, `migsh --help` and migsh(1). Pure.
#pragma once

#include <getopt.h>

#include "base/buf.h"

enum { USAGE_NO_COLOR = 256, USAGE_ENVELOPE, USAGE_VERTICAL, USAGE_HUMAN, USAGE_KEEPALIVE }; // those without a letter

struct usage_row {
    const char *name;
    int letter;      // from 256 on: only the long name
    const char *arg; // NULL: a switch
    const char *text;
};

extern const struct usage_row usage_rows[]; // the last one has no name

void usage_text(struct buf *out);                              // all of `migsh --help`
void usage_form(const struct usage_row *row, struct buf *out); // "-c, --command TEXT"
// The rows as getopt_long() wants them, to be freed; what follows the command is the command's.
struct option *usage_getopt(struct buf *ret_short);
