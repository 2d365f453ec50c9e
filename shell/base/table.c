// SPDX-License-Identifier: GPL-3.0-or-later
// Text tables. See table.h.
#include "base/table.h"

#include <string.h>

#include "base/mem.h"
#include "base/printable.h"
#include "base/strv.h"

struct table {
    size_t columns;
    struct strv cells; // row after row, headers first
};

static void add_cell(struct table *t, const char *text)
{
    _cleanup_buf_ struct buf b = BUF_INIT;
    buf_add_line(&b, text ? text : "-");
    strv_add(&t->cells, buf_str(&b));
}

struct table *table_new(size_t columns, const char *const *headers)
{
    struct table *t = xnew(struct table);
    t->columns = columns;
    table_row(t, headers);
    return t;
}

void table_row(struct table *t, const char *const *cells)
{
    for (size_t i = 0; i < t->columns; i++)
        add_cell(t, cells[i]);
}

static void add_line(const struct table *t, const size_t *width, size_t row, struct buf *out)
{
    for (size_t c = 0; c < t->columns; c++) {
        const char *cell = t->cells.s[row * t->columns + c];
        buf_addc(out, ' ');
        buf_adds(out, cell);
        if (c + 1 < t->columns)
            buf_addn(out, ' ', width[c] - str_columns(cell) + 2);
    }
    buf_addc(out, '\n');
}

void table_render(const struct table *t, struct buf *out)
{
    size_t rows = t->columns ? t->cells.n / t->columns : 0;
    _cleanup_free_ size_t *width = xcalloc(t->columns, sizeof(size_t));
    size_t line = 0;
    for (size_t c = 0; c < t->columns; c++) {
        for (size_t r = 0; r < rows; r++) {
            size_t w = str_columns(t->cells.s[r * t->columns + c]);
            width[c] = w > width[c] ? w : width[c];
        }
        line += width[c] + 3;
    }
    for (size_t r = 0; r < rows; r++) {
        add_line(t, width, r, out);
        if (r == 0) {
            buf_addn(out, '-', line);
            buf_addc(out, '\n');
        }
    }
}

void table_free(struct table *t)
{
    if (!t)
        return;
    strv_release(&t->cells);
    free(t);
}
