// SPDX-License-Identifier: GPL-3.0-or-later
// The command help.
#include <string.h>

#include "base/json.h"
#include "cmd/commands.h"
#include "cmd/engine/help.h"
#include "cmd/engine/table.h"
#include "core/console/script.h"
#include "core/explain/topics.h"

// Not a command, but something to be told of: its text comes from the script engine.
#define LUA_TOPIC "lua"

static void add_all(struct buf *out)
{
    help_overview(NULL, out);
    buf_adds(out, "\n Topics:\n");
    if (script_ops())
        buf_addf(out, "    %-30s %s\n", LUA_TOPIC, "Lua at the prompt, in scripts and in recipes");
    struct explain_topic t;
    for (size_t i = 0; explain_topic(i, &t); i++) {
        buf_addf(out, "    %-30s %s\n", t.name, t.title);
        explain_topic_release(&t);
    }
}

// A word of migration, or another word for it.
static bool add_topic(const char *word, struct buf *out)
{
    _cleanup_topic_ struct explain_topic t = {0};
    if (!explain_topic_find(word, &t))
        return false;
    buf_addf(out, "%s\n\n%s", t.title, t.body);
    return true;
}

enum { COMMAND };

static void complete_topic(struct ctx *ctx, const char *prefix, struct strv *out)
{
    (void)ctx;
    size_t n;
    _cleanup_free_ const struct cmd_def **all = cmd_all(&n);
    if (script_ops() && str_starts(LUA_TOPIC, prefix))
        strv_add(out, LUA_TOPIC);
    struct explain_topic t;
    for (size_t i = 0; explain_topic(i, &t); i++) {
        if (str_starts(t.name, prefix) && !strv_has(out, t.name))
            strv_add(out, t.name);
        explain_topic_release(&t);
    }
    for (size_t i = 0; i < n; i++) {
        if (str_starts(all[i]->name, prefix))
            strv_add(out, all[i]->name);
        if (str_starts(all[i]->group, prefix) && !strv_has(out, all[i]->group))
            strv_add(out, all[i]->group);
    }
}

static const struct opt_def opts[] = {
    [COMMAND] = {"command", OPT_COMMAND, OPTF_POS, "a command, a group of them, or a topic",
                 .complete = complete_topic},
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
        else if (!cmd_find(topic) && add_topic(topic, &out))
            ;
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
    .help = "Alone it lists all commands and topics; with the name of a command, a group or a topic it tells of that.",
    .example = "help migrate\nhelp Nodes\nhelp post-copy",
    .opts = opts,
    .flags = CMD_MAIN,
    .view = {VIEW_TEXT},
    .run = run};
