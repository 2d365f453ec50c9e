// SPDX-License-Identifier: GPL-3.0-or-later
// Whether a file of one node is the one that another node has: it is proved, and nothing else is done. Many are asked
// of together. Job threads.
#include <string.h>

#include "base/json.h"
#include "base/strv.h"
#include "base/token.h"
#include "core/copy/priv.h"
#include "io/job.h"

enum { SAMPLES = 24, SAMPLE = 64 << 10, MAX_OUTPUT = 32 << 20 };

// One end of a pair as it was seen. The texts are lent by the answer.
struct peek {
    const char *kind, *inode, *dir, *name, *size, *problem;
    bool absent;
};

struct end {
    struct node *node;
    struct strv paths;
    struct facts facts;
    struct peek *peeks;
    struct err err;
};

struct proof {
    struct ctx *ctx;
    struct job *job;
    struct end ends[2]; // here, there
};

static int ask(struct ctx *ctx, struct job *job, struct node *node, const char *tool, const struct strv *args,
               struct facts *ret, struct err *e)
{
    struct question q = {.tools = {copy_facts, tool},
                         .args = (const char *const *)args->s,
                         .n_args = args->n,
                         .as_user = !node,
                         .max_output = MAX_OUTPUT,
                         .timeout_ms = ASK_FOREVER}; // a share may be slow
    return node_ask(ctx, job, node, &q, ret, e);
}

// --- The marker

static void take_told(const struct facts *f, const char *key, struct copy_twin **all, size_t n)
{
    size_t at = 0, i;
    for (const char *value; (value = facts_next(f, key, &at));) {
        if (!fact_row(value, n, &i))
            continue;
        if (strcmp(key, "seen") == 0)
            all[i]->seen = true;
        else
            all[i]->marked = true;
    }
}

int copy_beside(struct ctx *ctx, struct job *job, struct node *from, struct node *to, struct copy_twin **all, size_t n,
                struct err *e)
{
    _cleanup_strv_ struct strv here = STRV_INIT, there = STRV_INIT;
    _cleanup_facts_ struct facts marked = {0}, seen = {0}, gone = {0};
    _cleanup_free_ char *token = token_hex(16);
    _cleanup_err_ struct err ignored = ERR_INIT;
    if (n == 0)
        return 0;
    strv_add(&here, token);
    for (size_t i = 0; i < n; i++)
        strv_add(&here, all[i]->here);
    int r = ask(ctx, job, from, copy_mark, &here, &marked, e);
    if (r == 0)
        take_told(&marked, "marked", all, n);
    strv_add(&there, token);
    for (size_t i = 0; i < n; i++)
        strv_add(&there, all[i]->marked ? all[i]->there : "");
    if (r == 0 && facts_get(&marked, "marked"))
        r = ask(ctx, job, to, copy_seen, &there, &seen, e);
    if (r == 0)
        take_told(&seen, "seen", all, n);
    ask(ctx, NULL, from, copy_unmark, &here, &gone, &ignored); // also when cancelled
    return r;
}

// --- What does not tell by its place

static void take_sums(const struct facts *f, const char **sums)
{
    size_t at = 0, i;
    for (const char *value; (value = facts_next(f, "sum", &at));) {
        const char *sum = fact_row(value, SAMPLES, &i);
        if (sum)
            sums[i] = sum;
    }
}

