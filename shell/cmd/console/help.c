// SPDX-License-Identifier: GPL-3.0-or-later
// The command help.
#include <string.h>

#include "base/fill.h"
#include "base/json.h"
#include "cmd/commands.h"
#include "cmd/engine/apropos.h"
#include "cmd/engine/help.h"
#include "cmd/engine/table.h"
#include "core/console/script.h"
#include "core/explain/topics.h"

// Not a command, but something to be told of: its text comes from the script engine.
#define LUA_TOPIC "lua"

static void add_topics(bool about_migsh, struct buf *out)
{
    struct explain_topic t;
    for (size_t i = 0; explain_topic(i, &t); i++) {
        if (t.about_migsh == about_migsh)
            help_line(t.name, t.title, out);
        explain_topic_release(&t);
    }
}

static void add_all_topics(struct buf *out)
{
    buf_adds(out, " Topics:\n");
    add_topics(true, out);
    if (script_ops())
        help_line(LUA_TOPIC, "Lua at the prompt, in scripts and in recipes", out);
    buf_adds(out, "\n Words of migration:\n");
    add_topics(false, out);
}

static void add_overview(struct buf *out)
{
    buf_adds(out, "migsh moves KVM guests between libvirt hosts. Groups of commands:\n");
    help_overview(out);
    fill_text("Begin with help first-use; help GROUP, COMMAND or TOPIC tells more, help WORD searches, help all and "
              "help topics list. Tab completes, quit leaves.",
              0, 0, help_width(), out);
}

// A word of migration or of the console, or another word for it. One that is the name of a group, too, comes behind it.
static bool add_topic(const char *word, struct buf *out)
{
    _cleanup_topic_ struct explain_topic t = {0};
    if (!explain_topic_find(word, &t))
        return false;
    buf_addf(out, "%s%s\n\n", out->len ? "\n" : "", t.title);
    fill_paragraphs(t.body, 0, help_width(), out);
    return true;
}

enum { COMMAND };

static void complete_topic(struct ctx *ctx, const char *prefix, struct strv *out)
{
    (void)ctx;
    size_t n;
    _cleanup_free_ const struct cmd_def **all = cmd_all(&n);
    const char *const more[] = {"all", script_ops() ? LUA_TOPIC : "all", "topics"};
    for (size_t i = 0; i < ARRAY_SIZE(more); i++) {
        if (str_starts(more[i], prefix) && !strv_has(out, more[i]))
            strv_add(out, more[i]);
    }
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
    [COMMAND] = {"command", OPT_COMMAND, OPTF_POS, "a command, a group of them, a topic, or a word to look for",
                 .complete = complete_topic},
    {NULL},
};

static int help_on(const char *word, struct buf *out, struct err *e)
{
    const struct cmd_def *def = cmd_find(word);
    if (def) {
        help_command(def, out);
        return 0;
    }
    bool found = help_group(word, out);
    if (add_topic(word, out) || found || help_search(word, out))
        return 0;
    return cmd_lookup(word, false, &def, e); // says what might have been meant
}

static int run(struct cmd_call *c, struct err *e)
{
    const char *word = c->vals[COMMAND].s;
    _cleanup_buf_ struct buf out = BUF_INIT;
    if (!word) {
        add_overview(&out);
    } else if (strcmp(word, "all") == 0) {
        help_all(&out);
        add_all_topics(&out);
    } else if (strcmp(word, "topics") == 0) {
        add_all_topics(&out);
    } else if (strcmp(word, LUA_TOPIC) == 0 && script_ops()) {
        help_lua(&out);
    } else if (help_on(word, &out, e) < 0) {
        return -1;
    }
    c->result = json_text(buf_str(&out));
    return 0;
}

const struct cmd_def cmd_help = {
    .name = "help",
    .group = "Console",
    .summary = "print help",
    .help =
        "Alone it names the groups of commands. With the name of a command, a group (also as virsh calls it: domain,\n"
        "pool, volume, network …) or a topic it tells of that; all lists all commands, topics all topics. Any other\n"
        "word is searched for in commands, options and topics. CMD --help is help CMD, and ? is help.",
    .example = "help migrate\nhelp Nodes\nhelp post-copy\nhelp outage",
    .opts = opts,
    .flags = CMD_MAIN,
    .view = {VIEW_TEXT},
    .run = run};
