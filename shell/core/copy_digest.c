// SPDX-License-Identifier: GPL-3.0-or-later
// Segments compared by digests that each node makes of what it reads. Job threads; both nodes at the same time.
#include <string.h>

#include "core/copy_priv.h"
#include "io/job.h"

enum { BATCH = 1024 };
static const uint64_t BATCH_BYTES = 4ULL << 30;

struct batch {
    struct copy *c;
    const struct copy_set *set;
    struct strv runs; // FIRST COUNT …
    size_t segments[BATCH];
    size_t n;
    struct strv digests[2];
    struct err err[2];
};

static void fill(struct batch *b, size_t *at)
{
    size_t most = (size_t)(BATCH_BYTES / b->set->segment), first, count;
    most = most > BATCH ? BATCH : most ? most : 1;
    b->n = 0;
    strv_release(&b->runs);
    b->runs = (struct strv)STRV_INIT;
    while (b->n < most && copy_set_run(b->set, at, most - b->n, &first, &count)) {
        strv_take(&b->runs, xasprintf("%zu", first));
        strv_take(&b->runs, xasprintf("%zu", count));
        for (size_t i = 0; i < count; i++)
            b->segments[b->n++] = first + i;
    }
}

static int digest_side(struct batch *b, struct job *job, const struct copy_side *s, struct strv *ret, struct err *e)
{
    _cleanup_free_ char *script = xasprintf("%s%s", copy_path, copy_digester);
    _cleanup_free_ char *segment = xasprintf("%llu", (unsigned long long)b->set->segment);
    _cleanup_free_ char *n = xasprintf("%zu", b->n);
    _cleanup_free_ const char **args = xcalloc(b->runs.n + 5, sizeof(*args));
    args[0] = s->end->path;
    args[1] = s->target;
    args[2] = b->c->digest;
    args[3] = segment;
    args[4] = n;
    for (size_t i = 0; i < b->runs.n; i++)
        args[i + 5] = b->runs.s[i];
    struct place_exec spec = {.script = script, .args = args, .n_args = b->runs.n + 5, .root = s->end->node != NULL};
    struct remote_result result _cleanup_(remote_result_release) = REMOTE_RESULT_INIT;
    _cleanup_free_ char *text = NULL;
    if (place_exec(b->c->ctx, job, s->end->node, &spec, &result, e) < 0 ||
        remote_result_output(place_name(s->end->node), &result, &text, e) < 0)
        return -1;
    _cleanup_strv_ struct strv lines = STRV_INIT;
    strv_split(&lines, text, '\n');
    for (size_t i = 0; i < lines.n; i++) {
        if (lines.s[i][0] == '@' && lines.s[i][1])
            strv_add(ret, lines.s[i] + 1);
    }
    if (ret->n == b->n)
        return 0;
    return err_set(e, ERR_IO, "%s:%s: cannot be read for its digests (%zu of %zu)", place_name(s->end->node),
                   s->end->path, ret->n, b->n);
}

static void digest_one(struct job *job, size_t i, void *arg)
{
    struct batch *b = arg;
    digest_side(b, job, i ? &b->c->to : &b->c->from, &b->digests[i], &b->err[i]);
}

static int compare_batch(struct batch *b, struct copy_set *ret, struct err *e)
{
    job_parallel(b->c->job, 2, 2, digest_one, b);
    int r = job_check(b->c->job, e);
    for (int i = 0; i < 2; i++) {
        if (err_is_set(&b->err[i]) && r == 0) {
            err_move(e, &b->err[i]);
            r = -1;
        }
        err_release(&b->err[i]);
    }
    for (size_t i = 0; i < b->n && r == 0; i++) {
        if (strcmp(b->digests[0].s[i], b->digests[1].s[i]) != 0)
            copy_set_put(ret, b->segments[i], true);
    }
    for (int i = 0; i < 2; i++) {
        strv_release(&b->digests[i]);
        b->digests[i] = (struct strv)STRV_INIT;
    }
    return r;
}

int copy_compare(struct copy *c, const struct copy_set *which, struct copy_set *ret, struct err *e)
{
    struct batch *b = xnew(struct batch);
    *b = (struct batch){.c = c, .set = which};
    size_t at = 0;
    int r = 0;
    copy_set_init(ret, which->size);
    for (;;) {
        fill(b, &at);
        if (!b->n || (r = compare_batch(b, ret, e)) < 0)
            break;
        copy_count(c, b->n * which->segment);
    }
    strv_release(&b->runs);
    free(b);
    return r;
}
