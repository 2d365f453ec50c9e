// SPDX-License-Identifier: GPL-3.0-or-later
// A command again and again. Main thread; cmd/engine/repeat.h does it.
#include "base/json.h"
#include "base/mem.h"
#include "cmd/commands.h"
#include "cmd/engine/parse.h"

enum { EVERY, COUNT, COMMAND };

static const struct opt_def opts[] = {
    [EVERY] = {"every", OPT_DURATION, OPTF_POS, "how long it waits in between", .def = "2s", .unit = "s"},
    [COUNT] = {"count", OPT_INT, 0, "so many times", .min = 1, .max = 1000000000},
    [COMMAND] = {"command", OPT_WORDS, OPTF_REQ | OPTF_COMMAND, "a command, or one word that is a line of commands"},
    {NULL},
};

static int run(struct cmd_call *c, struct err *e)
{
    const double least_ms = 100, most_ms = 24 * 3600e3;
    const struct strv *words = &c->vals[COMMAND].list;
    double ms = c->vals[EVERY].ms;
    if (!(ms >= least_ms && ms <= most_ms))
        return err_set(e, ERR_USAGE, "--every is a time from 100ms to 24h, and not '%s'", c->vals[EVERY].s);
    _cleanup_free_ char *line = words->n == 1 ? xstrdup(words->s[0]) : parse_typed(words);
    c->result = json_pack("{s:o, s:o, s:f, s:I}", "text", json_text(line), "every", json_text(c->vals[EVERY].s),
                          "pause_ms", ms, "count", (json_int_t)c->vals[COUNT].i);
    return 0;
}

const struct cmd_def cmd_repeat = {
    .name = "repeat",
    .group = "Console",
    .summary = "run a command again and again",
    .help =
        "On a terminal each time on a screen of its own, below the time and the command, until Ctrl-C or q. Elsewhere\n"
        "one result below the other, with an empty line in between, until one fails. A time before the command is\n"
        "what --every says. A line with \"|\" or several commands stands in quotes.",
    .example = "repeat domjobinfo web\nrepeat 10s list --all\nrepeat --count 3 'list | grep web'",
    .opts = opts,
    .flags = CMD_MAIN | CMD_NO_SCRIPT | CMD_TEXT,
    .view = {VIEW_NONE},
    .run = run};
