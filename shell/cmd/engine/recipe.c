// SPDX-License-Identifier: GPL-3.0-or-later
// Makes a command row of each recipe. Main thread. See recipe.h.
#include "cmd/engine/recipe.h"

#include <string.h>

#include "cmd/engine/complete_journal.h"
#include "cmd/engine/rules.h"
#include "core/console/out.h"
#include "core/console/script.h"

static struct cmd_def **rows;
static size_t n_rows;
static bool loaded;

static const struct {
    const char *name;
    enum opt_type type;
} types[] = {
    {"bool", OPT_BOOL},
    {"string", OPT_STRING},
    {"int", OPT_INT},
    {"duration", OPT_DURATION},
    {"size", OPT_SIZE},
    {"enum", OPT_ENUM},
    {"path", OPT_PATH},
    {"node", OPT_NODE},
    {"nodes", OPT_NODES},
    {"uri", OPT_URI},
    {"words", OPT_WORDS},
    {"domain", OPT_STRING}, // a recipe gets the text and hands it to the commands it calls
    {"pool", OPT_STRING},
    {"journal", OPT_STRING},
    {"any-journal", OPT_STRING},
};

static enum opt_type type_of(const char *name)
{
    for (size_t i = 0; name && i < ARRAY_SIZE(types); i++) {
        if (strcmp(types[i].name, name) == 0)
            return types[i].type;
    }
    return OPT_STRING;
}

static void complete_domain(struct ctx *ctx, const char *prefix, struct strv *out)
{
    ctx_names(ctx, "domain", NULL, prefix, out);
}

static struct opt_def make_option(const struct script_arg *a)
{
    struct opt_def o = {.name = a->name,
                        .type = type_of(a->type),
                        .flags =
                            (a->required ? OPTF_REQ : 0) | (a->positional ? OPTF_POS : 0) | (a->multi ? OPTF_MULTI : 0),
                        .help = a->help,
                        .def = a->def,
                        .choices = a->choices,
                        .unit = a->unit,
                        .excludes = a->excludes,
                        .needs = a->needs};
    if (a->type && strcmp(a->type, "domain") == 0)
        o.complete = complete_domain;
    else if (a->type && strcmp(a->type, "journal") == 0)
        o.complete = complete_unfinished;
    else if (a->type && strcmp(a->type, "any-journal") == 0)
        o.complete = complete_journal;
    return o;
}

// What another command's row is here: nothing of what that command resolves, or has by position.
static struct opt_def pass_option(const struct opt_def *from)
{
    struct opt_def o = *from;
    o.flags &= ~OPTF_POS;
    if (o.type == OPT_DOMAIN) {
        o.type = OPT_STRING;
        o.complete = complete_domain;
    }
    return o;
}

// Adds the rows of `from` that the recipe takes too: none that it has itself or excepts, nor what `from` cannot do
// without.
static int pass_options(const struct script_recipe *r, const struct cmd_def *from, struct opt_def *opts, struct err *e)
{
    size_t n = r->n_args, n_from = 0;
    while (from->opts && from->opts[n_from].name)
        n_from++;
    for (size_t i = 0; r->except && r->except[i]; i++) {
        if (rules_find(from->opts, n_from, r->except[i], strlen(r->except[i])) == n_from)
            return err_set(e, ERR_USAGE, "except: %s has no option --%s", from->name, r->except[i]);
    }
    for (size_t i = 0; i < n_from; i++) {
        const char *name = from->opts[i].name;
        bool wanted = !(from->opts[i].flags & OPTF_REQ) && rules_find(opts, r->n_args, name, strlen(name)) == r->n_args;
        for (size_t k = 0; r->except && r->except[k]; k++)
            wanted = wanted && strcmp(r->except[k], name) != 0;
        if (wanted)
            opts[n++] = pass_option(&from->opts[i]);
    }
    return 0;
}

// NULL: the recipe is left out, and said why.
static struct cmd_def *make_row(const struct script_recipe *r, recipe_builtin_fn *builtin)
{
    const struct cmd_def *from = r->passes ? builtin(r->passes) : NULL;
    size_t n = r->n_args;
    for (const struct opt_def *o = from ? from->opts : NULL; o && o->name; o++)
        n++;
    struct opt_def *opts = xcalloc(n + 1, sizeof(*opts));
    _cleanup_err_ struct err e = ERR_INIT;
    for (size_t i = 0; i < r->n_args; i++)
        opts[i] = make_option(&r->args[i]);
    if (r->passes && !from)
        err_set(&e, ERR_USAGE, "passes: there is no command %s", r->passes);
    if (err_is_set(&e) || (from && pass_options(r, from, opts, &e) < 0)) {
        out_notice(OUT_WARN, "recipe %s is left out: %s", r->path, e.msg);
        free(opts);
        return NULL;
    }
    struct cmd_def *row = xnew(struct cmd_def);
    *row = (struct cmd_def){.name = r->name,
                            .group = r->group ? r->group : "Recipes",
                            .summary = r->description,
                            .help = r->help,
                            .example = r->example,
                            .opts = opts,
                            .view = {.kind = VIEW_TEXT},
                            .recipe = r->name,
                            .passed = from ? opts + r->n_args : NULL};
    return row;
}

static void load(recipe_builtin_fn *builtin)
{
    if (loaded || !script_ops())
        return;
    loaded = true;
    _cleanup_err_ struct err e = ERR_INIT;
    const struct script_recipe *list;
    size_t n;
    if (script_ops()->list(&list, &n, &e) < 0) {
        out_notice(OUT_WARN, "recipes: %s", e.msg);
        return;
    }
    rows = xcalloc(n, sizeof(*rows));
    for (size_t i = 0; i < n; i++) {
        rows[n_rows] = make_row(&list[i], builtin);
        n_rows += rows[n_rows] != NULL;
    }
}

const struct cmd_def *const *recipe_all(size_t *ret_n, recipe_builtin_fn *builtin)
{
    load(builtin);
    *ret_n = n_rows;
    return (const struct cmd_def *const *)rows;
}

const struct cmd_def *recipe_find(const char *name, recipe_builtin_fn *builtin)
{
    load(builtin);
    for (size_t i = 0; i < n_rows; i++) {
        if (strcmp(rows[i]->name, name) == 0)
            return rows[i];
    }
    return NULL;
}

void recipe_forget(void)
{
    for (size_t i = 0; i < n_rows; i++) {
        free((void *)rows[i]->opts);
        free(rows[i]);
    }
    free(rows);
    rows = NULL;
    n_rows = 0;
    loaded = false;
}
