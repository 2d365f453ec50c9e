// SPDX-License-Identifier: GPL-3.0-or-later
// Logging in from everybody to everybody, as ssh itself does it there. See keys.h. Job threads.
#include <string.h>

#include "base/json.h"
#include "core/keys/priv.h"
#include "core/keys/tools_priv.h"
#include "core/node/ask.h"
#include "io/job.h"
#include "io/ssh/remote.h"

enum { LOGIN_S = 5 };

struct login {
    size_t from, to;
    bool tried, ok;
    long long ms; // -1: not known
    char *error;
};

struct matrix {
    struct keys *k;
    struct login *all; // row by row, k->n columns
};

static struct login *login_at(struct matrix *m, size_t from, size_t to)
{
    return &m->all[from * m->k->n + to];
}

static bool is_wanted(const struct keys *k, size_t from, size_t to)
{
    const struct keys_account *a = &k->all[from], *b = &k->all[to];
    if (from == to || !b->node || !b->host)
        return false;
    if (a->gathered && b->gathered && strcmp(a->identity, b->identity) == 0)
        return false;
    return true;
}

// "NUMBER STATUS MILLISECONDS WORDS"
static void take_login(struct matrix *m, size_t from, const char *value)
{
    size_t to;
    const char *rest = fact_row(value, m->k->n, &to);
    char *end;
    if (!rest)
        return;
    long status = strtol(rest, &end, 10);
    if (*end != ' ')
        return;
    struct login *l = login_at(m, from, to);
    l->ms = strtoll(end + 1, &end, 10);
    l->tried = true;
    l->ok = status == 0;
    if (*end == ' ')
        end++;
    if (!l->ok && !l->error)
        l->error = *end ? xstrdup(end) : xasprintf("ssh ended with status %ld", status);
}

static int ask(struct matrix *m, struct job *job, size_t from, struct err *e)
{
    struct keys *k = m->k;
    struct keys_account *a = &k->all[from];
    _cleanup_strv_ struct strv args = STRV_INIT;
    strv_add(&args, a->node && k->user ? k->user : "");
    strv_add(&args, keys_logins);
    size_t n = 0;
    // Each begins with its right-hand neighbour, so that they do not all knock at one door.
    for (size_t step = 1; step < k->n; step++) {
        size_t to = (from + step) % k->n;
        if (!is_wanted(k, from, to))
            continue;
        strv_take(&args, xasprintf("%zu", to));
        strv_add(&args, k->all[to].host);
        strv_take(&args, xasprintf("%d", k->all[to].port));
        strv_add(&args, k->user ? k->user : k->all[to].login);
        n++;
    }
    if (!n)
        return 0;
    struct question q = {.tools = {keys_as},
                         .args = (const char *const *)args.s,
                         .n_args = args.n,
                         .as_user = a->as_user,
                         .timeout_ms = (double)n * (LOGIN_S + 5) * 1000};
    _cleanup_facts_ struct facts facts = {0};
    if (node_ask(k->ctx, job, a->node, &q, &facts, e) < 0)
        return -1;
    const char *login;
    for (size_t i = 0; (login = facts_next(&facts, "login", &i));)
        take_login(m, from, login);
    return 0;
}

static void ask_one(struct job *job, size_t from, void *arg)
{
    struct matrix *m = arg;
    struct keys_account *a = &m->k->all[from];
    _cleanup_err_ struct err e = ERR_INIT;
    if (err_is_set(&a->err))
        err_copy(&e, &a->err);
    else
        ask(m, job, from, &e);
    for (size_t to = 0; to < m->k->n; to++) {
        struct login *l = login_at(m, from, to);
        if (is_wanted(m->k, from, to) && !l->tried)
            l->error = xstrdup(e.msg ? e.msg : "it did not come to a login");
    }
}

static json_t *login_json(const struct matrix *m, const struct login *l, size_t from, size_t to)
{
    json_t *v = json_object();
    json_object_set_new(v, "from", json_text(keys_account_name(&m->k->all[from])));
    json_object_set_new(v, "to", json_text(keys_account_name(&m->k->all[to])));
    json_object_set_new(v, "ok", json_boolean(l->ok));
    json_object_set_new(v, "ms", l->tried && l->ms >= 0 ? json_integer(l->ms) : json_null());
    if (!l->ok)
        json_object_set_new(v, "error", json_text(l->error));
    return v;
}

json_t *keys_verify(struct keys *k, struct job *job)
{
    struct matrix m = {k, xcalloc(k->n * k->n, sizeof(*m.all))};
    job_each(job, k->n, ask_one, &m);
    json_t *result = json_array();
    for (size_t from = 0; from < k->n; from++) {
        for (size_t to = 1; to < k->n; to++) {
            struct login *l = login_at(&m, from, to);
            if (is_wanted(k, from, to))
                json_array_append_new(result, login_json(&m, l, from, to));
            free(l->error);
        }
    }
    free(m.all);
    return result;
}
