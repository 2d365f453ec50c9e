// SPDX-License-Identifier: GPL-3.0-or-later
// Names for commands. See alias.h.
#include "cmd/engine/alias.h"

#include <ctype.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "cmd/engine/parse.h"
#include "cmd/engine/table.h"

static struct alias {
    struct alias *next; // by name
    char *name;
    struct strv words;
} * first;

static struct alias **find(const char *name)
{
    struct alias **at = &first;
    while (*at && strcmp((*at)->name, name) < 0)
        at = &(*at)->next;
    return at;
}

static bool is_at(struct alias *const *at, const char *name)
{
    return *at && strcmp((*at)->name, name) == 0;
}

static int check_name(const char *name, struct err *e)
{
    const char *at = name;
    while (isalnum((unsigned char)*at) || *at == '_' || (*at == '-' && at > name))
        at++;
    if (*at || !*name)
        return err_set(e, ERR_USAGE, "'%s' is no name for a command: letters, digits, - and _ make one", name);
    if (cmd_find(name) || strcmp(name, "lua") == 0)
        return err_set(e, ERR_EXISTS, "%s is a command, and stays it", name);
    return 0;
}

static int parse_one(const char *text, struct strv *ret, struct err *e)
{
    _cleanup_parsed_ struct parsed p = {0};
    if (parse_text(text, &p, NULL, e) < 0)
        return -1;
    if (p.n != 1 || p.behind[0] || p.to[0].kind)
        return err_set(e, ERR_USAGE, "one command is wanted, without ';', '&', '|' and '>': %s", text);
    strv_copy(ret, &p.cmds[0]);
    return 0;
}

int alias_set(const char *name, const struct strv *words, struct err *e)
{
    _cleanup_strv_ struct strv own = STRV_INIT;
    const struct cmd_def *def;
    if (check_name(name, e) < 0)
        return -1;
    if (words->n > 1)
        strv_copy(&own, words);
    else if (parse_one(words->s[0], &own, e) < 0)
        return -1;
    if (cmd_lookup(own.s[0], false, &def, e) < 0)
        return -1;
    struct alias **at = find(name);
    if (!is_at(at, name)) {
        struct alias *fresh = xnew(struct alias);
        fresh->name = xstrdup(name);
        fresh->next = *at;
        *at = fresh;
    }
    strv_release(&(*at)->words);
    strv_copy(&(*at)->words, &own);
    return 0;
}

int alias_remove(const char *name, struct err *e)
{
    struct alias **at = find(name), *gone = *at;
    if (!is_at(at, name)) {
        err_set(e, ERR_NOT_FOUND, "there is no alias '%s'", name);
        return err_hint(e, "alias lists them");
    }
    *at = gone->next;
    strv_release(&gone->words);
    free(gone->name);
    free(gone);
    return 0;
}

int alias_list(const char *name, json_t **ret, struct err *e)
{
    json_t *list = json_array();
    for (const struct alias *a = first; a; a = a->next) {
        _cleanup_free_ char *line = parse_typed(&a->words);
        if (!name || strcmp(name, a->name) == 0)
            json_array_append_new(list,
                                  json_pack("{s:o, s:o}", "name", json_text(a->name), "command", json_text(line)));
    }
    if (name && !json_array_size(list)) {
        json_decref(list);
        return err_set(e, ERR_NOT_FOUND, "there is no alias '%s'", name);
    }
    *ret = list;
    return 0;
}

void alias_expand(struct strv *words)
{
    struct alias **at = words->n ? find(words->s[0]) : NULL;
    if (!at || !is_at(at, words->s[0]) || cmd_find(words->s[0])) // a recipe may have come since
        return;
    struct strv all = STRV_INIT;
    strv_copy(&all, &(*at)->words);
    for (size_t i = 1; i < words->n; i++)
        strv_add(&all, words->s[i]);
    strv_release(words);
    *words = all;
}

void alias_complete(struct ctx *ctx, const char *prefix, struct strv *out)
{
    (void)ctx;
    for (const struct alias *a = first; a; a = a->next) {
        if (str_starts(a->name, prefix))
            strv_add(out, a->name);
    }
}
