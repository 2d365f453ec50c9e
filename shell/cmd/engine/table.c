// SPDX-License-Identifier: GPL-3.0-or-later
// Looking a command up, and what can be wrong with a row. Main thread (recipes may be loaded). See table.h.
#include "cmd/engine/table.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "cmd/engine/bind.h"
#include "cmd/engine/groups.h"
#include "cmd/engine/recipe.h"
#include "cmd/engine/rules.h"

static const struct cmd_def *const *builtin;
static size_t n_builtin;
static const struct cmd_word *words;
static size_t n_words;

void cmd_table_set(const struct cmd_def *const *rows, size_t n, const struct cmd_word *known, size_t n_known)
{
    builtin = rows;
    n_builtin = n;
    words = known;
    n_words = n_known;
}

static const struct cmd_word *find_word(const char *name)
{
    for (size_t i = 0; i < n_words; i++) {
        if (strcmp(words[i].word, name) == 0)
            return &words[i];
    }
    return NULL;
}

static const struct cmd_def *find_builtin(const char *name)
{
    for (size_t i = 0; i < n_builtin; i++) {
        if (strcmp(builtin[i]->name, name) == 0)
            return builtin[i];
    }
    return NULL;
}

const struct cmd_def *cmd_find(const char *name)
{
    if (strcmp(name, "?") == 0 || strcmp(name, "\\?") == 0) // as in other consoles
        name = "help";
    const struct cmd_word *word = find_word(name);
    name = word && word->command ? word->command : name;
    const struct cmd_def *def = find_builtin(name);
    return def ? def : recipe_find(name, find_builtin);
}

static int compare(const void *a, const void *b)
{
    return strcmp((*(const struct cmd_def *const *)a)->name, (*(const struct cmd_def *const *)b)->name);
}

const struct cmd_def **cmd_all(size_t *ret_n)
{
    size_t recipes;
    const struct cmd_def *const *list = recipe_all(&recipes, find_builtin);
    const struct cmd_def **all = xcalloc(n_builtin + recipes, sizeof(*all));
    size_t n = 0;
    for (size_t i = 0; i < n_builtin; i++) {
        if (!(builtin[i]->flags & CMD_HIDDEN))
            all[n++] = builtin[i];
    }
    for (size_t i = 0; i < recipes; i++) {
        if (!find_builtin(list[i]->name))
            all[n++] = list[i];
    }
    qsort(all, n, sizeof(*all), compare);
    *ret_n = n;
    return all;
}

int cmd_lookup(const char *name, bool prefix_ok, const struct cmd_def **ret, struct err *e)
{
    const struct cmd_def *exact = cmd_find(name);
    if (exact) {
        *ret = exact;
        return 0;
    }
    if (strcmp(name, "lua") == 0) { // its lines are no commands (batch.h)
        err_set(e, ERR_USAGE, "lua wants its code behind it, on a line of its own");
        return err_hint(e,
                        "lua CODE runs it, =EXPRESSION shows a value, as in: =mig.list(); lua alone is for the prompt; "
                        "help lua tells the rest");
    }
    size_t n, hits = 0;
    _cleanup_free_ const struct cmd_def **all = cmd_all(&n);
    _cleanup_free_ const char **names = xcalloc(n, sizeof(*names));
    _cleanup_buf_ struct buf candidates = BUF_INIT;
    const struct cmd_def *only = NULL;
    for (size_t i = 0; i < n; i++) {
        names[i] = all[i]->name;
        if (str_starts(all[i]->name, name)) {
            only = all[i];
            buf_addf(&candidates, "%s%s", hits++ ? ", " : "", all[i]->name);
        }
    }
    if (prefix_ok && hits == 1) {
        *ret = only;
        return 0;
    }
    err_set(e, ERR_USAGE, "unknown command: '%s'", name);
    const char *near = str_nearest(name, names, n);
    const struct cmd_word *word = find_word(name);
    if (word && word->hint)
        return err_hint(e, "%s", word->hint);
    if (hits)
        return err_hint(e, hits == 1 ? "did you mean %s?" : "could be: %s", buf_str(&candidates));
    return near ? err_hint(e, "did you mean %s?", near) : err_hint(e, "help all lists the commands");
}

