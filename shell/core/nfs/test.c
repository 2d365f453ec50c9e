// SPDX-License-Identifier: GPL-3.0-or-later
// Markers written on one node and read on the others. See nfs/test.h.
#include "core/nfs/test.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/token.h"
#include "core/console/inventory.h"
#include "core/nfs/nfs.h"
#include "core/nfs/tools_priv.h"
#include "core/node/qemu_user.h"
#include "io/job.h"

enum { SAMPLES = 15 };

struct one {
    struct facts wrote, read, cleaned;
    struct err err;
};

struct test {
    struct ctx *ctx;
    struct node **nodes;
    size_t n;
    const char *dir;
    char *token;
    struct one *one;
    struct strv numbers;
    json_t *reads;
    struct err bad;
};

static void write_one(struct job *job, size_t i, void *arg)
{
    struct test *t = arg;
    const char *const args[] = {t->dir, t->token, t->numbers.s[i]};
    struct question q = {.tools = {qemu_user, nfs_test_write}, .args = args, .n_args = ARRAY_SIZE(args)};
    node_ask(t->ctx, job, t->nodes[i], &q, &t->one[i].wrote, &t->one[i].err);
}

static void read_one(struct job *job, size_t i, void *arg)
{
    struct test *t = arg;
    if (err_is_set(&t->one[i].err))
        return;
    _cleanup_free_ const char **args = xcalloc(t->n + 2, sizeof(*args));
    size_t n = 0;
    args[n++] = t->dir;
    args[n++] = t->token;
    for (size_t k = 0; k < t->n; k++) {
        if (k != i && !err_is_set(&t->one[k].err))
            args[n++] = t->numbers.s[k];
    }
    struct question q = {.tools = {qemu_user, nfs_test_read}, .args = args, .n_args = n};
    node_ask(t->ctx, job, t->nodes[i], &q, &t->one[i].read, &t->one[i].err);
}

// Without the job: a cancelled test is cleaned up as well.
static void clean_one(struct job *job, size_t i, void *arg)
{
    (void)job;
    struct test *t = arg;
    const char *const args[] = {t->dir, t->token};
    _cleanup_err_ struct err ignored = ERR_INIT;
    struct question q = {.tools = {qemu_user, nfs_test_clean}, .args = args, .n_args = ARRAY_SIZE(args)};
    if (t->one[i].wrote.n)
        node_ask(t->ctx, NULL, t->nodes[i], &q, &t->one[i].cleaned, &ignored);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static json_t *median_ms(const struct facts *f)
{
    double s[SAMPLES];
    size_t n = 0;
    const char *value;
    for (size_t i = 0; n < SAMPLES && (value = facts_next(f, "s", &i));)
        s[n++] = strtod(value, NULL) * 1e3;
    if (!n)
        return json_null();
    qsort(s, n, sizeof(*s), compare);
    return json_real((double)(long long)(s[n / 2] * 1000 + 0.5) / 1000);
}

static void bad(struct test *t, enum err_code code, const char *text)
{
    _cleanup_err_ struct err one = ERR_INIT;
    err_set(&one, code, "%s", text);
    err_join(&t->bad, &one);
}

static json_t *node_json(struct test *t, size_t i)
{
    const struct one *o = &t->one[i];
    const struct facts *f = &o->wrote;
    const char *root = facts_get(f, "root"), *qemu = facts_get(f, "qemu"), *owner = facts_get(f, "owner");
    const char *problem = err_is_set(&o->err) ? o->err.msg : facts_get(f, "problem");
    _cleanup_free_ char *text = NULL;
    bool qemu_wrote = facts_yes(f, "qemu"), root_wrote = facts_yes(f, "root");
    if (!problem && qemu && !qemu_wrote)
        text = xasprintf("QEMU's user %s cannot write: %s", facts_get(f, "user"), qemu);
    else if (!problem && !qemu && !root_wrote)
        text = xasprintf("root cannot write: %s", root ? root : "no answer");
    problem = text ? text : problem;
    if (problem) {
        _cleanup_free_ char *line = xasprintf("%s: %s", t->nodes[i]->name, problem);
        bad(t, err_is_set(&o->err) ? o->err.code : ERR_VERDICT, err_is_set(&o->err) ? problem : line);
    }
    json_t *squash = json_null(); // root's file is somebody else's, or root may not write where QEMU's user may
    if (root_wrote && owner)
        squash = json_boolean(strcmp(owner, "0") != 0);
    else if (root && qemu_wrote)
        squash = json_true();
    const char *left = facts_get(&o->cleaned, "left");
    if (left)
        bad(t, ERR_FAILED, left);
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "node", json_text(t->nodes[i]->name), "fstype",
                     json_text(facts_get(f, "fstype")), "user", json_text(facts_get(f, "user")), "root_squash", squash,
                     "latency_ms", median_ms(f), "problem", json_text(problem));
}

