// SPDX-License-Identifier: GPL-3.0-or-later
// The help: from the rows, nothing written twice. Main thread. See help.h.
#include "cmd/engine/help.h"

#include <stdlib.h>
#include <string.h>

#include "base/fill.h"
#include "base/json.h"
#include "cmd/engine/bind.h"
#include "cmd/engine/groups.h"
#include "cmd/engine/rules.h"
#include "cmd/engine/table.h"
#include "core/console/out.h"
#include "core/console/script.h"

// Where the right column begins, of options and of commands; not where there is no room for two.
enum { OPTIONS = 31, COMMANDS = 35, NARROW = 64 };

size_t help_width(void)
{
    enum { USUAL = 80, READABLE = 120 };
    int columns = out_screen().columns;
    return columns <= 0 ? USUAL : columns > READABLE ? READABLE : (size_t)columns;
}

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

static void add_choices(const struct opt_def *o, const char *sep, struct buf *out)
{
    for (size_t i = 0; o->choices && o->choices[i]; i++)
        buf_addf(out, "%s%s", i ? sep : "", o->choices[i]);
}

// Too many words for the left column; they stand behind the text then.
static bool has_many_choices(const struct opt_def *o)
{
    enum { WIDE = 40 };
    _cleanup_buf_ struct buf all = BUF_INIT;
    add_choices(o, "|", &all);
    return all.len > WIDE;
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
    if (o->type == OPT_ENUM && !has_many_choices(o))
        add_choices(o, "|", out);
    else
        buf_adds(out, value_word(o));
}

void help_option_text(const struct opt_def *opts, size_t n, size_t i, struct buf *out)
{
    _cleanup_buf_ struct buf rules = BUF_INIT;
    buf_adds(out, opts[i].help);
    if (has_many_choices(&opts[i])) {
        buf_adds(out, ": ");
        add_choices(&opts[i], ", ", out);
    }
    if (opts[i].def)
        buf_addf(out, " (default %s)", opts[i].def);
    rules_describe(opts, n, i, &rules);
    if (rules.len)
        buf_addf(out, " (%s)", rules.s);
}

// Does the synopsis say that it may be given by position? Not of the 20 of migrate.
static bool shows_position(const struct opt_def *opts, size_t n, const struct opt_def *o, bool brief)
{
    enum { FEW = 3 };
    size_t optional = 0;
    for (size_t i = 0; i < n; i++)
        optional += (opts[i].flags & OPTF_POS) && !(opts[i].flags & OPTF_REQ);
    bool positional = o->flags & OPTF_POS || o->type == OPT_WORDS;
    return positional && (!brief || optional <= FEW || o->flags & OPTF_REQ);
}

// A word of the synopsis for each row, without what may be left out where `brief`.
static void synopsis_words(const struct cmd_def *def, bool brief, struct strv *words)
{
    size_t n;
    _cleanup_free_ struct opt_def *opts = cmd_opts(def, &n);
    strv_add(words, def->name);
    if (brief)
        strv_add(words, "[OPTION]...");
    for (size_t i = 0; i < n; i++) {
        const struct opt_def *o = &opts[i];
        const char *more = o->flags & OPTF_MULTI || o->type == OPT_WORDS ? "..." : "";
        bool positional = shows_position(opts, n, o, brief), required = o->flags & OPTF_REQ;
        if (o->flags & OPTF_HIDDEN || (brief && !positional && !required))
            continue;
        _cleanup_buf_ struct buf word = BUF_INIT;
        if (!required)
            buf_addc(&word, '[');
        if (positional)
            buf_addf(&word, o->type == OPT_WORDS ? "-- <%s>" : "<%s>", o->name);
        else
            help_option_form(o, &word);
        buf_addf(&word, "%s%s", more, required ? "" : "]");
        strv_add(words, word.s);
    }
}

void help_synopsis(const struct cmd_def *def, struct buf *out)
{
    _cleanup_strv_ struct strv words = STRV_INIT;
    synopsis_words(def, false, &words);
    for (size_t i = 0; i < words.n; i++)
        buf_addf(out, "%s%s", i ? " " : "", words.s[i]);
}

