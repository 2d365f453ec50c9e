// SPDX-License-Identifier: GPL-3.0-or-later
// Forgetting a node's keys everywhere. See keys.h. No input or output of its own; job threads.
#include <string.h>

#include "core/keys/line.h"
#include "core/keys/priv.h"

static void each_line(const struct buf *text, void (*fn)(const char *line, size_t len, void *data), void *data)
{
    for (size_t at = 0; at < text->len;) {
        const char *s = text->s + at, *end = memchr(s, '\n', text->len - at);
        size_t n = end ? (size_t)(end - s) : text->len - at;
        fn(s, n, data);
        at += n + 1;
    }
}

struct gone {
    const struct keys_account *account;
    struct strv user_keys, host_keys; // as lines whose key is what is meant
};

static void add_once(struct strv *to, char *line)
{
    if (!line || strv_has(to, line))
        free(line);
    else
        strv_take(to, line);
}

static void see_authorized(const char *line, size_t len, void *data)
{
    struct gone *g = data;
    _cleanup_free_ char *key = keys_authorized_key(line, len);
    if (key && keys_marked(line, len, g->account->node->name))
        add_once(&g->user_keys, xstrndup(line, len));
}

static void see_known(const char *line, size_t len, void *data)
{
    struct gone *g = data;
    _cleanup_free_ char *key = keys_known_key(line, len);
    bool its = key && keys_marked(line, len, g->account->node->name);
    for (size_t i = 0; key && !its && i < g->account->given_names.n; i++)
        its = keys_known_names(line, len, g->account->given_names.s[i]);
    if (its)
        add_once(&g->host_keys, xasprintf("x ssh-rsa %s", key)); // only the key counts
}

static bool is_others(const struct keys *k, const struct keys_account *gone, const char *line, bool host)
{
    for (size_t i = 0; i < k->n; i++) {
        const struct keys_account *b = &k->all[i];
        const struct strv *keys = host ? &b->host_keys : &b->public_keys;
        _cleanup_free_ char *wanted =
            host ? keys_known_key(line, strlen(line)) : keys_authorized_key(line, strlen(line));
        for (size_t j = 0; b != gone && wanted && j < keys->n; j++) {
            if (str_ends(keys->s[j], wanted))
                return true;
        }
    }
    return false;
}

static void find_keys(const struct keys *k, struct gone *g)
{
    const struct keys_account *a = g->account;
    for (size_t i = 0; i < a->public_keys.n; i++)
        add_once(&g->user_keys, xstrdup(a->public_keys.s[i]));
    for (size_t i = 0; i < a->host_keys.n; i++)
        add_once(&g->host_keys, xasprintf("x %s", a->host_keys.s[i]));
    for (size_t i = 0; i < k->n; i++) {
        if (&k->all[i] == a)
            continue;
        each_line(&k->all[i].authorized, see_authorized, g);
        each_line(&k->all[i].known, see_known, g);
    }
}

static void drop_keys(const struct keys *k, const struct gone *g, struct change *c, bool host)
{
    const struct strv *from = host ? &g->host_keys : &g->user_keys;
    c->key = host ? keys_known_key : keys_authorized_key;
    c->no_backup = true;
    for (size_t i = 0; i < from->n; i++) {
        if (!is_others(k, g->account, from->s[i], host))
            strv_add(&c->remove, from->s[i]);
    }
}

int keys_plan_revoke(struct keys *k, const struct keys_account *gone, struct plan *p, struct err *e)
{
    struct gone g = {gone, STRV_INIT, STRV_INIT};
    find_keys(k, &g);
    bool found = g.user_keys.n || g.host_keys.n;
    for (size_t i = 0; found && i < k->n; i++) {
        struct keys_account *a = &k->all[i];
        if (a == gone || keys_left_out(k, a))
            continue;
        drop_keys(k, &g, keys_add_file(a, p, "who may log in", "authorized_keys"), false);
        drop_keys(k, &g, keys_add_file(a, p, "host keys of the others", "known_hosts"), true);
    }
    strv_release(&g.user_keys);
    strv_release(&g.host_keys);
    if (found)
        return 0;
    err_set(e, ERR_NOT_FOUND, "no node that answers has a key of %s", gone->node->name);
    return err_hint(e, "it was revoked before, or its keys were never exchanged");
}