static void add_read(struct test *t, size_t writer, size_t reader, const char *who)
{
    _cleanup_free_ char *key = xasprintf("read-%s-%zu", who, writer);
    const char *said = facts_get(&t->one[reader].read, key), *reason = said;
    bool pass = facts_yes(&t->one[reader].read, key);
    if (!said && (strcmp(who, "root") != 0 && !facts_get(&t->one[reader].wrote, "user")))
        return;
    const char *wrote = facts_get(&t->one[writer].wrote, who);
    if (!wrote || strcmp(wrote, "yes") != 0)
        reason = "was not written";
    else if (!said)
        reason = "not tried";
    json_array_append_new(t->reads,
                          json_pack("{s:o, s:o, s:o, s:o, s:o}", "writer", json_text(t->nodes[writer]->name), "reader",
                                    json_text(t->nodes[reader]->name), "user", json_text(who), "result",
                                    json_text(pass ? "pass" : "fail"), "reason", json_text(pass ? NULL : reason)));
    bool counts = strcmp(who, "qemu") == 0 || !facts_get(&t->one[reader].wrote, "user");
    if (!pass && counts) {
        _cleanup_free_ char *line = xasprintf("%s does not see what %s writes (as %s): %s", t->nodes[reader]->name,
                                              t->nodes[writer]->name, who, reason);
        bad(t, ERR_VERDICT, line);
    }
}

static json_t *report(struct test *t)
{
    json_t *nodes = json_array();
    for (size_t i = 0; i < t->n; i++)
        json_array_append_new(nodes, node_json(t, i));
    for (size_t w = 0; w < t->n; w++) {
        for (size_t r = 0; r < t->n; r++) {
            if (w == r)
                continue;
            add_read(t, w, r, "root");
            add_read(t, w, r, "qemu");
        }
    }
    return json_pack("{s:o, s:b, s:o, s:O}", "dir", json_text(t->dir), "shared", !err_is_set(&t->bad), "nodes", nodes,
                     "reads", t->reads);
}

int nfs_test(struct ctx *ctx, struct job *job, struct node **nodes, size_t n, const char *dir, json_t **ret,
             struct err *e)
{
    struct test t = {.ctx = ctx, .nodes = nodes, .n = n, .dir = dir, .bad = ERR_INIT};
    _cleanup_free_ char *token = token_hex(16);
    t.token = token;
    t.one = xcalloc(n + 1, sizeof(*t.one));
    t.reads = json_array();
    for (size_t i = 0; i < n; i++)
        strv_take(&t.numbers, xasprintf("%zu", i));
    job_each(job, n, write_one, &t);
    job_each(job, n, read_one, &t);
    job_each(job, n, clean_one, &t);
    *ret = report(&t);
    for (size_t i = 0; i < n; i++) {
        facts_release(&t.one[i].wrote);
        facts_release(&t.one[i].read);
        facts_release(&t.one[i].cleaned);
        err_release(&t.one[i].err);
    }
    free(t.one);
    strv_release(&t.numbers);
    json_decref(t.reads);
    if (job_check(job, e) < 0)
        err_release(&t.bad);
    else
        err_move(e, &t.bad);
    return err_is_set(e) ? -1 : 0;
}
