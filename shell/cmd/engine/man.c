// SPDX-License-Identifier: GPL-3.0-or-later
// The manual pages and the table of commands. Main thread. See man.h.
#include "cmd/engine/man.h"

#include <stdlib.h>
#include <string.h>

#include "base/fill.h"
#include "base/json.h"
#include "base/mem.h"
#include "cmd/engine/bind.h"
#include "cmd/engine/groups.h"
#include "cmd/engine/help.h"
#include "cmd/engine/table.h"
#include "cmd/engine/usage.h"
#include "core/console/script.h"
#include "core/explain/topics.h"

// Text as roff takes it literally: "-" as a minus that can be copied, no line that looks like a request.
static void add_text(const char *text, struct buf *out)
{
    bool at_start = true;
    for (; *text; text++) {
        if (at_start && (*text == '.' || *text == '\''))
            buf_adds(out, "\\&");
        at_start = *text == '\n';
        if (*text == '-')
            buf_adds(out, "\\-");
        else if (*text == '\\')
            buf_adds(out, "\\e");
        else
            buf_addc(out, *text);
    }
}

static void add_literal(const char *text, struct buf *out)
{
    buf_adds(out, ".PP\n.RS 4\n.nf\n");
    add_text(text, out);
    buf_adds(out, "\n.fi\n.RE\n");
}

static void add_option(const struct opt_def *opts, size_t n, size_t i, struct buf *out)
{
    _cleanup_buf_ struct buf form = BUF_INIT, text = BUF_INIT;
    help_option_form(&opts[i], &form);
    help_option_text(opts, n, i, &text);
    buf_adds(out, ".TP\n.B ");
    add_text(buf_str(&form), out);
    buf_addc(out, '\n');
    add_text(buf_str(&text), out);
    buf_addc(out, '\n');
}

static void add_command(const struct cmd_def *def, struct buf *out)
{
    size_t n;
    _cleanup_free_ struct opt_def *opts = cmd_opts(def, &n);
    _cleanup_buf_ struct buf synopsis = BUF_INIT;
    help_synopsis(def, &synopsis);
    buf_adds(out, ".SS ");
    add_text(def->name, out);
    buf_adds(out, "\n.B ");
    add_text(buf_str(&synopsis), out);
    buf_adds(out, "\n.PP\n");
    add_text(def->summary, out);
    buf_adds(out, ".\n");
    if (def->help) {
        buf_adds(out, ".PP\n");
        add_text(def->help, out);
        buf_addc(out, '\n');
    }
    for (size_t i = 0; i < n; i++) {
        if (!(opts[i].flags & OPTF_HIDDEN))
            add_option(opts, n, i, out);
    }
    if (def->example)
        add_literal(def->example, out);
}

#define EDITION "2026-11-29" // a page has to have a date

static const char head[] =
    ".TH MIGSH 1 " EDITION "\n"
    ".SH NAME\n"
    "migsh \\- move KVM guests between libvirt hosts, and measure what their users felt\n"
    ".SH SYNOPSIS\n"
    ".B migsh\n[\\fIOPTION\\fR]... [\\fICOMMAND\\fR [\\fIARG\\fR]... | \\fISCRIPT\\fR.lua [\\fIARG\\fR]...]\n"
    ".SH DESCRIPTION\n"
    "Without a command it is an interactive shell, or runs the commands of its standard input. migsh\\-commands(1) "
    "has\n"
    "every command with its options, and so has \\fBhelp\\fR \\fICOMMAND\\fR at the prompt; what virsh has is called "
    "as\n"
    "there.\n"
    ".SH OPTIONS\n";

// What is kept where, and what the environment says: a term and its text in turn.
static const char *const files[] = {
    "$XDG_CONFIG_HOME/migsh/nodes",
    "the inventory: lines of node-add",
    "$XDG_CONFIG_HOME/migsh/init",
    "commands that are run before the first prompt: aliases, settings",
    "$XDG_CONFIG_HOME/migsh/recipes/",
    ("recipes of yours (NAME.lua), with their modules, tools/NAME.sh, policies/NAME.lua and checks/NAME.lua: "
     "migsh-recipes(5)"),
    "$XDG_STATE_HOME/migsh/journal/",
    "what was done, step by step; journal-list shows it, report and log tell of it",
    "$XDG_STATE_HOME/migsh/history",
    "what was typed at the prompt, without secrets",
    "$XDG_STATE_HOME/migsh/tls/",
    "the authorities of tls-setup, with their keys",
    "last-error.json, seen/, silent/ and memo/ in $XDG_STATE_HOME/migsh/",
    "what consoles remember: the last error, where guests were, nodes that keep silent, what recipes note",
    "~/.ssh/config, /etc/ssh/ssh_config, keys and known_hosts that these name",
    "as ssh has them; keys of hosts that were answered for are added to the first known_hosts",
    NULL};
