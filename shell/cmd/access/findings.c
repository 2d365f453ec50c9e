// SPDX-License-Identifier: GPL-3.0-or-later
// Findings as text. See findings.h.
#include "cmd/access/findings.h"

#include <string.h>

#include "base/json.h"
#include "base/printable.h"
#include "cmd/engine/render.h"

static void add_part(struct buf *out, const json_t *row, const char *key)
{
    const char *text = json_text_at(row, key);
    if (!text)
        return;
    buf_addf(out, "  %s: ", key);
    buf_add_line(out, text);
    buf_addc(out, '\n');
}

void findings_render(const json_t *value, struct buf *out)
{
    static const struct view_col cols[] = {
        {"node", "Node"}, {"gate", "Gate"}, {"level", "Level"}, {"seen", "Seen"}, {NULL}};
    static const struct view view = {VIEW_TABLE, cols};
    render_view(&view, value, out);
    size_t i;
    json_t *row;
    json_array_foreach(value, i, row)
    {
        const char *level = json_text_at(row, "level");
        if (strcmp(level, "warn") != 0 && strcmp(level, "fail") != 0)
            continue;
        _cleanup_free_ char *head =
            xasprintf("%s: %s: %s", json_text_at(row, "node"), level, json_text_at(row, "gate"));
        buf_addc(out, '\n');
        buf_add_line(out, head);
        buf_addc(out, '\n');
        add_part(out, row, "why");
        add_part(out, row, "wanted");
        add_part(out, row, "remedy");
    }
}