// Bytes that are the same before and after, and others on the other end in between, are not one medium's.
static int differ(struct proof *p, size_t which, bool *ret, struct err *e)
{
    const char *size = p->ends[0].peeks[which].size, *sums[3][SAMPLES] = {{0}};
    uint64_t units = (size ? strtoull(size, NULL, 10) : 0) / SAMPLE;
    _cleanup_strv_ struct strv here = STRV_INIT, there = STRV_INIT;
    _cleanup_facts_ struct facts before = {0}, between = {0}, after = {0};
    strv_add(&here, p->ends[0].paths.s[which]);
    strv_add(&there, p->ends[1].paths.s[which]);
    for (size_t i = 0; i < SAMPLES && i < units; i++) {
        uint64_t at = units <= SAMPLES ? i : i * (units - 1) / (SAMPLES - 1);
        strv_take(&here, xasprintf("%llu", (unsigned long long)at));
        strv_add(&there, here.s[i + 1]);
    }
    *ret = false;
    if (ask(p->ctx, p->job, p->ends[0].node, copy_sample, &here, &before, e) < 0 ||
        ask(p->ctx, p->job, p->ends[1].node, copy_sample, &there, &between, e) < 0 ||
        ask(p->ctx, p->job, p->ends[0].node, copy_sample, &here, &after, e) < 0)
        return -1;
    take_sums(&before, sums[0]);
    take_sums(&between, sums[1]);
    take_sums(&after, sums[2]);
    for (size_t i = 0; i < SAMPLES && !*ret; i++)
        *ret = sums[0][i] && sums[1][i] && sums[2][i] && strcmp(sums[0][i], sums[2][i]) == 0 &&
               strcmp(sums[0][i], sums[1][i]) != 0;
    return 0;
}

// --- The proof

static void take_peek(struct peek *to, const char *key, const char *value)
{
    if (strcmp(key, "kind") == 0)
        to->kind = value;
    else if (strcmp(key, "inode") == 0)
        to->inode = value;
    else if (strcmp(key, "size") == 0)
        to->size = value;
    else if (strcmp(key, "dir") == 0)
        to->dir = value;
    else if (strcmp(key, "name") == 0)
        to->name = value;
    else if (strcmp(key, "problem") == 0)
        to->problem = value;
    else if (strcmp(key, "absent") == 0)
        to->absent = true;
}

static void peek_end(struct job *job, size_t which, void *arg)
{
    struct proof *p = arg;
    struct end *end = &p->ends[which];
    if (ask(p->ctx, job, end->node, copy_peek, &end->paths, &end->facts, &end->err) < 0)
        return;
    for (size_t k = 0; k < end->facts.n; k++) {
        size_t i;
        const char *value = fact_row(end->facts.all[k].value, end->paths.n, &i);
        if (value)
            take_peek(&end->peeks[i], end->facts.all[k].key, value);
    }
}

static bool is_known(const struct peek *p)
{
    return p->kind && p->inode && p->dir && p->name;
}

static char *not_known(const struct proof *p, int which, size_t i)
{
    const struct end *end = &p->ends[which];
    const char *problem = end->peeks[i].problem;
    return xasprintf("%s: %s: %s", place_name(end->node), end->paths.s[i], problem ? problem : "no answer");
}

// False: beside it is to be looked.
static bool told_at_once(struct proof *p, struct copy_twin *t, size_t i)
{
    const struct peek *here = &p->ends[0].peeks[i], *there = &p->ends[1].peeks[i];
    if (!is_known(here))
        t->why = not_known(p, 0, i);
    else if (there->absent)
        t->told = COPY_APART;
    else if (!is_known(there))
        t->why = not_known(p, 1, i);
    return t->why || t->told != COPY_UNTOLD;
}

static void judge(struct proof *p, struct copy_twin *t, size_t i)
{
    const struct peek *here = &p->ends[0].peeks[i], *there = &p->ends[1].peeks[i];
    bool same_inode = strcmp(here->inode, there->inode) == 0;
    // Some file systems make up their inodes' numbers on each node; one name in one directory is one file.
    if (t->seen && (same_inode || strcmp(here->name, there->name) == 0))
        t->told = COPY_SHARED;
    else if (t->marked && !same_inode)
        t->told = COPY_APART;
}

