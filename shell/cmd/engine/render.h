// SPDX-License-Identifier: GPL-3.0-or-later
// A result value as text, by its command's view.
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/buf.h"
#include "base/paint.h"
#include "base/table.h"
#include "cmd/engine/cmd.h"

// How a value is to be seen.
struct render_how {
    bool quiet;          // no messages and table heads, as virsh's -q has it
    bool vertical;       // tables as a line for each field
    bool human;          // sizes of KiB and bytes as "1.50 GiB"
    size_t width;        // of the terminal, to which tables are shortened; 0: none
    struct paint *paint; // gathers what has a colour; NULL: nothing has
};
// Are there numbers that --human shows otherwise?
bool render_has_sizes(const struct view *view);
// Text ends in a newline unless it is empty. `each`: an array may be the merged values of several nodes, each to be
// shown by itself (tables and custom views take the whole array). Main thread, as what is rendered within a custom view
// (by the functions below) is so in the same manner.
void render_how(const struct view *view, bool each, const json_t *value, const struct render_how *how, struct buf *out);
// Within a custom view: part of the value by another view, and a table of its own.
void render_view(const struct view *view, const json_t *value, struct buf *out);
void render_table(const struct table *t, struct buf *out);
// "NAME: value", a line for each member of an object, with `width` columns for the name. Whoever named and filled it.
void render_members(const json_t *value, size_t width, struct buf *out);
// By the command's own view, as into a file.
void render_text(const struct cmd_def *def, const json_t *value, struct buf *out);
// One line of JSON and a newline.
void render_json(const json_t *value, struct buf *out);
// {"error": {"code": …, "msg": …, "hint": …}} on one line.
void render_error_json(const struct err *err, struct buf *out);
// What either of them writes (`err` NULL: `value`), within {"command": …, "node": …, "result" or "error": …}. NULL: not
// known.
void render_envelope(const char *command, const char *node, const json_t *value, const struct err *err,
                     struct buf *out);
// A value without a view (Lua results): scalars plainly, the rest as indented JSON.
void render_any(const json_t *value, struct buf *out);
// One cell: strings as they are, numbers, yes/no, NULL and null as "-". The caller frees.
char *render_cell(const json_t *value);
