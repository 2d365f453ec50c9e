// SPDX-License-Identifier: GPL-3.0-or-later
// What could stand at the cursor: which word it is by the grammar of bind.h, values by complete_value.c. Main thread;
// no calls to anybody. See complete.h.
#include "cmd/engine/complete.h"

#include <ctype.h>
#include <string.h>

#include "base/mem.h"
#include "cmd/engine/alias.h"
#include "cmd/engine/batch.h"
#include "cmd/engine/bind.h"
#include "cmd/engine/complete_value.h"
#include "cmd/engine/parse.h"
#include "cmd/engine/rules.h"
#include "cmd/engine/table.h"
#include "core/console/script.h"

static void complete_command(const char *prefix, struct completion *out)
{
    size_t n;
    _cleanup_free_ const struct cmd_def **all = cmd_all(&n);
    for (size_t i = 0; i < n; i++)
        completion_add(out, prefix, all[i]->name, all[i]->summary, false);
    _cleanup_strv_ struct strv aliases = STRV_INIT;
    alias_complete(NULL, prefix, &aliases);
    for (size_t i = 0; i < aliases.n; i++)
        completion_add(out, prefix, aliases.s[i], "an alias", false);
    if (script_ops())
        completion_add(out, prefix, "lua", "evaluate Lua", false);
}

static void complete_option_names(const struct bind_walk *w, const char *prefix, struct completion *out)
{
    for (size_t i = 0; i < w->n; i++) {
        const struct opt_def *o = &w->opts[i];
        if ((w->given[i] && !(o->flags & OPTF_MULTI)) || o->flags & OPTF_HIDDEN || o->type == OPT_WORDS ||
            rules_exclude(w->opts, w->n, w->given, i))
            continue;
        _cleanup_free_ char *name = xasprintf("--%s", o->name);
        completion_add(out, prefix, name, o->help, false);
    }
}

// The word at the cursor, behind those that `w` has passed.
static void complete_argument(struct ctx *ctx, const struct bind_walk *w, const struct complete_where *where,
                              const char *word, struct completion *out)
{
    const char *eq = strchr(word, '=');
    if (w->cut) {
        complete_value(ctx, w->cut, "", word, where, out);
    } else if (!w->only_words && str_starts(word, "--") && eq) {
        size_t i = rules_find(w->opts, w->n, word + 2, (size_t)(eq - word) - 2);
        _cleanup_free_ char *lead = xstrndup(word, (size_t)(eq + 1 - word));
        if (i < w->n)
            complete_value(ctx, &w->opts[i], lead, eq + 1, where, out);
    } else if (!w->only_words && *word == '-') {
        complete_option_names(w, word, out);
    } else {
        const struct opt_def *o = bind_positional(w, word);
        if (o && !rules_exclude(w->opts, w->n, w->given, (size_t)(o - w->opts)))
            complete_value(ctx, o, "", word, where, out);
        if (!out->n && !*word && !w->only_words) {
            complete_option_names(w, word, out);
            out->aside = o != NULL;
        }
    }
}

// Of a command that is a part of this one, and begins at the word `from`; false: there is none.
static bool complete_inner_command(struct ctx *ctx, const struct bind_walk *w, size_t from, const struct strv *words,
                                   struct completion *out)
{
    const char *last = words->s[words->n - 1];
    const struct opt_def *o = w->cut || (!w->only_words && *last == '-') ? NULL : bind_positional(w, last);
    if (!o || !(o->flags & OPTF_COMMAND))
        return false;
    _cleanup_strv_ struct strv inner = STRV_INIT;
    for (size_t i = from ? from : words->n - 1; i < words->n; i++)
        strv_add(&inner, words->s[i]);
    if (inner.n > 1)
        alias_expand(&inner);
    complete_words(ctx, &inner, out);
    return true;
}

static void complete_command_words(struct ctx *ctx, const struct cmd_def *def, const struct strv *words,
                                   struct completion *out)
{
    _cleanup_(bind_walk_release) struct bind_walk w;
    _cleanup_target_ struct target current = {NULL, NULL};
    struct complete_where where = {ctx_current(ctx, &current) ? target_label(&current) : NULL, NULL, NULL};
    bind_walk_init(&w, def, words, words->n - 1);
    w.forgiving = true;
    size_t row, inner = 0;
    const char *value;
    int r;
    do {
        _cleanup_err_ struct err wrong = ERR_INIT;
        r = bind_next(&w, &row, &value, &wrong);
        if (r > 0 && value && strcmp(w.opts[row].name, "node") == 0 && strcmp(value, "all") != 0)
            where.place = value;
        if (r > 0 && value && w.opts[row].type == OPT_DOMAIN)
            where.domain = value;
        if (r > 0 && value && w.opts[row].type == OPT_POOL)
            where.pool = value;
        if (r > 0 && !inner && w.opts[row].flags & OPTF_COMMAND)
            inner = w.at - 1;
    } while (r);
    if (!complete_inner_command(ctx, &w, inner, words, out))
        complete_argument(ctx, &w, &where, words->s[words->n - 1], out);
}

void complete_words(struct ctx *ctx, const struct strv *words, struct completion *ret)
{
    *ret = (struct completion){0};
    const struct cmd_def *def;
    _cleanup_err_ struct err e = ERR_INIT;
    if (words->n <= 1)
        complete_command(words->n ? words->s[0] : "", ret);
    else if (cmd_lookup(words->s[0], true, &def, &e) == 0)
        complete_command_words(ctx, def, words, ret);
    completion_sort(ret);
}

// The name under the cursor, "mig.node.li": what the candidates replace.
static size_t lua_word_start(const char *text, size_t from, size_t point)
{
    size_t at = point;
    while (at > from && (isalnum((unsigned char)text[at - 1]) || strchr("_.:", text[at - 1])))
        at--;
    return at;
}

void complete_lua(const char *before, const char *line, size_t point, struct completion *ret)
{
    *ret = (struct completion){.lua = true};
    bool expression;
    const char *own = batch_lua_part(line, &expression), *first = batch_lua_part(before, &expression);
    size_t from = own && point >= (size_t)(own - line) ? (size_t)(own - line) : 0;
    ret->start = lua_word_start(line, from, point);
    if (!script_ops() || !script_ops()->complete)
        return;
    _cleanup_strv_ struct strv words = STRV_INIT;
    const char *head = first ? first : before;
    _cleanup_free_ char *text = xasprintf("%s%s%.*s", head, *head ? "\n" : "", (int)(point - from), line + from);
    script_ops()->complete(text, &words);
    for (size_t i = 0; i < words.n; i++)
        completion_add(ret, "", words.s[i], NULL, true);
    completion_sort(ret);
}

void complete_line(struct ctx *ctx, const char *line, size_t point, struct completion *ret)
{
    bool expression;
    const char *lua = batch_lua_part(line, &expression);
    if (lua && point >= (size_t)(lua - line)) {
        complete_lua("", line, point, ret);
        return;
    }
    static const struct opt_def file = {"file", OPT_PATH}; // behind ">" and "|"
    _cleanup_strv_ struct strv words = STRV_INIT;
    size_t start;
    char quote;
    *ret = (struct completion){0};
    enum redirect_kind kind = parse_for_completion(line, point, &words, &start, &quote);
    if (words.n > 1)
        alias_expand(&words);
    if (kind || (batch_shell_part(line) && words.n > 1))
        complete_value(ctx, &file, "", words.s[words.n - 1], &(struct complete_where){NULL, NULL, NULL}, ret);
    else
        complete_words(ctx, &words, ret);
    ret->start = start;
    ret->quote = quote;
}
