// SPDX-License-Identifier: GPL-3.0-or-later
// Runs one command: finds its row, binds its words, runs it (on the main thread, as a job, or as a recipe) and hands
// back its value. Prints nothing. Main thread only; used by the batch (prompt, -c, files) and by Lua.
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/strv.h"
#include "cmd/engine/cmd.h"

struct cmd_run;
struct render_how;

// Called on the main thread, never from within cmd_start(); afterwards the run is gone.
typedef void cmd_done_fn(struct cmd_run *run, void *data);

// Where its words come from, and its result goes: typed at the prompt, and cmd_call.led_away.
enum cmd_how { CMD_TYPED = 1, CMD_LED_AWAY = 2 };

// words[0] names the command. NULL and `e` when it is unknown or its words do not fit
// its rows: nothing has happened then.
struct cmd_run *cmd_start(struct ctx *ctx, const struct strv *words, unsigned how, cmd_done_fn *done, void *data,
                          struct err *e);
// Asks it to end; done() follows when it has. A second call does nothing.
void cmd_cancel(struct cmd_run *run);

const struct cmd_def *cmd_run_def(const struct cmd_run *run);
json_t *cmd_run_result(const struct cmd_run *run);        // borrowed; NULL: none. May be there beside an error
const char *cmd_run_text(const struct cmd_run *run);      // what a recipe wants shown instead of the value, or NULL
const struct err *cmd_run_err(const struct cmd_run *run); // code ERR_NONE: success
int cmd_run_status(const struct cmd_run *run);            // exit status
double cmd_run_seconds(const struct cmd_run *run);
const char *cmd_run_node(const struct cmd_run *run); // the node or URI that it went to; NULL: several, or none
// What is to be said of its table, which has no rows; NULL: nothing.
const char *cmd_run_empty(const struct cmd_run *run);
// Its value by the view that it wants, or what the recipe wants shown instead. `how` is what the console wants.
void cmd_run_render(const struct cmd_run *run, const struct render_how *how, struct buf *out);
