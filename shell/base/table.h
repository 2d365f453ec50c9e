// SPDX-License-Identifier: GPL-3.0-or-later
// Text tables in virsh's shape: a header row, a dashed line, columns padded to their widest cell (in terminal columns).
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/paint.h"

struct table;
struct table *table_new(size_t columns, const char *const *headers);
// `columns` cells, copied; NULL counts as "-". A cell is one line (see printable.h).
void table_row(struct table *t, const char *const *cells);
// The cells of this column are words with a colour.
void table_colored(struct table *t, size_t column);

struct table_look {
    bool no_head;
    bool vertical;       // a line for each cell, "Title: cell", and an empty line between the rows
    size_t width;        // of the terminal: the widest columns are cut, and end in "…"; 0: as wide as it comes
    struct paint *paint; // gathers the colours, by their place in `out`; NULL: none
};
// `look` NULL: as virsh has it.
void table_render(const struct table *t, const struct table_look *look, struct buf *out);
void table_free(struct table *t);
