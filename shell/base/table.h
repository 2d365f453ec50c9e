// SPDX-License-Identifier: GPL-3.0-or-later
// Text tables in virsh's shape: a header row, a dashed line, columns padded to their widest cell (in terminal columns).
#pragma once

#include "base/buf.h"

struct table;
struct table *table_new(size_t columns, const char *const *headers);
// `columns` cells, copied; NULL counts as "-". A cell is one line (see printable.h).
void table_row(struct table *t, const char *const *cells);
void table_render(const struct table *t, struct buf *out);
void table_free(struct table *t);
