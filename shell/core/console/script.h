// SPDX-License-Identifier: GPL-3.0-or-later
// The way from below to whatever runs recipes (lua/, registered by main.c). Nothing here knows Lua. Main thread only.
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/strv.h"

// A recipe's argument, as the recipe wrote it; cmd/ makes an option row of it.
struct script_arg {
    const char *name;
    const char *type; // "bool", "string", "int", "duration" … as enum opt_type, lower case
    const char *help, *def, *unit;
    const char *excludes, *needs; // as struct opt_def has them
    const char *const *choices;   // NULL-terminated, or NULL
    bool required, positional, multi;
};

struct script_recipe {
    const char *name; // the file's name without .lua
    const char *description, *help, *example, *group;
    const struct script_arg *args; // n_args
    size_t n_args;
    const char *passes;        // a command whose options it takes too, and hands on; NULL: none
    const char *const *except; // but for these; NULL-terminated, or NULL
    const char *path;
};

struct script_run; // something in flight

// Called on the main thread when it has ended; `result` (borrowed) may be NULL; `err` is NULL on success. text: what a
// result should look like for people, or NULL to let the caller render the value.
typedef void script_done_fn(void *data, json_t *result, const char *text, const struct err *err);

struct script_ops {
    // All recipes found in the recipe directories; a broken file is left out and told of once by out_notice. The array
    // and its strings stay valid until the next list().
    int (*list)(const struct script_recipe **ret, size_t *ret_n, struct err *e);
    // args: object of option name → value, typed (bool, integer, real in ms for a duration, string, array); with
    // `passes`, "passed" is an object of what was given of that command's: true, or text as typed, or an array of such.
    // NULL: error.
    struct script_run *(*run_recipe)(const char *name, json_t *args, script_done_fn *done, void *data, struct err *e);
    // A script file with its words (arg[1]…).
    struct script_run *(*run_file)(const char *path, const struct strv *words, script_done_fn *done, void *data,
                                   struct err *e);
    // A chunk typed at the prompt; `expression`: it came behind "=" (its values are the result).
    struct script_run *(*run_text)(const char *text, bool expression, script_done_fn *done, void *data, struct err *e);
    // Would more lines complete it?
    bool (*is_incomplete)(const char *text, bool expression);
    // Completions of a Lua expression ending at the end of `text`, whole words as they would stand there.
    void (*complete)(const char *text, struct strv *out);
    // What scripts may call: {intro, groups: [{title, rows: [{form, text, example or nothing}]}]}. NULL if that failed,
    // which was told of.
    json_t *(*manual)(void);
    void (*cancel)(struct script_run *run); // raises an error in the coroutine once its job has ended
};

void script_set_ops(const struct script_ops *ops);
const struct script_ops *script_ops(void); // NULL: this program was built or started without scripts

// A busy script keeps the loop from turning, and with it the keyboard from being read. It calls script_poll() about
// every millisecond; what the terminal's owner has set then makes a ^C that waits there a pending SIGINT of this
// process.
void script_set_poll(void (*fn)(void)); // NULL: nobody
void script_poll(void);