// Root does what some of these say.
static const char trusted[] =
    "Of the inventory, init, recipes with all that belongs to them, journals, the history, and of what -f and source\n"
    "name, nobody but you and root may be able to change the file or a directory above it; otherwise they are "
    "refused.\n";
static const char *const variables[] = {
    "MIGSH_PROMPT",
    ("the prompt, by default \"migsh%w%r%s%u> \": %w is where a command goes that names no host, %r tells "
     "of a read-only console, %s of nodes that keep silent, %u of undertakings that are unfinished (journal-list)"),
    "MIGSH_PAGER, PAGER",
    "what shows a result that is taller than the screen, by default \"less -FRX\"; cat: none",
    "VISUAL, EDITOR",
    "what edit and its kind open",
    "MIGSH_ESCAPE",
    "the key that leaves a console, by default ^]",
    "MIGSH_RECIPES",
    "directories of recipes that come first, with \":\" between",
    "MIGSH_DEBUG",
    "1: where an error of Lua came from",
    "NO_COLOR",
    "no colours",
    "VIRSH_DEFAULT_CONNECT_URI, LIBVIRT_DEFAULT_URI",
    "the current host at the start",
    "XDG_CONFIG_HOME, XDG_STATE_HOME",
    "~/.config and ~/.local/state unless set",
    "SSH_AUTH_SOCK",
    "ssh's agent",
    NULL};

// A topic of the help, laid out as there.
static void add_topic(const char *title, const char *name, struct buf *out)
{
    enum { WIDTH = 72 };
    _cleanup_topic_ struct explain_topic t = {0};
    _cleanup_buf_ struct buf text = BUF_INIT;
    buf_addf(out, ".SH %s\n.nf\n", title);
    if (explain_topic_find(name, &t))
        fill_paragraphs(t.body, 0, WIDTH, &text);
    add_text(buf_str(&text), out);
    buf_adds(out, ".fi\n");
}

static int by_group(const void *a, const void *b)
{
    const struct cmd_def *x = *(const struct cmd_def *const *)a, *y = *(const struct cmd_def *const *)b;
    int c = strcmp(x->group, y->group);
    return c ? c : strcmp(x->name, y->name);
}

static const struct cmd_def **grouped(size_t *ret_n)
{
    const struct cmd_def **all = cmd_all(ret_n);
    if (*ret_n)
        qsort(all, *ret_n, sizeof(*all), by_group);
    return all;
}

// Not ".B term": a macro would take the quotes of its words for its own.
static void add_row(const char *term, const char *text, struct buf *out)
{
    buf_adds(out, ".TP\n\\fB");
    add_text(term, out);
    buf_adds(out, "\\fR\n");
    add_text(text, out);
    buf_addc(out, '\n');
}

static void add_pairs(const char *title, const char *const *pairs, struct buf *out)
{
    buf_addf(out, ".SH %s\n", title);
    for (; *pairs; pairs += 2)
        add_row(pairs[0], pairs[1], out);
}

static void page_migsh(struct buf *out)
{
    buf_adds(out, head);
    for (const struct usage_row *row = usage_rows; row->name; row++) {
        _cleanup_buf_ struct buf form = BUF_INIT;
        usage_form(row, &form);
        add_row(buf_str(&form), row->text, out);
    }
    buf_adds(out, ".SH COMMANDS\nGroups of them, as \\fBhelp\\fR shows them; migsh\\-commands(1) has all.\n");
    for (size_t g = 0; help_group_name(g); g++)
        add_row(help_group_name(g), help_group_about(help_group_name(g)), out);
    add_topic("FIRST USE", "first-use", out);
    add_topic("NODES", "nodes", out);
    add_topic("THE PROMPT", "prompt", out);
    add_topic("EXIT STATUS", "exit-status", out);
    add_pairs("FILES", files, out);
    buf_adds(out, ".PP\n");
    add_text(trusted, out);
    add_pairs("ENVIRONMENT", variables, out);
    add_topic("EXAMPLES", "examples", out);
    buf_adds(out, ".SH SEE ALSO\n.BR migsh-commands (1),\n.BR migsh-recipes (5),\n.BR migsh-lua (7),\n.BR virsh (1)\n");
}

