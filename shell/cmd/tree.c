// SPDX-License-Identifier: GPL-3.0-or-later
// Trees, as virsh draws them. Pure. See tree.h.
#include "cmd/tree.h"

#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/printable.h"

// The branch from row `at`; `is_last` of its siblings. As virsh draws it.
static void draw(const json_t *rows, size_t at, size_t last, bool root, struct buf *indent, struct buf *out)
{
    const char *name = json_text_at(json_array_get(rows, at), "name");
    size_t i, last_child = SIZE_MAX, len = indent->len;
    json_t *row;
    buf_addf(out, "%s%s", buf_str(indent), root ? "" : "+- ");
    buf_add_line(out, name);
    buf_addc(out, '\n');
    if (!root)
        buf_adds(indent, at == last ? "  " : "| ");
    json_array_foreach((json_t *)rows, i, row)
    {
        const char *parent = json_text_at(row, "parent");
        if (parent && strcmp(parent, name) == 0)
            last_child = i;
    }
    if (last_child != SIZE_MAX)
        buf_addf(out, "%s  |\n", buf_str(indent));
    buf_adds(indent, "  ");
    json_array_foreach((json_t *)rows, i, row)
    {
        const char *parent = json_text_at(row, "parent");
        if (parent && strcmp(parent, name) == 0)
            draw(rows, i, last_child, false, indent, out);
    }
    buf_truncate(indent, indent->len - 2);
    if (last_child == SIZE_MAX && at == last)
        buf_addf(out, "%s\n", buf_str(indent));
    buf_truncate(indent, len);
}

void tree_render(const json_t *rows, struct buf *out)
{
    size_t i;
    json_t *row;
    _cleanup_buf_ struct buf indent = BUF_INIT;
    json_array_foreach((json_t *)rows, i, row)
    {
        if (!json_text_at(row, "parent"))
            draw(rows, i, i, true, &indent, out);
    }
}
