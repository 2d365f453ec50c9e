// SPDX-License-Identifier: GPL-3.0-or-later
// Command lines that run at the same time: one in front of the operator, others behind the prompt, where "&", Ctrl-Z or
// the third Ctrl-C has sent them, or beside a script. Those behind have a number for the operator, which is never given
// again. Main thread, but for jobs_wait(). (struct job of io/job.h is something else: a thread.)
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/strv.h"
#include "cmd/engine/batch.h"

struct job;
struct running;

void jobs_init(void); // before the first line runs

// There is a prompt, which is told of the end of each line. `in_front`: so it was until then. Afterwards `it` is gone,
// if it has no number.
typedef void jobs_ended_fn(struct running *it, bool in_front, int status, bool quit, void *data);
void jobs_set_prompt(jobs_ended_fn *ended, void *data);

// A typed line, in front.
struct running *jobs_run(struct ctx *ctx, const char *text, const struct batch_opts *opts);
void jobs_send_behind(struct running *it); // from the front
// The line that fg has asked for; it is in front now. NULL: none, or it has ended meanwhile.
struct running *jobs_take_wanted(void);
const char *jobs_text(const struct running *it);
int jobs_number(const struct running *it); // 0: none
void jobs_cancel(struct running *it);
size_t jobs_cancel_all(void); // how many that were not cancelled yet
size_t jobs_count(void);      // those that run, the one in front among them
size_t jobs_beside(void);     // those that run, without the one that job_line() is of
// fn(text, data) for each that runs behind, the first begun first.
void jobs_each_behind(void (*fn)(const struct running *it, void *data), void *data);
// Calls fn(data) from the loop once nothing runs; one caller at a time.
void jobs_when_idle(void (*fn)(void *data), void *data);
// The status of the first that failed and that nobody has waited for; 0: none. It is waited for now.
int jobs_left_status(void);

// What the commands do. Jobs are named as "N" or "%N".
json_t *jobs_list(bool all);                                          // [{number, state, seconds, command, progress?}]
int jobs_to_front(const char *name, struct err *e);                   // NULL: the one that went behind last
int jobs_cancel_named(const char *name, json_t **ret, struct err *e); // NULL: the only one
void jobs_complete(struct ctx *ctx, const char *prefix, struct strv *out);
// Waits until those have ended that are named, or all that run or were not waited for. *ret_status: of the first that
// failed, or 0. A job's thread; cancelling it leaves them alone.
int jobs_wait(struct job *job, const struct strv *names, int *ret_status, json_t **ret, struct err *e);
