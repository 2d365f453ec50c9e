// SPDX-License-Identifier: GPL-3.0-or-later
// What could stand at the cursor. Main thread; no calls to anybody. See complete.h; values are in complete_value.c.
#include "cmd/engine/complete.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/printable.h"
#include "cmd/engine/batch.h"
#include "cmd/engine/bind.h"
#include "cmd/engine/complete_value.h"
#include "cmd/engine/parse.h"
#include "cmd/engine/table.h"
#include "core/console/script.h"

void completion_add(struct completion *c, const char *word, const char *help, bool open)
{
    if (!is_printable_line(word))
        return;                   // a prompt or a shell could not show it truly
    if ((c->n & (c->n - 1)) == 0) // full at each power of two
        c->list = xrealloc(c->list, c->n ? 2 * c->n : 1, sizeof(*c->list));
    c->list[c->n++] = (struct candidate){xstrdup(word), xstrdup(help), open};
}

static void candidate_release(struct candidate *c)
{
    free(c->word);
    free(c->help);
}

void completion_release(struct completion *c)
{
    for (size_t i = 0; i < c->n; i++)
        candidate_release(&c->list[i]);
    free(c->list);
    *c = (struct completion){0};
}

static int by_word(const void *a, const void *b)
{
    return strcmp(((const struct candidate *)a)->word, ((const struct candidate *)b)->word);
}

static void sort_unique(struct completion *c)
{
    if (!c->n)
        return;
    qsort(c->list, c->n, sizeof(*c->list), by_word);
    size_t kept = 1;
    for (size_t i = 1; i < c->n; i++) {
        if (strcmp(c->list[kept - 1].word, c->list[i].word) == 0)
            candidate_release(&c->list[i]);
        else
            c->list[kept++] = c->list[i];
    }
    c->n = kept;
}

static void complete_command(const char *prefix, struct completion *out)
{
    size_t n;
    _cleanup_free_ const struct cmd_def **all = cmd_all(&n);
    for (size_t i = 0; i < n; i++) {
        if (str_starts(all[i]->name, prefix))
            completion_add(out, all[i]->name, all[i]->summary, false);
    }
    if (script_ops() && str_starts("lua", prefix))
        completion_add(out, "lua", "evaluate Lua", false);
}

// What the words before the cursor have used up, bound as cmd_bind() would, but forgiving.
struct cursor {
    struct opt_def *opts;
    size_t n;
    bool *given;
    const struct opt_def *value_of; // the word at the cursor is this option's value
    bool only_words;                // behind "--"
    const char *node;               // --node's value
};

static const struct opt_def *next_positional(const struct cursor *c)
{
    for (size_t i = 0; i < c->n; i++) {
        const struct opt_def *o = &c->opts[i];
        if (o->type == OPT_WORDS || ((o->flags & OPTF_POS) && (!c->given[i] || (o->flags & OPTF_MULTI))))
            return o;
    }
    return NULL;
}

static const struct opt_def *find_option(const struct cursor *c, const char *name, size_t len)
{
    for (size_t i = 0; i < c->n; i++) {
        if (strncmp(c->opts[i].name, name, len) == 0 && !c->opts[i].name[len])
            return &c->opts[i];
    }
    return NULL;
}

static void take_value(struct cursor *c, const struct opt_def *o, const char *value)
{
    if (strcmp(o->name, "node") == 0)
        c->node = value;
}

static void pass_word(struct cursor *c, const char *word)
{
    if (c->value_of) {
        take_value(c, c->value_of, word);
        c->value_of = NULL;
    } else if (!c->only_words && strcmp(word, "--") == 0) {
        c->only_words = true;
    } else if (!c->only_words && str_starts(word, "--")) {
        const char *eq = strchrnul(word, '=');
        const struct opt_def *o = find_option(c, word + 2, (size_t)(eq - word) - 2);
        if (!o)
            return;
        c->given[o - c->opts] = true;
        if (*eq)
            take_value(c, o, eq + 1);
        else if (o->type != OPT_BOOL)
            c->value_of = o;
    } else {
        const struct opt_def *o = next_positional(c);
        if (!o)
            return;
        c->given[o - c->opts] = true;
        c->only_words |= o->type == OPT_WORDS;
    }
}

static void complete_option_names(const struct cursor *c, const char *prefix, struct completion *out)
{
    for (size_t i = 0; i < c->n; i++) {
        const struct opt_def *o = &c->opts[i];
        if ((c->given[i] && !(o->flags & OPTF_MULTI)) || o->flags & OPTF_HIDDEN || o->type == OPT_WORDS)
            continue;
        _cleanup_free_ char *name = xasprintf("--%s", o->name);
        if (str_starts(name, prefix))
            completion_add(out, name, o->help, false);
    }
}

