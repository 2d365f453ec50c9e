// SPDX-License-Identifier: GPL-3.0-or-later
// What an error text of libvirt, QEMU or ssh means for a migration, and what to do about it: one table of rows. Pure;
// any thread.
#pragma once

#include <stddef.h>

#include "base/err.h"

enum explain_where { EXPLAIN_SOURCE, EXPLAIN_DEST, EXPLAIN_BOTH, EXPLAIN_HERE, EXPLAIN_GUEST };

struct explain_row {
    const char *pattern; // fnmatch(3) pattern, found anywhere in the text, letter case ignored
    const char *cause;   // one clause
    enum explain_where where;
    const char *remedy; // what to do there; may hold {S} and {D} for the hosts
};

extern const struct explain_row explain_rows[];
extern const size_t explain_rows_n;

// The first row whose pattern fits, or NULL.
const struct explain_row *explain_find(const char *text);
// Gives `e` a hint when it has none and a row fits: "CAUSE; on HOST: REMEDY". Names of the two hosts as the operator
// knows them.
void explain_fill(struct err *e, const char *source, const char *dest);
