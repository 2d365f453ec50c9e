// SPDX-License-Identifier: GPL-3.0-or-later
// What the rows of a command say of each other: .excludes and .needs. Pure. A name that is no row's is passed over: a
// recipe may have some of a command's rows only.
#pragma once

#include "base/err.h"
#include "cmd/engine/cmd.h"

struct buf;

// The index of the row whose name is `name`'s first `len` bytes, or n.
size_t rules_find(const struct opt_def *opts, size_t n, const char *name, size_t len);
// given: for each row. ERR_USAGE names two rows that are mutually exclusive, or one and what it needs.
int rules_check(const struct opt_def *opts, size_t n, const bool *given, struct err *e);
// Is row i excluded by one that is given?
bool rules_exclude(const struct opt_def *opts, size_t n, const bool *given, size_t i);
// Adds "needs --a or --b; not with --c or --d", or nothing.
void rules_describe(const struct opt_def *opts, size_t n, size_t i, struct buf *out);