static void page_commands(struct buf *out)
{
    size_t n;
    _cleanup_free_ const struct cmd_def **all = grouped(&n);
    buf_adds(out,
             ".TH MIGSH-COMMANDS 1 " EDITION "\n.SH NAME\nmigsh-commands \\- the commands of migsh\n.SH DESCRIPTION\n"
             "Each of them can be typed at the prompt of migsh(1), stand behind \\fBmigsh\\fR, and be called from Lua\n"
             "(migsh\\-lua(7)). With \\-\\-json it answers in JSON. Recipes of yours become commands, too\n"
             "(migsh\\-recipes(5)).\n");
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || strcmp(all[i]->group, all[i - 1]->group) != 0) {
            buf_adds(out, ".SH ");
            add_text(all[i]->group, out);
            buf_addc(out, '\n');
        }
        add_command(all[i], out);
    }
    buf_adds(out, ".SH SEE ALSO\n.BR migsh (1),\n.BR migsh-lua (7),\n.BR virsh (1)\n");
}

static void add_lua_row(const json_t *row, struct buf *out)
{
    add_row(json_text_at(row, "form"), json_text_at(row, "text"), out);
    if (json_text_at(row, "example")) {
        buf_adds(out, ".RS\n");
        add_literal(json_text_at(row, "example"), out);
        buf_adds(out, ".RE\n");
    }
}

// Paragraphs with empty lines between them.
static void add_paragraphs(const char *text, struct buf *out)
{
    for (const char *end; (end = strstr(text, "\n\n")); text = end + 2) {
        _cleanup_free_ char *first = xstrndup(text, (size_t)(end - text));
        add_text(first, out);
        buf_adds(out, "\n.PP\n");
    }
    add_text(text, out);
    buf_addc(out, '\n');
}

// The groups of the manual that are on `page`; NULL: those that name none.
static void add_manual(const json_t *manual, const char *page, struct buf *out)
{
    size_t i, j;
    json_t *group, *row;
    json_array_foreach(json_object_get(manual, "groups"), i, group)
    {
        const char *on = json_text_at(group, "page");
        if (on ? !page || strcmp(on, page) != 0 : page != NULL)
            continue;
        buf_adds(out, ".SH ");
        add_text(json_text_at(group, "title"), out);
        buf_addc(out, '\n');
        json_array_foreach(json_object_get(group, "rows"), j, row) add_lua_row(row, out);
    }
}

static void page_recipes(struct buf *out)
{
    _cleanup_(json_decrefp) json_t *manual = script_ops()->manual();
    buf_adds(out,
             ".TH MIGSH-RECIPES 5 " EDITION "\n.SH NAME\nmigsh-recipes \\- commands of migsh that are written in Lua\n"
             ".SH DESCRIPTION\n");
    add_paragraphs(json_text_at(manual, "recipes"), out);
    add_manual(manual, "recipes", out);
    buf_adds(out, ".SH EXAMPLE\nA whole one:\n");
    add_literal(json_text_at(manual, "example"), out);
    buf_adds(out, ".SH SEE ALSO\n.BR migsh (1),\n.BR migsh-lua (7)\n");
}

static void page_lua(struct buf *out)
{
    _cleanup_(json_decrefp) json_t *manual = script_ops()->manual();
    buf_adds(out, ".TH MIGSH-LUA 7 " EDITION "\n.SH NAME\nmigsh-lua \\- what scripts and recipes of migsh may call\n"
                  ".SH DESCRIPTION\n");
    add_paragraphs(json_text_at(manual, "intro"), out);
    add_manual(manual, NULL, out);
    buf_adds(out, ".SH SEE ALSO\n.BR migsh (1),\n.BR migsh-recipes (5)\n");
}

const char *const man_pages[] = {"migsh", "commands", "recipes", "lua", NULL};

void man_page(const char *name, struct buf *out)
{
    static void (*const pages[])(struct buf *) = {page_migsh, page_commands, page_recipes, page_lua};
    for (size_t i = 0; man_pages[i]; i++) {
        if (strcmp(man_pages[i], name) == 0)
            pages[i](out);
    }
}

void man_table(struct buf *out)
{
    size_t n;
    _cleanup_free_ const struct cmd_def **all = grouped(&n);
    buf_adds(out, "| command | what it does |\n|---|---|\n");
    for (size_t i = 0; i < n; i++)
        buf_addf(out, "| `%s` | %s |\n", all[i]->name, all[i]->summary);
}