// Every option has its line below; more than a few would only hide the words that stand by position.
static void add_synopsis(const struct cmd_def *def, struct buf *out)
{
    enum { MANY = 12 };
    _cleanup_strv_ struct strv words = STRV_INIT, brief = STRV_INIT;
    synopsis_words(def, false, &words);
    synopsis_words(def, true, &brief);
    const struct strv *shown = words.n > brief.n + MANY ? &brief : &words;
    buf_adds(out, "    ");
    fill_words(shown, 4, 4 + strlen(def->name) + 1, help_width(), out);
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

// `left`, and `text` in the right column, or below it.
static void add_row(const char *left, size_t column, const char *text, struct buf *out)
{
    size_t width = help_width(), at = 4 + str_columns(left);
    buf_addf(out, "    %s", left);
    if (width < NARROW || at >= width / 2) {
        column = width < NARROW ? 8 : column;
        buf_addc(out, '\n');
        buf_addn(out, ' ', column);
    } else {
        buf_addn(out, ' ', at < column ? column - at : 2);
    }
    fill_text(text, at < column || at >= width / 2 ? column : at + 2, column, width, out);
}

void help_line(const char *name, const char *text, struct buf *out)
{
    add_row(name, COMMANDS, text, out);
}

static bool same_group(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

// The rows of a group, in their order.
static void add_options_of(const struct opt_def *opts, size_t n, const char *group, struct buf *out)
{
    bool head = false;
    for (size_t i = 0; i < n; i++) {
        if ((opts[i].flags & OPTF_HIDDEN) || !same_group(opts[i].group, group))
            continue;
        if (!head)
            buf_addf(out, "\n  OPTIONS%s%s\n", group ? ": " : "", group ? group : "");
        head = true;
        _cleanup_buf_ struct buf form = BUF_INIT, text = BUF_INIT;
        help_option_form(&opts[i], &form);
        help_option_text(opts, n, i, &text);
        add_row(buf_str(&form), OPTIONS, buf_str(&text), out);
    }
}

static void add_options(const struct cmd_def *def, struct buf *out)
{
    size_t n;
    _cleanup_free_ struct opt_def *opts = cmd_opts(def, &n);
    add_options_of(opts, n, NULL, out);
    for (size_t i = 0; i < n; i++) {
        bool first = opts[i].group != NULL;
        for (size_t k = 0; k < i && first; k++)
            first = !same_group(opts[k].group, opts[i].group);
        if (first)
            add_options_of(opts, n, opts[i].group, out);
    }
}

void help_command(const struct cmd_def *def, struct buf *out)
{
    buf_addf(out, "  NAME\n    %s - ", def->name);
    fill_text(def->summary, strlen(def->name) + 7, 8, help_width(), out);
    buf_adds(out, "\n  SYNOPSIS\n");
    add_synopsis(def, out);
    if (def->help) {
        buf_adds(out, "\n  DESCRIPTION\n");
        fill_paragraphs(def->help, 4, help_width(), out);
    }
    add_options(def, out);
    if (def->example) {
        buf_adds(out, "\n  EXAMPLE\n");
        add_indented(def->example, "    ", out);
    }
}

static void add_lua_row(const json_t *row, struct buf *out)
{
    buf_adds(out, "\n    ");
    fill_text(json_text_at(row, "form"), 4, 8, help_width(), out);
    fill_paragraphs(json_text_at(row, "text"), 8, help_width(), out);
    if (json_text_at(row, "example"))
        add_indented(json_text_at(row, "example"), "          ", out);
}

void help_lua(struct buf *out)
{
    _cleanup_(json_decrefp) json_t *manual = script_ops()->manual();
    size_t i, j;
    json_t *group, *row;
    if (manual)
        fill_paragraphs(json_text_at(manual, "intro"), 2, help_width(), out);
    json_array_foreach(json_object_get(manual, "groups"), i, group)
    {
        buf_addf(out, "\n  %s\n", json_text_at(group, "title"));
        json_array_foreach(json_object_get(group, "rows"), j, row) add_lua_row(row, out);
    }
}

// The groups that have commands: first those of the table, then what recipes call theirs.
static void all_groups(const struct cmd_def *const *all, size_t n, struct strv *groups)
{
    for (size_t g = 0; help_group_name(g); g++)
        strv_add(groups, help_group_name(g));
    for (size_t i = 0; i < n; i++) {
        if (!strv_has(groups, all[i]->group))
            strv_add(groups, all[i]->group);
    }
}

static bool add_group(const struct cmd_def *const *all, size_t n, const char *word, const char *title, struct buf *out)
{
    bool head = false;
    for (size_t i = 0; i < n; i++) {
        if (!help_group_has(word, all[i]))
            continue;
        if (!head)
            buf_addf(out, " %s:\n", title ? title : all[i]->group);
        head = true;
        help_line(all[i]->name, all[i]->summary, out);
    }
    return head;
}

bool help_group(const char *word, struct buf *out)
{
    size_t n;
    _cleanup_free_ const struct cmd_def **all = cmd_all(&n);
    return add_group(all, n, word, NULL, out);
}

void help_all(struct buf *out)
{
    size_t n;
    _cleanup_free_ const struct cmd_def **all = cmd_all(&n);
    _cleanup_strv_ struct strv groups = STRV_INIT;
    all_groups(all, n, &groups);
    for (size_t g = 0; g < groups.n; g++) {
        add_group(all, n, groups.s[g], NULL, out);
        buf_addc(out, '\n');
    }
}

void help_overview(struct buf *out)
{
    enum { NAME = 12 };
    size_t n;
    _cleanup_free_ const struct cmd_def **all = cmd_all(&n);
    _cleanup_strv_ struct strv groups = STRV_INIT;
    all_groups(all, n, &groups);
    for (size_t g = 0; g < groups.n; g++) {
        const char *about = help_group_about(groups.s[g]);
        buf_addf(out, "  %-*s", NAME, groups.s[g]);
        fill_text(about ? about : "commands of yours", NAME + 2, NAME + 2, help_width(), out);
    }
}
