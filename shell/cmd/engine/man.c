// SPDX-License-Identifier: GPL-3.0-or-later
// migsh.1, migsh-lua.7 and the table of commands. Main thread. See man.h.
#include "cmd/engine/man.h"

#include <stdlib.h>
#include <string.h>

#include "base/fill.h"
#include "base/json.h"
#include "base/mem.h"
#include "cmd/engine/bind.h"
#include "cmd/engine/help.h"
#include "cmd/engine/table.h"
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

static const char head[] =
    ".TH MIGSH 1\n"
    ".SH NAME\n"
    "migsh \\- move KVM guests between libvirt hosts, and measure what their users felt\n"
    ".SH SYNOPSIS\n"
    ".B migsh\n[\\fIOPTION\\fR]... [\\fICOMMAND\\fR [\\fIARG\\fR]... | \\fISCRIPT\\fR.lua [\\fIARG\\fR]...]\n"
    ".SH DESCRIPTION\n"
    "Without a command it is an interactive shell, or runs the commands of its standard input. At the prompt Tab\n"
    "completes, Ctrl\\-C cancels what runs, Ctrl\\-D leaves. A command that ends in \"&\" runs behind the prompt, and "
    "so\n"
    "does one that Ctrl\\-Z is pressed at (\\fBjobs\\fR, \\fBfg\\fR, \\fBwait\\fR, \\fBcancel\\fR).\n"
    ".B migsh \\-\\-help\nlists the options of the program,\n.B migsh help\nits commands.\n";

static const char tail[] =
    ".SH FILES\n"
    ".TP\n.I $XDG_CONFIG_HOME/migsh/nodes\nthe inventory: lines of node\\-add\n"
    ".TP\n.I $XDG_STATE_HOME/migsh/history\nwhat was typed at the prompt, without secrets\n"
    ".SH ENVIRONMENT\n"
    ".TP\n.B MIGSH_PROMPT\nthe prompt, by default \"migsh%w%r%s%u> \": %w is where a command goes that "
    "names no host, %r tells of a read-only console, %s of nodes that keep silent,\n"
    "%u of undertakings that are unfinished (journal\\-list)\n"
    ".TP\n.B MIGSH_PAGER, PAGER\nwhat shows a result that is taller than the screen, by default \"less \\-FRX\"\n"
    ".TP\n.B NO_COLOR\nno colours\n"
    ".TP\n.B VIRSH_DEFAULT_CONNECT_URI, LIBVIRT_DEFAULT_URI\nthe current host at the start\n"
    ".SH SEE ALSO\n.BR migsh-lua (7),\n.BR virsh (1)\n";

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

static const char lua_head[] = ".TH MIGSH-LUA 7\n"
                               ".SH NAME\n"
                               "migsh-lua \\- what scripts and recipes of migsh may call\n"
                               ".SH DESCRIPTION\n";

static const char lua_tail[] = ".SH SEE ALSO\n.BR migsh (1)\n";

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

void man_page(struct buf *out)
{
    size_t n;
    _cleanup_free_ const struct cmd_def **all = grouped(&n);
    buf_adds(out, head);
    add_topic("FIRST USE", "first-use", out);
    add_topic("NODES", "nodes", out);
    add_topic("THE PROMPT", "prompt", out);
    add_topic("EXIT STATUS", "exit-status", out);
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || strcmp(all[i]->group, all[i - 1]->group) != 0) {
            buf_adds(out, ".SH COMMANDS: ");
            add_text(all[i]->group, out);
            buf_addc(out, '\n');
        }
        add_command(all[i], out);
    }
    buf_adds(out, tail);
}

// Not ".B form": a macro would take the quotes of its words for its own.
static void add_lua_row(const json_t *row, struct buf *out)
{
    buf_adds(out, ".TP\n\\fB");
    add_text(json_text_at(row, "form"), out);
    buf_adds(out, "\\fR\n");
    add_text(json_text_at(row, "text"), out);
    buf_addc(out, '\n');
    if (json_text_at(row, "example")) {
        buf_adds(out, ".RS\n");
        add_literal(json_text_at(row, "example"), out);
        buf_adds(out, ".RE\n");
    }
}

void man_lua(struct buf *out)
{
    _cleanup_(json_decrefp) json_t *manual = script_ops()->manual();
    size_t i, j;
    json_t *group, *row;
    if (!manual)
        return;
    buf_adds(out, lua_head);
    add_text(json_text_at(manual, "intro"), out);
    json_array_foreach(json_object_get(manual, "groups"), i, group)
    {
        buf_adds(out, "\n.SH ");
        add_text(json_text_at(group, "title"), out);
        buf_addc(out, '\n');
        json_array_foreach(json_object_get(group, "rows"), j, row) add_lua_row(row, out);
    }
    buf_adds(out, lua_tail);
}

void man_table(struct buf *out)
{
    size_t n;
    _cleanup_free_ const struct cmd_def **all = grouped(&n);
    buf_adds(out, "| command | what it does |\n|---|---|\n");
    for (size_t i = 0; i < n; i++)
        buf_addf(out, "| `%s` | %s |\n", all[i]->name, all[i]->summary);
}
