// SPDX-License-Identifier: GPL-3.0-or-later
// The command help.
#include <string.h>

#include "base/json.h"
#include "cmd/commands.h"
#include "cmd/engine/help.h"
#include "cmd/engine/table.h"
#include "core/console/script.h"

// Not a command, but something to be told of: its text comes from the script engine.
#define LUA_TOPIC "lua"

static void add_all(struct buf *out)
{
    help_overview(NULL, out);
    if (script_ops())
        buf_addf(out, "\n Topics:\n    %-30s %s\n", LUA_TOPIC, "Lua at the prompt, in scripts and in recipes");
}

enum { COMMAND };

static void complete_topic(struct ctx *ctx, const char *prefix, struct strv *out)
{
    (void)ctx;
    size_t n;
    _cleanup_free_ const struct cmd_def **all = cmd_all(&n);
    if (script_ops() && str_starts(LUA_TOPIC, prefix))
        strv_add(out, LUA_TOPIC);
    for (size_t i = 0; i < n; i++) {
        if (str_starts(all[i]->name, prefix))
            strv_add(out, all[i]->name);
        if (str_starts(all[i]->group, prefix) && !strv_has(out, all[i]->group))
            strv_add(out, all[i]->group);
    }
}

static const struct opt_def opts[] = {
    [COMMAND] = {"command", OPT_COMMAND, OPTF_POS, "a command, or a group of them", .complete = complete_topic},
    {NULL},
};

static int run(struct cmd_call *c, struct err *e)
{
    const char *topic = c->vals[COMMAND].s;
    _cleanup_buf_ struct buf out = BUF_INIT;
    if (topic && strcmp(topic, LUA_TOPIC) == 0 && script_ops()) {
        help_lua(&out);
    } else if (!topic || !help_overview(topic, &out)) {
        const struct cmd_def *def = NULL;
        if (!topic)
            add_all(&out);
        else if (cmd_lookup(topic, false, &def, e) < 0)
            return -1;
        else
            help_command(def, &out);
    }
    c->result = json_text(buf_str(&out));
    return 0;
}

const struct cmd_def cmd_help = {
    .name = "help",
    .group = "Console",
    .summary = "print help",
    .help = "Alone it lists all commands; with a command's or a group's name it tells of that.",
    .example = "help migrate\nhelp Nodes",
    .opts = opts,
    .flags = CMD_MAIN,
    .view = {VIEW_TEXT},
    .run = run};
