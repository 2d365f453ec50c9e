// SPDX-License-Identifier: GPL-3.0-or-later
// Values to text: tables and fields in virsh's shape, JSON lines. Pure. See render.h.
#include "cmd/engine/render.h"

#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/printable.h"
#include "base/strv.h"
#include "base/table.h"
#include "base/units.h"

enum { VIRSH_FIELD_WIDTH = 15 }; // "Id:" and blanks up to column 16, as dominfo has it

// A list in a cell: its items with commas between.
static char *join(const json_t *list)
{
    _cleanup_buf_ struct buf b = BUF_INIT;
    size_t i;
    json_t *item;
    json_array_foreach(list, i, item)
    {
        _cleanup_free_ char *cell = render_cell(item);
        buf_addf(&b, "%s%s", i ? "," : "", cell);
    }
    return b.len ? buf_steal(&b) : xstrdup("-");
}

char *render_cell(const json_t *value)
{
    switch (value ? json_typeof(value) : JSON_NULL) {
    case JSON_STRING:
        return xstrdup(json_string_value(value));
    case JSON_INTEGER:
        return xasprintf("%lld", (long long)json_integer_value(value));
    case JSON_REAL:
        return xasprintf("%.15g", json_real_value(value));
    case JSON_TRUE:
        return xstrdup("yes");
    case JSON_FALSE:
        return xstrdup("no");
    case JSON_NULL:
        return xstrdup("-");
    case JSON_ARRAY:
        return join(value);
    default: {
        char *s = json_dump_printable(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
        return s ? s : xstrdup("-");
    }
    }
}

// "a.b" reaches into objects; a key that contains the dot itself wins.
static const json_t *member(const json_t *value, const char *key)
{
    const json_t *direct = json_object_get(value, key);
    const char *dot = strchr(key, '.');
    if (direct || !dot)
        return direct;
    _cleanup_free_ char *head = xstrndup(key, (size_t)(dot - key));
    return member(json_object_get(value, head), dot + 1);
}

static char *column_cell(const struct view_col *col, const json_t *value)
{
    if (json_is_boolean(value) && col->yes)
        return xstrdup(json_is_true(value) ? col->yes : col->no);
    if (json_is_integer(value) && col->bytes) {
        char text[UNITS_TEXT];
        units_bytes((double)json_integer_value(value), 2, text);
        return xstrdup(text);
    }
    _cleanup_free_ char *cell = render_cell(value);
    return col->suffix && json_is_number(value) ? xasprintf("%s%s", cell, col->suffix) : steal(&cell);
}

static bool any_has(const json_t *rows, const char *key)
{
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row)
    {
        if (json_object_get(row, key))
            return true;
    }
    return false;
}

static void render_lines(const struct view *view, const json_t *rows, struct buf *out)
{
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row)
    {
        const json_t *node = json_object_get(row, "node");
        if (node) {
            buf_add_line(out, json_string_value(node));
            buf_addc(out, ' ');
        }
        for (const struct view_col *c = view->cols; c->key; c++) {
            _cleanup_free_ char *cell = column_cell(c, member(row, c->key));
            buf_add_line(out, cell);
            buf_addc(out, c[1].key ? ' ' : '\n');
        }
    }
}

// Merged results of several nodes get a first column "Node".
static void render_table(const struct view *view, const json_t *rows, bool quiet, struct buf *out)
{
    const struct view_col *cols[32];
    static const struct view_col node_col = {"node", "Node"};
    const char *titles[32];
    size_t n = 0;
    bool own_node = false;
    for (const struct view_col *c = view->cols; c->key; c++)
        own_node |= strcmp(c->key, "node") == 0;
    if (!own_node && any_has(rows, "node"))
        cols[n++] = &node_col;
    for (const struct view_col *c = view->cols; c->key && n < ARRAY_SIZE(cols); c++)
        cols[n++] = c;
    for (size_t i = 0; i < n; i++)
        titles[i] = cols[i]->title;
    struct table *t = table_new(n, titles);
    size_t k;
    json_t *row;
    json_array_foreach(rows, k, row)
    {
        char *cells[32];
        for (size_t i = 0; i < n; i++)
            cells[i] = column_cell(cols[i], member(row, cols[i]->key));
        table_row(t, (const char *const *)cells);
        for (size_t i = 0; i < n; i++)
            free(cells[i]);
    }
    _cleanup_buf_ struct buf b = BUF_INIT;
    table_render(t, &b);
    const char *text = buf_str(&b);
    if (quiet) { // without the head: two lines
        text = strchr(text, '\n') + 1;
        text = strchr(text, '\n') + 1;
    }
    buf_adds(out, text);
    table_free(t);
}

static void add_field(const struct view_col *col, const json_t *value, size_t width, struct buf *out)
{
    size_t n = col->lines ? json_array_size(value) : 0;
    const char *title = col->title;
    buf_add_line(out, title); // with several nodes it is a name
    buf_addc(out, ':');
    buf_addn(out, ' ', width > strlen(title) ? width - strlen(title) : 1);
    for (size_t i = 0; i == 0 || i < n; i++) {
        _cleanup_free_ char *cell = column_cell(col, n ? json_array_get(value, i) : value);
        buf_addn(out, ' ', i ? width + 1 : 0); // under the first
        buf_add_line(out, cell);
        buf_addc(out, '\n');
    }
}

