// SPDX-License-Identifier: GPL-3.0-or-later
// The set of accounts. See keys.h.
#include "core/keys/priv.h"

#include <ctype.h>
#include <string.h>

#include "core/change/edit.h"
#include "io/ssh/config.h"
#include "io/ssh/known.h"

const char *keys_account_name(const struct keys_account *a)
{
    return a->node ? a->node->name : EDIT_ADMIN;
}

// As useradd(8) allows them; such a name means nothing else to a shell.
static bool is_user(const char *s)
{
    if (!isalpha((unsigned char)*s) && *s != '_')
        return false;
    return strlen(s) <= 32 &&
           strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == strlen(s);
}

bool keys_is_name(const char *s)
{
    return (isalnum((unsigned char)*s) || *s == ':') && strlen(s) < 256 &&
           strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_:") == strlen(s);
}

static void give_name(struct keys_account *a, const char *name, int port)
{
    if (!keys_is_name(name))
        return;
    char *full = remote_known_name(name, port);
    if (strv_has(&a->given_names, full))
        free(full);
    else
        strv_take(&a->given_names, full);
}

static int find_node(struct keys *k, struct keys_account *a, struct node *node, struct err *e)
{
    a->node = node_ref(node);
    if (!node->address) // keys_gather() will say so
        return 0;
    struct remote_config config;
    if (remote_config_load(node->address, node->user, node->port, NULL, &config, e) < 0)
        return err_wrap(e, "%s", node->name);
    a->login = xstrdup(config.user);
    a->host = xstrdup(config.host);
    a->port = config.port;
    a->as_user = !k->user || strcmp(k->user, config.user) == 0;
    give_name(a, config.host, config.port);
    give_name(a, node->address, config.port);
    give_name(a, node->name, config.port);
    remote_config_release(&config);
    return 0;
}

int keys_new(struct ctx *ctx, struct node *const *nodes, size_t n, const char *user, bool accept_new, struct keys **ret,
             struct err *e)
{
    if (user && !is_user(user))
        return err_set(e, ERR_USAGE, "--user: '%s' is not a user name", user);
    _cleanup_(keys_free_p) struct keys *k = xnew(struct keys);
    k->ctx = ctx;
    k->user = xstrdup(user);
    k->accept_new = accept_new;
    k->refused = json_array();
    k->n = n + 1;
    k->all = xcalloc(k->n, sizeof(*k->all));
    k->all[0].as_user = true;
    k->all[0].port = 22;
    for (size_t i = 0; i < n; i++) {
        if (find_node(k, &k->all[i + 1], nodes[i], e) < 0)
            return -1;
    }
    *ret = steal(&k);
    return 0;
}

bool keys_is_double(const struct keys *k, const struct keys_account *a)
{
    size_t end = a->node ? (size_t)(a - k->all) : k->n;
    for (size_t i = 1; a->gathered && i < end; i++) {
        const struct keys_account *b = &k->all[i];
        if (b->gathered && strcmp(a->identity, b->identity) == 0 && strcmp(a->user, b->user) == 0)
            return true;
    }
    return false;
}

struct change *keys_add_file(struct keys_account *a, struct plan *p, const char *what, const char *name)
{
    struct change *c = plan_add(p, a->node, CHANGE_LINES, what);
    c->as_user = a->as_user;
    c->path = a->as_user ? xasprintf("~/.ssh/%s", name) : xasprintf("~%s/.ssh/%s", a->user, name);
    c->owner = a->as_user ? NULL : xstrdup(a->user);
    c->mode = 0600;
    c->dir_mode = 0700;
    return c;
}

void keys_forget(struct keys_account *a)
{
    a->gathered = a->usable = a->has_dir = false;
    char **strings[] = {&a->user, &a->identity, &a->locked, &a->key_file, &a->root_rule};
    for (size_t i = 0; i < ARRAY_SIZE(strings); i++) {
        free(*strings[i]);
        *strings[i] = NULL;
    }
    strv_release(&a->own_names);
    strv_release(&a->host_keys);
    strv_release(&a->public_keys);
    for (size_t i = 0; i < a->n_modes; i++)
        free(a->modes[i].path);
    free(a->modes);
    a->modes = NULL;
    a->n_modes = 0;
    buf_release(&a->known);
    buf_release(&a->global);
    buf_release(&a->authorized);
}

void keys_free(struct keys *k)
{
    if (!k)
        return;
    for (size_t i = 0; k->all && i < k->n; i++) {
        struct keys_account *a = &k->all[i];
        keys_forget(a);
        strv_release(&a->given_names);
        free(a->login);
        free(a->host);
        err_release(&a->err);
        node_unref(a->node);
    }
    free(k->all);
    free(k->user);
    json_decref(k->refused);
    free(k);
}
