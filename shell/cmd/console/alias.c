// SPDX-License-Identifier: GPL-3.0-or-later
// The operator's own names for commands.
#include "cmd/engine/alias.h"
#include "cmd/commands.h"

enum { NAME, COMMAND };

static const struct opt_def alias_opts[] = {
    [NAME] = {"name", OPT_STRING, OPTF_POS, "the name; nothing: all are listed", .complete = alias_complete},
    [COMMAND] = {"command", OPT_WORDS, OPTF_COMMAND, "what it stands for: one word that is a line, or several words"},
    {NULL},
};
static const struct opt_def unalias_opts[] = {
    [NAME] = {"name", OPT_STRING, OPTF_POS | OPTF_REQ, "the name", .complete = alias_complete},
    {NULL},
};
static const struct view_col cols[] = {{"name", "Name"}, {"command", "Command"}, {NULL}};

static int run_alias(struct cmd_call *c, struct err *e)
{
    static const struct view nothing = {VIEW_NONE};
    const struct strv *words = &c->vals[COMMAND].list;
    if (!words->n)
        return alias_list(c->vals[NAME].s, &c->result, e);
    c->view = &nothing;
    return alias_set(c->vals[NAME].s, words, e);
}

static int run_unalias(struct cmd_call *c, struct err *e)
{
    return alias_remove(c->vals[NAME].s, e);
}

const struct cmd_def cmd_alias = {
    .name = "alias",
    .group = "Console",
    .summary = "give a command a name of your own",
    .help =
        "The name stands for the beginning of a command: further words are added to it. It never hides a command, and\n"
        "what it stands for has to begin with one. It holds until this migsh ends; ~/.config/migsh/init is the place\n"
        "for those that you always want.",
    .example = "alias ll list --all\nalias running \"list --state-running --vertical\"\nalias",
    .opts = alias_opts,
    .flags = CMD_MAIN | CMD_NO_SCRIPT,
    .view = {VIEW_TABLE, .cols = cols, .empty = "no aliases: alias NAME COMMAND makes one"},
    .run = run_alias};
const struct cmd_def cmd_unalias = {.name = "unalias",
                                    .group = "Console",
                                    .summary = "take a name of your own away from a command",
                                    .example = "unalias ll",
                                    .opts = unalias_opts,
                                    .flags = CMD_MAIN | CMD_NO_SCRIPT,
                                    .view = {VIEW_NONE},
                                    .run = run_unalias};
