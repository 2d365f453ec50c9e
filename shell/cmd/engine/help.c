// SPDX-License-Identifier: GPL-3.0-or-later
// The help: from the rows, nothing written twice. Main thread. See help.h.
#include "cmd/engine/help.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "cmd/engine/bind.h"
#include "cmd/engine/rules.h"
#include "cmd/engine/table.h"
#include "core/console/script.h"

static const char *value_word(const struct opt_def *o)
{
    switch (o->type) {
    case OPT_INT:
        return "NUMBER";
    case OPT_DURATION:
        return "DURATION";
    case OPT_SIZE:
        return "SIZE";
    case OPT_PATH:
        return "FILE";
    case OPT_NODE:
        return "NODE";
    case OPT_NODES:
        return "NODE[,NODE]";
    case OPT_URI:
        return "NODE|URI";
    case OPT_DOMAIN:
        return o->flags & OPTF_LIST ? "DOMAIN[,DOMAIN]" : "DOMAIN";
    case OPT_POOL:
        return "POOL";
    case OPT_NETWORK:
        return "NETWORK";
    case OPT_SECRET:
        return "SECRET";
    case OPT_NWFILTER:
        return "NWFILTER";
    case OPT_INTERFACE:
        return "INTERFACE";
    case OPT_COMMAND:
        return "COMMAND";
    case OPT_WORDS:
        return "WORD";
    default:
        return "STRING";
    }
}

static void add_choices(const struct opt_def *o, struct buf *out)
{
    for (size_t i = 0; o->choices && o->choices[i]; i++)
        buf_addf(out, "%s%s", i ? "|" : "", o->choices[i]);
}

void help_option_form(const struct opt_def *o, struct buf *out)
{
    if (o->type == OPT_BOOL) {
        buf_addf(out, "--%s", o->name);
        return;
    }
    if (o->flags & OPTF_POS)
        buf_addf(out, "[--%s] ", o->name);
    else if (o->type != OPT_WORDS)
        buf_addf(out, "--%s ", o->name);
    if (o->type == OPT_ENUM)
        add_choices(o, out);
    else
        buf_adds(out, value_word(o));
}

void help_option_text(const struct opt_def *opts, size_t n, size_t i, struct buf *out)
{
    _cleanup_buf_ struct buf rules = BUF_INIT;
    buf_adds(out, opts[i].help);
    if (opts[i].def)
        buf_addf(out, " (default %s)", opts[i].def);
    rules_describe(opts, n, i, &rules);
    if (rules.len)
        buf_addf(out, " (%s)", rules.s);
}

void help_synopsis(const struct cmd_def *def, struct buf *out)
{
    size_t n;
    _cleanup_free_ struct opt_def *opts = cmd_opts(def, &n);
    buf_adds(out, def->name);
    for (size_t i = 0; i < n; i++) {
        const struct opt_def *o = &opts[i];
        if (o->flags & OPTF_HIDDEN)
            continue;
        const char *more = o->flags & OPTF_MULTI || o->type == OPT_WORDS ? "..." : "";
        bool positional = o->flags & OPTF_POS || o->type == OPT_WORDS;
        buf_adds(out, o->flags & OPTF_REQ ? " " : " [");
        if (positional)
            buf_addf(out, o->type == OPT_WORDS ? "-- <%s>" : "<%s>", o->name);
        else
            help_option_form(o, out);
        buf_addf(out, "%s%s", more, o->flags & OPTF_REQ ? "" : "]");
    }
}

static void add_indented(const char *text, const char *indent, struct buf *out)
{
    while (*text) {
        const char *nl = strchrnul(text, '\n');
        if (nl > text)
            buf_addf(out, "%s%.*s", indent, (int)(nl - text), text);
        buf_addc(out, '\n');
        text = *nl ? nl + 1 : nl;
    }
}

static void add_options(const struct cmd_def *def, struct buf *out)
{
    enum { COLUMN = 31 };
    size_t n;
    _cleanup_free_ struct opt_def *opts = cmd_opts(def, &n);
    bool head = false;
    for (size_t i = 0; i < n; i++) {
        if (opts[i].flags & OPTF_HIDDEN)
            continue;
        if (!head)
            buf_adds(out, "\n  OPTIONS\n");
        head = true;
        size_t from = out->len;
        buf_adds(out, "    ");
        help_option_form(&opts[i], out);
        buf_addn(out, ' ', out->len - from < COLUMN ? COLUMN - (out->len - from) : 2);
        help_option_text(opts, n, i, out);
        buf_addc(out, '\n');
    }
}

void help_command(const struct cmd_def *def, struct buf *out)
{
    buf_addf(out, "  NAME\n    %s - %s\n\n  SYNOPSIS\n    ", def->name, def->summary);
    help_synopsis(def, out);
    buf_adds(out, "\n");
    if (def->help) {
        buf_adds(out, "\n  DESCRIPTION\n");
        add_indented(def->help, "    ", out);
    }
    add_options(def, out);
    if (def->example) {
        buf_adds(out, "\n  EXAMPLE\n");
        add_indented(def->example, "    ", out);
    }
}

static void add_lua_row(const json_t *row, struct buf *out)
{
    buf_addf(out, "\n    %s\n", json_text_at(row, "form"));
    add_indented(json_text_at(row, "text"), "        ", out);
    if (json_text_at(row, "example"))
        add_indented(json_text_at(row, "example"), "          ", out);
}

void help_lua(struct buf *out)
{
    _cleanup_(json_decrefp) json_t *manual = script_ops()->manual();
    size_t i, j;
    json_t *group, *row;
    if (manual)
        add_indented(json_text_at(manual, "intro"), "  ", out);
    json_array_foreach(json_object_get(manual, "groups"), i, group)
    {
        buf_addf(out, "\n  %s\n", json_text_at(group, "title"));
        json_array_foreach(json_object_get(group, "rows"), j, row) add_lua_row(row, out);
    }
}

static int by_group(const void *a, const void *b)
{
    const struct cmd_def *x = *(const struct cmd_def *const *)a, *y = *(const struct cmd_def *const *)b;
    int c = strcmp(x->group, y->group);
    return c ? c : strcmp(x->name, y->name);
}

bool help_overview(const char *group, struct buf *out)
{
    size_t n;
    _cleanup_free_ const struct cmd_def **all = cmd_all(&n);
    if (n)
        qsort(all, n, sizeof(*all), by_group);
    const char *head = NULL;
    for (size_t i = 0; i < n; i++) {
        if (group && strcasecmp(group, all[i]->group) != 0)
            continue;
        if (!head || strcmp(head, all[i]->group) != 0)
            buf_addf(out, "%s %s:\n", head ? "\n" : "", all[i]->group);
        head = all[i]->group;
        buf_addf(out, "    %-30s %s\n", all[i]->name, all[i]->summary);
    }
    return head != NULL;
}
