// SPDX-License-Identifier: GPL-3.0-or-later
// A result value as text, by its command's view. Pure; any thread.
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/buf.h"
#include "cmd/engine/cmd.h"

// Text ends in a newline unless it is empty. `quiet` leaves out messages and table heads, as virsh's -q does.
// `each`: an array may be the merged values of several nodes, each to be shown by itself (tables and custom views take
// the whole array).
void render_view(const struct view *view, bool each, const json_t *value, bool quiet, struct buf *out);
// By the command's own view.
void render_text(const struct cmd_def *def, const json_t *value, bool quiet, struct buf *out);
// One line of JSON and a newline.
void render_json(const json_t *value, struct buf *out);
// {"error": {"code": …, "msg": …, "hint": …}} on one line.
void render_error_json(const struct err *err, struct buf *out);
// A value without a view (Lua results): scalars plainly, the rest as indented JSON.
void render_any(const json_t *value, struct buf *out);
// One cell: strings as they are, numbers, yes/no, NULL and null as "-". The caller frees.
char *render_cell(const json_t *value);
