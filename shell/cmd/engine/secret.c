// SPDX-License-Identifier: GPL-3.0-or-later
// Finds secrets in typed lines. Main thread. See secret.h.
#include "cmd/engine/secret.h"

#include <ctype.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "cmd/engine/alias.h"
#include "cmd/engine/batch.h"
#include "cmd/engine/bind.h"
#include "cmd/engine/parse.h"
#include "cmd/engine/table.h"

static bool is_name_char(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '-';
}

// `name` (with "-" or, as Lua writes it, "_") as a word of text, behind `lead`.
static bool mentions(const char *text, const char *lead, const char *name)
{
    _cleanup_free_ char *dashed = xasprintf("%s%s", lead, name);
    size_t n = strlen(dashed);
    for (const char *at = text; *at; at++) {
        size_t i = 0;
        while (i < n && (at[i] == dashed[i] || (at[i] == '_' && dashed[i] == '-')))
            i++;
        if (i == n && !is_name_char(at[n]) && (at == text || !is_name_char(at[-1])))
            return true;
    }
    return false;
}

static bool holds_positional(const char *text, const struct cmd_def *const *rows, size_t n);

// The name of such a command may be a prefix, and stand among the words of another (repeat, alias), or in one of them.
static bool names_command(const struct strv *words, const struct cmd_def *const *rows, size_t n)
{
    for (size_t i = 0; i < words->n; i++) {
        if (i && strpbrk(words->s[i], " \t") && holds_positional(words->s[i], rows, n))
            return true;
        for (size_t k = 0; k < n && i + 1 < words->n; k++) {
            bool named = i ? strcmp(rows[k]->name, words->s[i]) == 0 : str_starts(rows[k]->name, words->s[i]);
            if (named && bind_secret_positional(rows[k]))
                return true;
        }
    }
    return false;
}

// Are there words that could land in one of a command's secret positionals?
static bool holds_positional(const char *text, const struct cmd_def *const *rows, size_t n)
{
    _cleanup_parsed_ struct parsed p = {0};
    _cleanup_err_ struct err e = ERR_INIT;
    if (parse_text(text, &p, NULL, &e) < 0)
        return false;
    for (size_t i = 0; i < p.n; i++) {
        alias_expand(&p.cmds[i]);
        if (names_command(&p.cmds[i], rows, n))
            return true;
    }
    return false;
}

bool secret_in_rows(const char *text, const struct cmd_def *const *rows, size_t n)
{
    bool expression;
    const char *lua = batch_lua_part(text, &expression);
    for (size_t i = 0; i < n; i++) {
        for (const struct opt_def *o = rows[i]->opts; o && o->name; o++) {
            if ((o->flags & OPTF_SECRET) && mentions(text, lua ? "" : "--", o->name))
                return true;
        }
    }
    return !lua && holds_positional(text, rows, n);
}

bool secret_in_line(const char *text)
{
    size_t n;
    _cleanup_free_ const struct cmd_def **all = cmd_all(&n);
    return secret_in_rows(text, all, n);
}
