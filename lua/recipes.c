// SPDX-License-Identifier: GPL-3.0-or-later
// The list of recipes for core/console/script.h: what lib/recipe.lua found and checked, as structs. Main thread.
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "core/console/script.h"
#include "lua/impl.h"

static struct {
    json_t *found; // owns every string of the list
    struct script_recipe *list;
    size_t n;
} recipes;

void recipes_forget(void)
{
    for (size_t i = 0; i < recipes.n; i++) {
        for (size_t k = 0; k < recipes.list[i].n_args; k++)
            free((void *)recipes.list[i].args[k].choices);
        free((void *)recipes.list[i].args);
        free((void *)recipes.list[i].except);
    }
    free(recipes.list);
    json_decref(recipes.found);
    memset(&recipes, 0, sizeof(recipes));
}

static int list_protected(lua_State *L)
{
    json_t **found = lua_touserdata(L, 1);
    engine_push_entry(L, "recipes");
    lua_call(L, 0, 1);
    *found = json_incref(value_convert(L, -1));
    return 0;
}

static const char *text(const json_t *object, const char *key)
{
    return json_text_at(object, key);
}

static const char *const *make_texts(const json_t *list)
{
    if (!list)
        return NULL;
    const char **texts = xcalloc(json_array_size(list) + 1, sizeof(*texts));
    for (size_t i = 0; i < json_array_size(list); i++)
        texts[i] = json_string_value(json_array_get(list, i));
    return texts;
}

static struct script_arg *make_args(const json_t *list, size_t n)
{
    struct script_arg *args = xcalloc(n + 1, sizeof(*args));
    for (size_t i = 0; i < n; i++) {
        const json_t *a = json_array_get(list, i);
        args[i] = (struct script_arg){.name = text(a, "name"),
                                      .type = text(a, "type"),
                                      .help = text(a, "help"),
                                      .def = text(a, "default"),
                                      .unit = text(a, "unit"),
                                      .excludes = text(a, "excludes"),
                                      .needs = text(a, "needs"),
                                      .choices = make_texts(json_object_get(a, "choices")),
                                      .required = json_is_true(json_object_get(a, "required")),
                                      .positional = json_is_true(json_object_get(a, "positional")),
                                      .multi = json_is_true(json_object_get(a, "multi"))};
    }
    return args;
}

static int list(const struct script_recipe **ret, size_t *ret_n, struct err *e)
{
    json_t *found = NULL;
    if (!engine_call(list_protected, &found, e)) {
        json_decref(found);
        return -1;
    }
    recipes_forget();
    recipes.found = found;
    recipes.n = json_array_size(found);
    recipes.list = xcalloc(recipes.n + 1, sizeof(*recipes.list));
    for (size_t i = 0; i < recipes.n; i++) {
        const json_t *r = json_array_get(found, i), *args = json_object_get(r, "args");
        recipes.list[i] = (struct script_recipe){.name = text(r, "name"),
                                                 .description = text(r, "description"),
                                                 .help = text(r, "help"),
                                                 .example = text(r, "example"),
                                                 .group = text(r, "group"),
                                                 .n_args = json_array_size(args),
                                                 .args = make_args(args, json_array_size(args)),
                                                 .passes = text(r, "passes"),
                                                 .except = make_texts(json_object_get(r, "except")),
                                                 .path = text(r, "path")};
    }
    *ret = recipes.list;
    *ret_n = recipes.n;
    return 0;
}

void recipes_fill_ops(struct script_ops *ops)
{
    ops->list = list;
}
