// SPDX-License-Identifier: GPL-3.0-or-later
// Two rounds: all hosts that are to be reached listen, then all others connect. Each is asked once in a round, whatever
// number of tries it has a part in. Job threads. See reach.h.
#include "core/preflight/reach.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/token.h"
#include "core/migrate/migrate.h"
#include "core/node/ask.h"
#include "core/node/qemu_user.h"
#include "core/preflight/tools_priv.h"
#include "io/job.h"

#define CONNECT_S "3" // to one address
static const char QEMU_CONF[] = "/etc/libvirt/qemu.conf";

struct reach {
    struct ctx *ctx;
    const struct reach_host *hosts;
    struct reach_try *tries;
    size_t n;
    unsigned seconds;
    char *token;
    double start;
};

int reach_cannot(const struct node *node, const struct facts *f, struct err *e)
{
    const char *problem = facts_get(f, "problem");
    return problem ? err_set(e, ERR_UNSUPPORTED, "%s: %s", node->name, problem)
                   : facts_unexpected(node->address ? node : NULL, f, e);
}

static int ask(struct reach *r, struct job *job, size_t host, struct question *q, struct facts *ret, struct err *e)
{
    q->as_user = r->hosts[host].as_user;
    return node_ask(r->ctx, job, r->hosts[host].machine, q, ret, e);
}

// The value of "KEY NUMBER VALUE"; NULL: not told.
static const char *row_of(const struct facts *f, const char *key, size_t n, size_t row)
{
    const char *value, *text;
    size_t told;
    for (size_t at = 0; (value = facts_next(f, key, &at));) {
        if ((text = fact_row(value, n, &told)) && told == row)
            return text;
    }
    return NULL;
}

static void take_port(struct reach *r, struct reach_try *t, const struct facts *f, const struct strv *ranges)
{
    const struct reach_host *to = &r->hosts[t->to];
    size_t row = 0;
    while (strcmp(ranges->s[row], t->range) != 0)
        row++;
    const char *port = row_of(f, "port", ranges->n, row), *busy = row_of(f, "busy", ranges->n, row),
               *why = row_of(f, "why", ranges->n, row), *host = facts_get(f, "host");
    bool told = strcmp(t->range, REACH_MIGRATION) == 0 && host;
    t->busy = !port && busy;
    t->port = port || busy ? strtol(port ? port : busy, NULL, 10) : 0;
    t->address = migrate_address_for(to->node, told ? host : to->hostname);
    if (!t->port && why)
        err_set(&t->err, ERR_UNSUPPORTED, "%s: %s", to->node->name, why);
    else if (!t->port)
        reach_cannot(to->node, f, &t->err);
    else if (!t->address)
        err_set(&t->err, ERR_FAILED, "%s does not tell its host name", to->node->name);
}

static void listen_on(struct job *job, size_t host, void *arg)
{
    struct reach *r = arg;
    _cleanup_strv_ struct strv ranges = STRV_INIT, words = STRV_INIT;
    size_t times = 0;
    for (size_t i = 0; i < r->n; i++) {
        times += r->tries[i].to == host;
        if (r->tries[i].to == host && !strv_has(&ranges, r->tries[i].range))
            strv_add(&ranges, r->tries[i].range);
    }
    if (!ranges.n)
        return;
    strv_take(&words, xasprintf("%u", r->seconds));
    strv_add(&words, r->token);
    strv_add(&words, QEMU_CONF);
    strv_take(&words, xasprintf("%zu", times / ranges.n));
    for (size_t i = 0; i < ranges.n; i++)
        strv_add(&words, ranges.s[i]);
    struct question q = {
        .tools = {qemu_user, preflight_listen}, .args = (const char *const *)words.s, .n_args = words.n};
    _cleanup_facts_ struct facts f = {0};
    _cleanup_err_ struct err e = ERR_INIT;
    int rc = ask(r, job, host, &q, &f, &e);
    for (size_t i = 0; i < r->n; i++) {
        if (r->tries[i].to == host && rc < 0)
            err_copy(&r->tries[i].err, &e);
        else if (r->tries[i].to == host)
            take_port(r, &r->tries[i], &f, &ranges);
    }
}

static void take_answer(struct reach *r, struct reach_try *t, const struct facts *f, size_t n, size_t row)
{
    const char *error = row_of(f, "error", n, row), *value, *text;
    const struct node *from = r->hosts[t->from].node, *to = r->hosts[t->to].node;
    size_t told;
    t->resolved = json_array();
    for (size_t at = 0; (value = facts_next(f, "resolved", &at));) {
        if ((text = fact_row(value, n, &told)) && told == row)
            json_array_append_new(t->resolved, json_text(text));
    }
    t->reached = row_of(f, "reached", n, row) != NULL;
    if (t->reached)
        return;
    if (!error)
        reach_cannot(from, f, &t->err);
    else if (!t->busy && json_array_size(t->resolved) && clock_mono_ms() - r->start > r->seconds * 1e3)
        err_set(&t->err, ERR_TIMEOUT, "%s and %s take longer to answer than a port is listened at (%u s)", from->name,
                to->name, r->seconds);
    else
        t->error = xstrdup(error);
}

static void connect_from(struct job *job, size_t host, void *arg)
{
    struct reach *r = arg;
    _cleanup_free_ struct reach_try **mine = xcalloc(r->n + 1, sizeof(*mine));
    _cleanup_strv_ struct strv words = STRV_INIT;
    size_t n = 0;
    strv_add(&words, CONNECT_S);
    for (size_t i = 0; i < r->n; i++) {
        struct reach_try *t = &r->tries[i];
        if (t->from != host || err_is_set(&t->err))
            continue;
        mine[n++] = t;
        strv_add(&words, t->address);
        strv_take(&words, xasprintf("%ld", t->port));
        strv_add(&words, t->busy ? "" : r->token);
    }
    if (!n)
        return;
    struct question q = {.tools = {preflight_connect}, .args = (const char *const *)words.s, .n_args = words.n};
    _cleanup_facts_ struct facts f = {0};
    _cleanup_err_ struct err e = ERR_INIT;
    int rc = ask(r, job, host, &q, &f, &e);
    for (size_t i = 0; i < n; i++) {
        if (rc < 0)
            err_copy(&mine[i]->err, &e);
        else
            take_answer(r, mine[i], &f, n, i);
    }
}

int reach_run(struct ctx *ctx, struct job *job, const struct reach_host *hosts, size_t n_hosts, struct reach_try *tries,
              size_t n, unsigned seconds, struct err *e)
{
    _cleanup_free_ char *token = token_hex(16);
    struct reach r = {ctx, hosts, tries, n, seconds, token, clock_mono_ms()};
    job_each(job, n_hosts, listen_on, &r);
    if (job_check(job, e) < 0)
        return -1;
    job_each(job, n_hosts, connect_from, &r);
    return job_check(job, e);
}

void reach_release(struct reach_try *tries, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        err_release(&tries[i].err);
        free(tries[i].address);
        free(tries[i].error);
        json_decref(tries[i].resolved);
    }
}