static void render_fields(const struct view *view, const json_t *value, struct buf *out)
{
    size_t width = view->width ? (size_t)view->width : VIRSH_FIELD_WIDTH;
    const json_t *node = json_object_get(value, "node");
    bool own_node = false;
    for (const struct view_col *c = view->cols; c->key; c++)
        own_node |= strcmp(c->key, "node") == 0;
    if (node && !own_node)
        add_field(&(struct view_col){"node", "Node"}, node, width, out);
    for (const struct view_col *c = view->cols; c->key; c++) {
        const json_t *v = member(value, c->key);
        if (v)
            add_field(c, v, width, out);
    }
}

// One of several nodes' texts.
static void add_merged(const json_t *value, struct buf *out)
{
    const char *node = json_text_at(value, "node");
    _cleanup_free_ char *text = render_cell(json_object_get(value, "value"));
    const char *newline = strchr(text, '\n');
    if (!newline || !newline[1]) {
        add_field(&(struct view_col){"value", node}, json_object_get(value, "value"), VIRSH_FIELD_WIDTH, out);
        return;
    }
    buf_add_line(out, node);
    buf_adds(out, ":\n  ");
    buf_add_message(out, text);
    buf_addc(out, '\n');
}

static void add_text(const json_t *value, struct buf *out)
{
    if (json_is_object(value) || json_is_array(value)) { // a recipe may return whatever it likes
        render_any(value, out);
        return;
    }
    _cleanup_free_ char *cell = render_cell(value);
    const char *s = json_is_string(value) ? json_string_value(value) : cell;
    size_t n = json_is_string(value) ? json_string_length(value) : strlen(cell);
    buf_add(out, s, n); // as it is: dumpxml >FILE is to the byte; ui/ makes it fit for a terminal
    if (n && s[n - 1] != '\n')
        buf_addc(out, '\n');
}

static void render_message(const char *format, const json_t *value, struct buf *out)
{
    for (const char *p = format; *p; p++) {
        const char *end = *p == '{' ? strchr(p, '}') : NULL;
        if (!end) {
            buf_addc(out, *p);
            continue;
        }
        _cleanup_free_ char *key = xstrndup(p + 1, (size_t)(end - p - 1));
        _cleanup_free_ char *cell = render_cell(member(value, key));
        buf_add_line(out, cell);
        p = end;
    }
    buf_addc(out, '\n');
}

static void render_one(const struct view *view, const json_t *value, bool merged, bool quiet, struct buf *out)
{
    switch (view->kind) {
    case VIEW_TABLE:
        render_table(view, value, quiet, out);
        break;
    case VIEW_LINES:
        render_lines(view, value, out);
        break;
    case VIEW_FIELDS:
        render_fields(view, value, out);
        break;
    case VIEW_TEXT:
        if (merged)
            add_merged(value, out);
        else
            add_text(value, out);
        break;
    case VIEW_CUSTOM:
        view->render(value, out);
        break;
    case VIEW_NONE:
        break;
    }
    if (view->message && !quiet && value)
        render_message(view->message, value, out);
}

void render_text(const struct cmd_def *def, const json_t *value, bool quiet, struct buf *out)
{
    render_view(&def->view, def->flags & CMD_EACH, value, quiet, out);
}

void render_view(const struct view *view, bool each, const json_t *value, bool quiet, struct buf *out)
{
    if (!value)
        return;
    bool merged = each && json_is_array(value) &&
                  (view->kind == VIEW_NONE || view->kind == VIEW_FIELDS || view->kind == VIEW_TEXT);
    if (!merged) {
        render_one(view, value, false, quiet, out);
        return;
    }
    size_t i;
    json_t *item;
    json_array_foreach(value, i, item)
    {
        if (i && view->kind != VIEW_TEXT)
            buf_addc(out, '\n');
        render_one(view, item, true, quiet, out);
    }
}

void render_json(const json_t *value, struct buf *out)
{
    _cleanup_free_ char *s =
        value ? json_dump_printable(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15)) : NULL;
    buf_addf(out, "%s\n", s ? s : "null");
}

void render_error_json(const struct err *err, struct buf *out)
{
    json_t *v = json_pack("{s:{s:o, s:o, s:o*}}", "error", "code", json_text(err_code_name(err->code)), "msg",
                          json_text(err->msg ? err->msg : ""), "hint", err->hint ? json_text(err->hint) : NULL);
    render_json(v, out);
    json_decref(v);
}

void render_any(const json_t *value, struct buf *out)
{
    if (!value)
        return;
    if (json_is_object(value) || json_is_array(value)) {
        _cleanup_free_ char *s = json_dump_printable(value, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
        buf_addf(out, "%s\n", s ? s : "");
        return;
    }
    _cleanup_free_ char *s = json_is_boolean(value) ? xstrdup(json_is_true(value) ? "true" : "false")
                             : json_is_null(value)  ? xstrdup("nil")
                                                    : render_cell(value);
    buf_adds(out, s);
    buf_addc(out, '\n');
}