static void compare(struct proof *p, struct copy_twin *t, size_t i)
{
    _cleanup_err_ struct err e = ERR_INIT;
    bool apart = false;
    if (differ(p, i, &apart, &e) < 0)
        t->why = xstrdup(e.msg);
    else if (apart)
        t->told = COPY_APART;
    else
        t->why = xasprintf("what could be compared of %s:%s and %s:%s is equal", place_name(p->ends[0].node), t->here,
                           place_name(p->ends[1].node), t->there);
}

static bool are_files(const struct proof *p, size_t i)
{
    return strcmp(p->ends[0].peeks[i].kind, "file") == 0 && strcmp(p->ends[1].peeks[i].kind, "file") == 0;
}

// In one directory, as it is called, here and there?
static bool are_neighbours(const struct proof *p, size_t i, size_t k)
{
    return strcmp(p->ends[0].peeks[i].dir, p->ends[0].peeks[k].dir) == 0 &&
           strcmp(p->ends[1].peeks[i].dir, p->ends[1].peeks[k].dir) == 0;
}

// What is found beside one file holds for its neighbours, so one of them is asked about.
static int look_beside(struct proof *p, struct copy_twin **all, const size_t *files, size_t n, struct err *e)
{
    _cleanup_free_ size_t *first = xcalloc(n + 1, sizeof(*first));
    _cleanup_free_ struct copy_twin **asked = xcalloc(n + 1, sizeof(struct copy_twin *));
    size_t n_asked = 0;
    for (size_t i = 0; i < n; i++) {
        while (!are_neighbours(p, files[first[i]], files[i]))
            first[i]++;
        if (first[i] == i)
            asked[n_asked++] = all[files[i]];
    }
    if (copy_beside(p->ctx, p->job, p->ends[0].node, p->ends[1].node, asked, n_asked, e) < 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        all[files[i]]->marked = all[files[first[i]]]->marked;
        all[files[i]]->seen = all[files[first[i]]]->seen;
    }
    return 0;
}

static int tell(struct proof *p, struct copy_twin **all, size_t n, struct err *e)
{
    _cleanup_free_ size_t *files = xcalloc(n, sizeof(*files));
    size_t n_files = 0;
    job_parallel(p->job, 2, 2, peek_end, p);
    for (int k = 0; k < 2; k++) {
        if (err_is_set(&p->ends[k].err)) {
            err_move(e, &p->ends[k].err);
            return -1;
        }
    }
    for (size_t i = 0; i < n; i++) {
        if (!told_at_once(p, all[i], i) && are_files(p, i))
            files[n_files++] = i;
    }
    if (look_beside(p, all, files, n_files, e) < 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        if (all[i]->why || all[i]->told != COPY_UNTOLD)
            continue;
        judge(p, all[i], i);
        if (all[i]->told == COPY_UNTOLD)
            compare(p, all[i], i);
    }
    return 0;
}

int copy_are_shared(struct ctx *ctx, struct job *job, struct node *from, struct node *to, struct copy_twin **all,
                    size_t n, struct err *e)
{
    struct proof p = {.ctx = ctx, .job = job, .ends = {{.node = from}, {.node = to}}};
    _cleanup_err_ struct err problem = ERR_INIT;
    if (n == 0)
        return 0;
    for (int k = 0; k < 2; k++) {
        p.ends[k].err = (struct err)ERR_INIT;
        p.ends[k].peeks = xcalloc(n, sizeof(struct peek));
        for (size_t i = 0; i < n; i++)
            strv_add(&p.ends[k].paths, k ? all[i]->there : all[i]->here);
    }
    bool told = tell(&p, all, n, &problem) == 0;
    for (size_t i = 0; i < n && !told; i++) {
        if (!all[i]->why && all[i]->told == COPY_UNTOLD)
            all[i]->why = xstrdup(problem.msg);
    }
    for (int k = 0; k < 2; k++) {
        strv_release(&p.ends[k].paths);
        facts_release(&p.ends[k].facts);
        free(p.ends[k].peeks);
        err_release(&p.ends[k].err);
    }
    return job_check(job, e);
}
