// SPDX-License-Identifier: GPL-3.0-or-later
// Text tables. See table.h.
#include "base/table.h"

#include <stdint.h>

#include "base/mem.h"
#include "base/printable.h"
#include "base/strv.h"

struct table {
    size_t columns;
    bool *colored;     // for each column
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
    t->colored = xcalloc(columns + 1, sizeof(bool));
    table_row(t, headers);
    return t;
}

void table_row(struct table *t, const char *const *cells)
{
    for (size_t i = 0; i < t->columns; i++)
        add_cell(t, cells[i]);
}

void table_colored(struct table *t, size_t column)
{
    t->colored[column] = true;
}

static size_t rows_of(const struct table *t)
{
    return t->columns ? t->cells.n / t->columns : 0;
}

// The cell, cut to `width` columns. Returns how many it has then.
static size_t put_cell(const struct table *t, size_t row, size_t c, size_t width, struct paint *paint, struct buf *out)
{
    const char *cell = t->cells.s[row * t->columns + c];
    size_t columns = str_columns(cell), at = out->len;
    if (columns <= width) {
        buf_adds(out, cell);
    } else {
        _cleanup_free_ char *part = xstrndup(cell, str_fitting(cell, width - 1));
        buf_addf(out, "%s…", part);
        columns = str_columns(part) + 1;
    }
    if (row && t->colored[c])
        paint_add(paint, at, out->len - at, paint_of_word(cell));
    return columns;
}

static void add_line(const struct table *t, const size_t *width, size_t row, struct paint *paint, struct buf *out)
{
    for (size_t c = 0; c < t->columns; c++) {
        buf_addc(out, ' ');
        size_t used = put_cell(t, row, c, width[c], paint, out);
        if (c + 1 < t->columns)
            buf_addn(out, ' ', width[c] - used + 2);
    }
    buf_addc(out, '\n');
}

// Takes from the widest columns until a row is no wider than `limit`. Where that would leave nothing to read, the
// terminal breaks the lines.
static void shorten(size_t *width, size_t columns, size_t limit)
{
    enum { READABLE = 8, BLANKS = 3 }; // around a cell; the last one has none behind it
    for (;;) {
        size_t all = 0, widest = 0, next = READABLE;
        for (size_t c = 0; c < columns; c++) {
            all += width[c] + BLANKS;
            widest = width[c] > width[widest] ? c : widest;
        }
        for (size_t c = 0; c < columns; c++)
            next = c != widest && width[c] > next && width[c] < width[widest] ? width[c] : next;
        if (all <= limit + BLANKS - 1 || width[widest] <= READABLE)
            return;
        size_t over = all - (limit + BLANKS - 1), room = width[widest] - next;
        width[widest] -= over < room ? over : room ? room : 1;
    }
}

static void add_vertical(const struct table *t, const struct table_look *look, struct buf *out)
{
    size_t title = 0;
    for (size_t c = 0; c < t->columns; c++) {
        size_t w = str_columns(t->cells.s[c]);
        title = w > title ? w : title;
    }
    for (size_t r = 1; r < rows_of(t); r++) {
        buf_adds(out, r > 1 ? "\n" : "");
        for (size_t c = 0; c < t->columns; c++) {
            buf_addf(out, "%s:", t->cells.s[c]);
            buf_addn(out, ' ', title - str_columns(t->cells.s[c]) + 1);
            put_cell(t, r, c, SIZE_MAX, look->paint, out);
            buf_addc(out, '\n');
        }
    }
}

void table_render(const struct table *t, const struct table_look *look, struct buf *out)
{
    static const struct table_look plain;
    _cleanup_free_ size_t *width = xcalloc(t->columns + 1, sizeof(size_t));
    size_t line = 0;
    look = look ? look : &plain;
    if (look->vertical) {
        add_vertical(t, look, out);
        return;
    }
    for (size_t i = 0; i < t->cells.n; i++) {
        size_t w = str_columns(t->cells.s[i]), *column = &width[i % t->columns];
        *column = w > *column ? w : *column;
    }
    if (look->width)
        shorten(width, t->columns, look->width);
    for (size_t c = 0; c < t->columns; c++)
        line += width[c] + 3;
    for (size_t r = look->no_head; r < rows_of(t); r++) {
        add_line(t, width, r, look->paint, out);
        if (r == 0) {
            buf_addn(out, '-', look->width && line > look->width ? look->width : line);
            buf_addc(out, '\n');
        }
    }
}

void table_free(struct table *t)
{
    if (!t)
        return;
    strv_release(&t->cells);
    free(t->colored);
    free(t);
}
