// SPDX-License-Identifier: GPL-3.0-or-later
// Values to text: tables and fields in virsh's shape, JSON lines. See render.h.
#include "cmd/engine/render.h"

#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/printable.h"
#include "base/strv.h"
#include "base/table.h"
#include "base/units.h"

enum { VIRSH_FIELD_WIDTH = 15 }; // "Id:" and blanks up to column 16, as dominfo has it

static const struct render_how into_file;
static const struct render_how *how = &into_file; // while something is rendered

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

// Bytes in one of what the column counts, or 0.
static double unit_of(const struct view_col *col)
{
    if (!col->suffix)
        return 0;
    return strcmp(col->suffix, " KiB") == 0 ? 1024 : strcmp(col->suffix, " bytes") == 0 ? 1 : 0;
}

bool render_has_sizes(const struct view *view)
{
    bool any = false, has_cols = view->kind == VIEW_TABLE || view->kind == VIEW_FIELDS;
    for (const struct view_col *c = has_cols ? view->cols : NULL; c && c->key; c++)
        any |= unit_of(c) > 0;
    return any;
}

static char *column_cell(const struct view_col *col, const json_t *value)
{
    if (json_is_boolean(value) && col->yes)
        return xstrdup(json_is_true(value) ? col->yes : col->no);
    double unit = col->bytes ? 1 : how->human ? unit_of(col) : 0;
    if (json_is_integer(value) && unit > 0) {
        char text[UNITS_TEXT];
        units_bytes((double)json_integer_value(value) * unit, col->digits ? col->digits : 2, text);
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

void render_table(const struct table *t, struct buf *out)
{
    table_render(t, &(struct table_look){how->quiet, how->vertical, how->width, how->paint}, out);
}

void render_members(const json_t *value, size_t width, struct buf *out)
{
    const char *name;
    json_t *v;
    json_object_foreach((json_t *)value, name, v)
    {
        _cleanup_free_ char *cell = render_cell(v);
        size_t from = out->len;
        buf_add_line(out, name);
        buf_addn(out, ' ', out->len - from < width ? width - (out->len - from) : 0);
        buf_adds(out, ": ");
        buf_add_line(out, cell);
        buf_addc(out, '\n');
    }
}

// Merged results of several nodes get a first column "Node".
static void render_rows(const struct view *view, const json_t *rows, struct buf *out)
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
    for (size_t i = 0; i < n; i++) {
        if (cols[i]->state)
            table_colored(t, i);
    }
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
    render_table(t, out);
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
        size_t at = out->len;
        buf_add_line(out, cell);
        if (col->state)
            paint_add(how->paint, at, out->len - at, paint_of_word(cell));
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

static void render_one(const struct view *view, const json_t *value, bool merged, struct buf *out)
{
    size_t from = out->len;
    switch (view->kind) {
    case VIEW_TABLE:
        render_rows(view, value, out);
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
        paint_marks(how->paint, buf_str(out), from);
        break;
    case VIEW_NONE:
        break;
    }
    if (view->message && !how->quiet && value)
        render_message(view->message, value, out);
}

void render_text(const struct cmd_def *def, const json_t *value, struct buf *out)
{
    render_how(&def->view, def->flags & CMD_EACH, value, &into_file, out);
}

void render_view(const struct view *view, const json_t *value, struct buf *out)
{
    if (value)
        render_one(view, value, false, out);
}

static void render_each(const struct view *view, const json_t *list, struct buf *out)
{
    size_t i;
    json_t *item;
    json_array_foreach(list, i, item)
    {
        if (i && view->kind != VIEW_TEXT)
            buf_addc(out, '\n');
        render_one(view, item, true, out);
    }
}

void render_how(const struct view *view, bool each, const json_t *value, const struct render_how *wanted,
                struct buf *out)
{
    const struct render_how *outer = how;
    how = wanted;
    if (each && json_is_array(value) &&
        (view->kind == VIEW_NONE || view->kind == VIEW_FIELDS || view->kind == VIEW_TEXT))
        render_each(view, value, out);
    else
        render_view(view, value, out);
    how = outer;
}

void render_json(const json_t *value, struct buf *out)
{
    _cleanup_free_ char *s =
        value ? json_dump_printable(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15)) : NULL;
    buf_addf(out, "%s\n", s ? s : "null");
}

static json_t *error_value(const struct err *err)
{
    return json_pack("{s:o, s:o, s:o*}", "code", json_text(err_code_name(err->code)), "msg",
                     json_text(err->msg ? err->msg : ""), "hint", err->hint ? json_text(err->hint) : NULL);
}

void render_error_json(const struct err *err, struct buf *out)
{
    json_auto_t *v = json_pack("{s:o}", "error", error_value(err));
    render_json(v, out);
}

void render_envelope(const char *command, const char *node, const json_t *value, const struct err *err, struct buf *out)
{
    json_auto_t *v = json_object();
    if (command)
        json_object_set_new(v, "command", json_text(command));
    if (node)
        json_object_set_new(v, "node", json_text(node));
    if (err)
        json_object_set_new(v, "error", error_value(err));
    else
        json_object_set_new(v, "result", value ? json_deep_copy(value) : json_null());
    render_json(v, out);
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
