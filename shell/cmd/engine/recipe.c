// SPDX-License-Identifier: GPL-3.0-or-later
// Makes a command row of each recipe. Main thread. See recipe.h.
#include "cmd/engine/recipe.h"

#include <string.h>

#include "cmd/engine/complete_journal.h"
#include "core/console/out.h"
#include "core/console/script.h"

static struct cmd_def **rows;
static size_t n_rows;
static bool loaded;

static const struct {
    const char *name;
    enum opt_type type;
} types[] = {
    {"bool", OPT_BOOL},   {"string", OPT_STRING},  {"int", OPT_INT},   {"duration", OPT_DURATION}, {"size", OPT_SIZE},
    {"enum", OPT_ENUM},   {"path", OPT_PATH},      {"node", OPT_NODE}, {"nodes", OPT_NODES},       {"uri", OPT_URI},
    {"words", OPT_WORDS}, {"domain", OPT_STRING}, // a recipe gets the text and hands it to the commands it calls
    {"pool", OPT_STRING}, {"journal", OPT_STRING},
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

static struct cmd_def *make_row(const struct script_recipe *r)
{
    struct opt_def *opts = xcalloc(r->n_args + 1, sizeof(*opts));
    for (size_t i = 0; i < r->n_args; i++) {
        const struct script_arg *a = &r->args[i];
        opts[i] = (struct opt_def){.name = a->name,
                                   .type = type_of(a->type),
                                   .flags = (a->required ? OPTF_REQ : 0) | (a->positional ? OPTF_POS : 0) |
                                            (a->multi ? OPTF_MULTI : 0),
                                   .help = a->help,
                                   .def = a->def,
                                   .choices = a->choices,
                                   .unit = a->unit};
        if (a->type && strcmp(a->type, "domain") == 0)
            opts[i].complete = complete_domain;
        else if (a->type && strcmp(a->type, "journal") == 0)
            opts[i].complete = complete_unfinished;
    }
    struct cmd_def *row = xnew(struct cmd_def);
    *row = (struct cmd_def){.name = r->name,
                            .group = r->group ? r->group : "Recipes",
                            .summary = r->description,
                            .help = r->help,
                            .example = r->example,
                            .opts = opts,
                            .view = {.kind = VIEW_TEXT},
                            .recipe = r->name};
    return row;
}

static void load(void)
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
    for (n_rows = 0; n_rows < n; n_rows++)
        rows[n_rows] = make_row(&list[n_rows]);
}

const struct cmd_def *const *recipe_all(size_t *ret_n)
{
    load();
    *ret_n = n_rows;
    return (const struct cmd_def *const *)rows;
}

const struct cmd_def *recipe_find(const char *name)
{
    load();
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