static void complete_argument(struct ctx *ctx, const struct cursor *c, const char *word, struct completion *out)
{
    _cleanup_target_ struct target current = {NULL, NULL};
    bool has_current = ctx_current(ctx, &current);
    const char *place = c->node && strcmp(c->node, "all") != 0 ? c->node : has_current ? target_label(&current) : NULL;
    const char *eq = strchr(word, '=');
    if (c->value_of) {
        complete_value(ctx, c->value_of, "", word, place, out);
    } else if (!c->only_words && str_starts(word, "--") && eq) {
        const struct opt_def *o = find_option(c, word + 2, (size_t)(eq - word) - 2);
        _cleanup_free_ char *lead = xstrndup(word, (size_t)(eq + 1 - word));
        if (o)
            complete_value(ctx, o, lead, eq + 1, place, out);
    } else if (!c->only_words && *word == '-') {
        complete_option_names(c, word, out);
    } else {
        const struct opt_def *o = next_positional(c);
        if (o)
            complete_value(ctx, o, "", word, place, out);
        if (!out->n && !*word && !c->only_words) {
            complete_option_names(c, word, out);
            out->aside = o != NULL;
        }
    }
}

void complete_words(struct ctx *ctx, const struct strv *words, struct completion *ret)
{
    *ret = (struct completion){0};
    const struct cmd_def *def;
    _cleanup_err_ struct err e = ERR_INIT;
    if (words->n <= 1) {
        complete_command(words->n ? words->s[0] : "", ret);
    } else if (cmd_lookup(words->s[0], true, &def, &e) == 0) {
        struct cursor c = {0};
        c.opts = cmd_opts(def, &c.n);
        c.given = xcalloc(c.n + 1, sizeof(*c.given));
        for (size_t i = 1; i + 1 < words->n; i++)
            pass_word(&c, words->s[i]);
        complete_argument(ctx, &c, words->s[words->n - 1], ret);
        free(c.given);
        free(c.opts);
    }
    sort_unique(ret);
}

// The name under the cursor, "mig.node.li": what the candidates replace.
static size_t lua_word_start(const char *text, size_t from, size_t point)
{
    size_t at = point;
    while (at > from && (isalnum((unsigned char)text[at - 1]) || strchr("_.:", text[at - 1])))
        at--;
    return at;
}

static void complete_lua(const char *line, const char *lua, size_t point, struct completion *ret)
{
    *ret = (struct completion){.lua = true};
    size_t from = (size_t)(lua - line);
    ret->start = lua_word_start(line, from, point);
    if (!script_ops() || !script_ops()->complete)
        return;
    _cleanup_strv_ struct strv words = STRV_INIT;
    _cleanup_free_ char *text = xstrndup(lua, point - from);
    script_ops()->complete(text, &words);
    for (size_t i = 0; i < words.n; i++)
        completion_add(ret, words.s[i], NULL, true);
    sort_unique(ret);
}

void complete_line(struct ctx *ctx, const char *line, size_t point, struct completion *ret)
{
    bool expression;
    const char *lua = batch_lua_part(line, &expression);
    if (lua && point >= (size_t)(lua - line)) {
        complete_lua(line, lua, point, ret);
        return;
    }
    _cleanup_strv_ struct strv words = STRV_INIT;
    size_t start;
    char quote;
    parse_for_completion(line, point, &words, &start, &quote);
    complete_words(ctx, &words, ret);
    ret->start = start;
    ret->quote = quote;
}

size_t completion_common(const struct completion *c)
{
    if (!c->n)
        return 0;
    const char *first = c->list[0].word, *last = c->list[c->n - 1].word; // sorted: no pair differs earlier
    size_t n = 0;
    while (first[n] && first[n] == last[n])
        n++;
    while (n && ((unsigned char)first[n] & 0xc0) == 0x80)
        n--;
    return n;
}

// A newline cannot be escaped by a backslash (that joins lines), so a word with control bytes is put in '…'.
static bool needs_quotes(const char *word, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)word[i] < ' ')
            return true;
    }
    return false;
}

static void quote_char(char c, char quote, bool first, struct buf *out)
{
    if (quote == '\'' && c == '\'')
        buf_adds(out, "'\\''");
    else if (quote == '"' && (c == '"' || c == '\\'))
        buf_addf(out, "\\%c", c);
    else if (!quote && (strchr(" \t;'\"\\", c) || (c == '#' && first)))
        buf_addf(out, "\\%c", c);
    else
        buf_addc(out, c);
}

char *completion_quote(const struct completion *c, const char *line, const char *word, size_t len, bool whole)
{
    _cleanup_buf_ struct buf out = BUF_INIT;
    if (c->lua)
        return xstrndup(word, len);
    // A quote that opened in the middle of the word is replaced by backslashes.
    char quote = c->quote && line[c->start] == c->quote ? c->quote : needs_quotes(word, len) ? '\'' : 0;
    if (quote)
        buf_addc(&out, quote);
    for (size_t i = 0; i < len; i++)
        quote_char(word[i], quote, i == 0, &out);
    if (quote && whole)
        buf_addc(&out, quote);
    if (whole)
        buf_addc(&out, ' ');
    return buf_steal(&out);
}
