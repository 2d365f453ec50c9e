// SPDX-License-Identifier: GPL-3.0-or-later
// The way up from the core to whoever watches: notices, progress, questions. The implementation (terminal, plain lines,
// JSON events, capture for a test or for Lua) is chosen once by main.c. All functions may be called from any thread:
// they hand over to the main thread, and only out_ask() waits for it. Results do not go this way: they are return
// values.
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct job;
struct paint;

enum out_level { OUT_INFO, OUT_WARN };

// One line for the operator, without a newline: "waiting for the guest to shut down".
void out_notice(enum out_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

// A step of a long job. `value` (stolen) is the whole state as JSON, with at least
//     {"job": "migrate", "text": one line for people, "percent": 0..100 or absent}
// Running jobs are told apart by "job" and, where they are there, "id", "domain" and "node". A terminal draws a bar
// from "percent", then "domain: " and "detail" (the text without the percentage), or the text where there is no detail.
// A terminal redraws one line for each job, a pipe gets a line at a time (rate-limited), --json an event object
// {"event": "progress", …}. `done`: the last one of this job; the terminal's line is ended or taken away.
void out_progress(json_t *value, bool done);

// Something that happened by itself (a libvirt event, a lost connection): {"event": kind, …}; stolen. "text" is for
// people.
void out_event(json_t *value);

// What tells them apart; free it.
char *out_progress_key(const json_t *value);

enum out_ask_kind { OUT_ASK_TEXT, OUT_ASK_SECRET, OUT_ASK_YESNO };
// Asks the operator. *ret_answer is freed by the caller (wipe it if it is a secret); for YESNO it is "yes" or "no".
// ERR_AUTH where nobody can be asked (no terminal, --json, a script), ERR_CANCELLED on Ctrl-C or Ctrl-D.
int out_ask(struct job *job, enum out_ask_kind kind, const char *question, char **ret_answer, struct err *e);

// Lines that run behind the prompt: who knows them (cmd/engine/jobs.h) is told of their progress, which is not shown,
// and their questions wait. Main thread, all of it.
struct out_lines {
    bool (*is_behind)(unsigned line); // of job_line(), not 0
    void (*asks)(unsigned line);      // a question of one that is behind waits from now on
    void (*progress)(unsigned line, const json_t *value, bool done);
};
void out_set_lines(const struct out_lines *lines);
bool out_is_behind(unsigned line);  // 0: no
void out_line_moved(unsigned line); // it is behind the prompt now, or in front
void out_refuse_waiting(void);      // the questions: nobody will come to answer them

// Lends the operator's terminal to a program that the caller starts and waits for (local_on_terminal()), or, raw, to
// the caller, who reads and writes /dev/tty; whatever others have to say or to ask waits meanwhile. ERR_UNSUPPORTED:
// there is no terminal, or it is in use, or the caller runs behind the prompt. out_take_back() has to follow.
int out_lend(bool raw, struct err *e);
void out_take_back(void);

// Main thread only: what a script prints, part or all of a line; among the results, but no result.
void out_print(const char *text, size_t n);

// Main thread only: the terminal that results go to. Its columns (0: there is none), whether it takes colours, and its
// rows where what is taller may go through a pager (0: it may not).
struct out_screen {
    int rows, columns;
    bool color;
};
struct out_screen out_screen(void);

// For the dispatcher only, on the main thread: a rendered result, and the error of a command. Nobody else prints.
void out_write(const char *text, size_t n);
void out_show(const char *text, size_t n, const struct paint *paint); // the same, with colours where there are any
bool out_clear(void); // takes all off the screen that results go to; false: there is none, or somebody else has it
void out_error(const struct err *err);
// What a command on a remote host printed to its stderr (any thread); goes to ours, and nowhere with --json, where it
// is part of the value.
void out_stderr(const char *text, size_t n);

// What an implementation fills in; all called on the main thread. Strings and values are lent for the call.
struct out_ops {
    void (*write)(const char *text, size_t n);                           // to standard output, at once
    void (*show)(const char *text, size_t n, const struct paint *paint); // NULL: as write
    void (*print)(const char *text, size_t n);                           // NULL: as write
    void (*clear)(void);                                                 // the screen; NULL: there is none
    void (*error)(const struct err *err);
    void (*write_stderr)(const char *text, size_t n); // NULL: dropped
    void (*notice)(enum out_level level, const char *text);
    void (*progress)(const json_t *value, bool done);
    void (*event)(const json_t *value);
    // Puts the question; later calls answer(token, text) on the main thread, text NULL for "refused". NULL: cannot ask.
    void (*ask)(enum out_ask_kind kind, const char *question, void *token);
    void (*ask_withdraw)(void *token); // the asker was cancelled
    bool (*lend)(bool raw);            // gives the terminal away, or false; NULL: there is none
    void (*take_back)(void);
    struct out_screen (*screen)(void); // NULL: results go to no terminal
};
void out_set_ops(const struct out_ops *ops);      // main thread; NULL: silence
void out_answer(void *token, const char *answer); // main thread; NULL: the operator refused
