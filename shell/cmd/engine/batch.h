// SPDX-License-Identifier: GPL-3.0-or-later
// Runs typed text: a line for the shell of this machine, behind "!", or a logical line (commands separated by ";" or
// "&", their results shown or led elsewhere by "|" or ">"; or Lua behind "=" or "lua "), and whole sources of such
// lines. Shows results and errors through core/console/out.h, in text or JSON. Main thread only.
#pragma once

#include <stdbool.h>

#include "base/strv.h"
#include "core/console/ctx.h"

struct batch_opts {
    bool json, quiet, timing;
    bool vertical, human;  // as struct render_how has them
    bool envelope;         // with `json`: a line tells which command it is of, and of which node
    bool keep_going;       // a failing line does not stop the source
    bool prompt;           // typed there: unique prefixes of command names will do
    unsigned line;         // job_line() of what it starts
    unsigned depth;        // so many files of commands are around it
    struct repeat *repeat; // around it: told before something is shown
    bool part;             // of the line around such a file, whose end it is not
};

struct batch;
struct redirect;
// status: exit status of the line (the first failing command's; the rest of the line was not run). quit: "quit" was
// run.
typedef void batch_done_fn(int status, bool quit, void *data);

// What "&" means: cmd/engine/jobs.h. Set once, at the start.
struct batch_beside {
    // The command of that text and those words, whose result goes to `to`.
    void (*run)(struct ctx *ctx, const char *text, const struct strv *words, const struct redirect *to,
                const struct batch_opts *opts);
    // The last of the line `opts.line` is about to be shown.
    void (*about_to_end)(unsigned line, int status);
};
void batch_set_beside(const struct batch_beside *b);

// What CMD_TEXT means: source.c. Set once, by source_init().
struct source;
struct batch_nested {
    // The text of a file, as a part of the line `opts->line`: until the first line that fails, which is told of, too.
    // What "&" has sent behind goes on.
    struct source *(*run)(struct ctx *ctx, const char *text, const char *file, const struct batch_opts *opts,
                          batch_done_fn *done, void *data);
    void (*cancel)(struct source *s);
};
void batch_set_nested(const struct batch_nested *n);
void source_init(void);

// A line that is run again and again: repeat.c. Set once, by repeat_init().
struct repeat;
struct repeat_what {
    const char *text;  // the line
    const char *every; // as it was typed, for the head of the screen
    double pause_ms;   // between the end of one and the beginning of the next
    long long count;   // 0: until it is cancelled, which is no failure
};
struct batch_again {
    // `opts` are those of the line that it is a part of.
    struct repeat *(*run)(struct ctx *ctx, const struct repeat_what *what, const struct batch_opts *opts,
                          batch_done_fn *done, void *data);
    void (*cancel)(struct repeat *r);
    // Something of the line is about to be shown. False: it is not wanted any more.
    bool (*shows)(struct repeat *r);
};
void batch_set_again(const struct batch_again *a);

// Nothing of a line runs unless all of it parses. done() may be called from within.
struct batch *batch_line(struct ctx *ctx, const char *text, const struct batch_opts *opts, batch_done_fn *done,
                         void *data);
// Cancels the command that runs; done() follows.
void batch_cancel(struct batch *b);
// Would another line complete it (open quote, trailing backslash, unfinished Lua)?
bool batch_incomplete(const char *text);
// The Lua source behind "=" (then *ret_expression) or "lua ", a place in text; NULL when the line is one of commands.
const char *batch_lua_part(const char *text, bool *ret_expression);

// The line for sh behind "!", a place in text; NULL when it is none.
const char *batch_shell_part(const char *text);

// One command given as words, as on migsh's own command line. `to`: where its result goes, or NULL.
struct batch *batch_words(struct ctx *ctx, const struct strv *words, const struct redirect *to,
                          const struct batch_opts *opts, batch_done_fn *done, void *data);

// A text of commands, as -f and "source" take it. It is what root is told to do: file_trusted_read(). free() it.
int source_read(const char *path, char **ret_text, struct err *e);
// All lines of a text, one after the other, until what "&" has sent behind has ended, too; status of the last failure,
// or 0.
struct source *source_text(struct ctx *ctx, const char *text, const struct batch_opts *opts, batch_done_fn *done,
                           void *data);
// The same from a file descriptor, reading on while commands run.
struct source *source_fd(struct ctx *ctx, int fd, const struct batch_opts *opts, batch_done_fn *done, void *data);
void source_cancel(struct source *s); // what runs, and no further line
