// SPDX-License-Identifier: GPL-3.0-or-later
// Commands behind the prompt: which there are, to the front, waited for, cancelled.
#include "cmd/engine/jobs.h"
#include "cmd/commands.h"

#define JOB_ROW(flags, help)                                                                                           \
    {                                                                                                                  \
        "job", OPT_STRING, OPTF_POS | (flags), help, .complete = jobs_complete                                         \
    }

enum { ALL };

static const struct opt_def jobs_opts[] = {
    [ALL] = {"all", OPT_BOOL, 0, "those that have ended, too"},
    {NULL},
};

static const struct view_col cols[] = {
    {"number", "Job"},      {"state", "State"},       {"seconds", "Time", .suffix = " s"},
    {"command", "Command"}, {"progress", "Progress"}, {NULL},
};

static int run_jobs(struct cmd_call *c, struct err *e)
{
    (void)e;
    c->result = jobs_list(c->vals[ALL].b);
    return 0;
}

enum { JOB };

static const struct opt_def fg_opts[] = {
    [JOB] = JOB_ROW(0, "its number; nothing: the one that went behind last"),
    {NULL},
};

static int run_fg(struct cmd_call *c, struct err *e)
{
    return jobs_to_front(c->vals[JOB].s, e);
}

static const struct opt_def cancel_opts[] = {
    [JOB] = JOB_ROW(0, "its number; nothing: the only one"),
    {NULL},
};

static int run_cancel(struct cmd_call *c, struct err *e)
{
    return jobs_cancel_named(c->vals[JOB].s, &c->result, e);
}

static const struct opt_def wait_opts[] = {
    [JOB] = JOB_ROW(OPTF_MULTI, "their numbers; nothing: all"),
    {NULL},
};

static int run_wait(struct cmd_call *c, struct err *e)
{
    return jobs_wait(c->job, &c->vals[JOB].list, &c->status, &c->result, e);
}

const struct cmd_def cmd_jobs = {
    .name = "jobs",
    .group = "Console",
    .summary = "list the commands that run behind the prompt",
    .help =
        "A command that ends in \"&\" (a word of its own) runs behind the prompt, and so does one that Ctrl-Z is\n"
        "pressed at. Its end is told above the prompt, with its results or its error. A question of it waits until\n"
        "fg brings it to the front. Ctrl-C at the prompt clears the line and leaves it alone; leaving migsh\n"
        "cancels it. In a file or a text of commands \"&\" runs a command beside the following ones; the script\n"
        "ends when all have ended, and has failed if one has.",
    .example = "live-migrate web dest &\njobs\ndomjobinfo web\nwait 1",
    .opts = jobs_opts,
    .flags = CMD_MAIN | CMD_NO_SCRIPT,
    .view = {VIEW_TABLE, .cols = cols},
    .run = run_jobs};
const struct cmd_def cmd_fg = {
    .name = "fg",
    .group = "Console",
    .summary = "bring a command that runs behind the prompt to the front",
    .help =
        "At the end of its line. Then its progress is shown, its questions are asked, Ctrl-C cancels it and Ctrl-Z\n"
        "sends it back.",
    .example = "fg\nfg 2",
    .opts = fg_opts,
    .flags = CMD_MAIN | CMD_NO_SCRIPT | CMD_FRONT,
    .view = {VIEW_NONE},
    .run = run_fg};
const struct cmd_def cmd_cancel_job = {
    .name = "cancel",
    .group = "Console",
    .summary = "cancel a command that runs behind the prompt",
    .help = "As Ctrl-C does with one in front: a migration is aborted, and the guest stays where it was.",
    .example = "cancel\ncancel 2",
    .opts = cancel_opts,
    .flags = CMD_MAIN | CMD_NO_SCRIPT,
    .view = {VIEW_NONE, .message = "Job {number} is asked to end"},
    .run = run_cancel};
const struct cmd_def cmd_wait = {
    .name = "wait",
    .group = "Console",
    .summary = "wait for commands that run behind the prompt",
    .help =
        "Until they have ended; without a number, until nothing runs behind the prompt any more. It fails, with the\n"
        "same status, if one of them has failed: that keeps the rest of its line from being run. Ctrl-C ends the\n"
        "waiting alone.",
    .example = "migrate web dest & migrate db dest & wait; list\nwait 1 2",
    .opts = wait_opts,
    .flags = CMD_NO_SCRIPT,
    .view = {VIEW_NONE},
    .run = run_wait};