static void check_names(const struct cmd_def *def, const struct opt_def *o, const char *list, struct strv *faults)
{
    _cleanup_strv_ struct strv names = STRV_INIT;
    size_t n;
    _cleanup_free_ struct opt_def *opts = cmd_opts(def, &n);
    strv_split(&names, list ? list : "", '|');
    for (size_t i = 0; i < names.n; i++) {
        size_t k = rules_find(opts, n, names.s[i], strlen(names.s[i]));
        if (k == n || strcmp(names.s[i], o->name) == 0)
            strv_take(faults, xasprintf("%s --%s: a rule names --%s", def->name, o->name, names.s[i]));
    }
}

static void check_option(const struct cmd_def *def, const struct opt_def *o, bool *positional_optional,
                         struct strv *faults)
{
    if (!o->help || !*o->help)
        strv_take(faults, xasprintf("%s --%s: no help", def->name, o->name));
    if (o->type == OPT_ENUM && !o->choices)
        strv_take(faults, xasprintf("%s --%s: an enum without choices", def->name, o->name));
    if (o->type == OPT_BOOL && (o->flags & (OPTF_POS | OPTF_REQ)))
        strv_take(faults, xasprintf("%s --%s: a switch is neither positional nor required", def->name, o->name));
    if ((o->flags & OPTF_POS) && (o->flags & OPTF_REQ) && *positional_optional)
        strv_take(faults, xasprintf("%s --%s: required behind an optional positional", def->name, o->name));
    if ((o->flags & OPTF_POS) && !(o->flags & OPTF_REQ))
        *positional_optional = true;
    if (o->type == OPT_DOMAIN && !(def->flags & CMD_CONN))
        strv_take(faults, xasprintf("%s --%s: a domain needs CMD_CONN", def->name, o->name));
    if (o->bits && o->type != OPT_BOOL)
        strv_take(faults, xasprintf("%s --%s: only a switch stands for bits", def->name, o->name));
    check_names(def, o, o->excludes, faults);
    check_names(def, o, o->needs, faults);
}

// By its last word. What acts on a hypervisor may act on the wrong one (confirm.h).
static bool destroys_by_name(const struct cmd_def *def)
{
    static const char *const verbs[] = {"delete", "destroy", "detach", "remove", "unbridge", "undefine", "wipe"};
    const char *dash = strrchr(def->name, '-'), *last = dash ? dash + 1 : def->name;
    for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
        if (def->flags & CMD_CONN && strcmp(last, verbs[i]) == 0)
            return true;
    }
    return false;
}

void cmd_table_check(struct strv *faults)
{
    for (size_t i = 0; i < n_builtin; i++) {
        const struct cmd_def *def = builtin[i];
        if (i && strcmp(builtin[i - 1]->name, def->name) >= 0)
            strv_take(faults, xasprintf("%s: the table is not sorted here", def->name));
        if (!def->summary || !def->group || !def->example)
            strv_take(faults, xasprintf("%s: summary, group or example missing", def->name));
        if (!def->run)
            strv_take(faults, xasprintf("%s: nothing to run", def->name));
        if (def->group && !help_group_about(def->group))
            strv_take(faults, xasprintf("%s: the help has no group %s (engine/groups.c)", def->name, def->group));
        if (destroys_by_name(def) && !(def->flags & CMD_DESTROYS))
            strv_take(faults, xasprintf("%s: it destroys something, and lacks CMD_DESTROYS", def->name));
        bool positional_optional = false;
        for (const struct opt_def *o = def->opts; o && o->name; o++)
            check_option(def, o, &positional_optional, faults);
    }
}
