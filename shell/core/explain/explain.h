// SPDX-License-Identifier: GPL-3.0-or-later
// What a text of libvirt, QEMU, ssh, NFS or the kernel means, and what to do about it: rows by subject (rows_*.c), one
// ordered lookup. Pure; any thread.
#pragma once

#include <stddef.h>

#include "base/err.h"

enum explain_where { EXPLAIN_SOURCE, EXPLAIN_DEST, EXPLAIN_BOTH, EXPLAIN_HERE, EXPLAIN_GUEST };

// `alone` of a row whose text is no surprise to who has it without a migration: it hints at nothing then.
#define EXPLAIN_ONLY ""

struct explain_row {
    const char *id;
    const char *pattern;      // alternatives with "|" between them, each found anywhere in a line, letter case ignored;
                              // '*' is anything within the line, '?' one character
    const char *cause;        // one clause
    enum explain_where where; // of a migration's two ends
    const char *remedy;       // what to do there. May hold {S}, {D}: the hosts; {N}: the one that `where` says; {G}
    const char *alone;        // the same where no migration failed; NULL: no other, or EXPLAIN_ONLY
};

// As the operator knows them; NULL: not known, and a word in capitals stands for it.
struct explain_names {
    const char *source, *dest; // both: a migration failed
    const char *node;          // otherwise: the host that was talked to
    const char *guest;
};

// The row number `i` in the order of the lookup, or NULL behind the last one.
const struct explain_row *explain_row(size_t i);
// The first row that fits the text, or NULL. The more telling ones come first.
const struct explain_row *explain_find(const char *text);
// All that fit, in that order: their number, of which the first `max` are in `ret`.
size_t explain_find_all(const char *text, const struct explain_row **ret, size_t max);

const char *explain_where_name(enum explain_where where); // "source", "destination", "both", "here", "guest"
const char *explain_where_text(enum explain_where where); // "on both hosts"
// The row's remedy with the names in it; the caller frees.
char *explain_remedy(const struct explain_row *row, const struct explain_names *names);

// Gives `e` a hint when it has none and a row fits: "CAUSE; on HOST: REMEDY".
void explain_fill(struct err *e, const struct explain_names *names);
