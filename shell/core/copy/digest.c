// SPDX-License-Identifier: GPL-3.0-or-later
// Data compared by digests that each node makes of what it reads, both at the same time. Job threads.
#include <string.h>

#include "core/copy/priv.h"
#include "io/job.h"

enum { IDLE_MS = 25000 };
static const uint64_t UNIT = 4 << 20; // where only equality is asked for

struct digests {
    struct compare *all;
    struct strv found;
    struct buf line;
    struct buf said; // stderr
    struct err err;
};

struct compare {
    struct copy *c;
    const char *script;
    struct buf units; // a line each
    uint64_t *bytes;  // of each unit, for the progress
    size_t *segments; // … and which one it is
    size_t n;
    struct lock *lock; // of what follows
    size_t told;       // units that both ends have done
    struct digests side[2];
};

static void tell(struct compare *all)
{
    size_t a = all->side[0].found.n, b = all->side[1].found.n, both = a < b ? a : b;
    uint64_t bytes = 0;
    for (; all->bytes && all->told < both && all->told < all->n; all->told++)
        bytes += all->bytes[all->told];
    if (bytes)
        copy_count(all->c, bytes);
}

static int take(void *data, bool is_stderr, const void *text, size_t n, struct err *e)
{
    struct digests *d = data;
    const char *s = text;
    int r = 0;
    if (is_stderr) {
        if (d->said.len < 4096)
            buf_add(&d->said, s, n < 4096 ? n : 4096);
        return 0;
    }
    lock_acquire(d->all->lock);
    for (size_t i = 0; i < n && r == 0; i++) {
        if (s[i] != '\n') {
            if (d->line.len < 256)
                buf_addc(&d->line, s[i]);
            continue;
        }
        if (str_starts(buf_str(&d->line), "@") && d->found.n == d->all->n)
            r = err_set(e, ERR_FAILED, "it printed more digests than were asked for");
        else if (str_starts(buf_str(&d->line), "@"))
            strv_add(&d->found, d->line.s + 1);
        buf_truncate(&d->line, 0);
    }
    tell(d->all);
    lock_release(d->all->lock);
    return r;
}

static void digest_side(struct job *job, size_t i, void *arg)
{
    struct compare *all = arg;
    struct digests *d = &all->side[i];
    const struct copy_side *s = i ? &all->c->to : &all->c->from;
    _cleanup_free_ char *script = xasprintf("%s%s%s", copy_path, copy_tool, all->script);
    _cleanup_free_ char *target = copy_target(s), *token = copy_token(all->c->to.end);
    const char *const args[] = {s->end->path, target, all->c->digest, token};
    struct place_exec spec = {.script = script,
                              .args = args,
                              .n_args = ARRAY_SIZE(args),
                              .root = s->end->node != NULL,
                              .idle_ms = IDLE_MS,
                              .input = buf_str(&all->units),
                              .input_len = all->units.len,
                              .output = take,
                              .data = d};
    _cleanup_(remote_result_release) struct remote_result result = REMOTE_RESULT_INIT;
    int r = place_exec(all->c->ctx, job, s->end->node, &spec, &result, &d->err);
    if (r < 0 && d->err.code == ERR_TIMEOUT)
        copy_at(s, &d->err, ERR_TIMEOUT, "no digests arrived in time");
    if (r < 0 && d->found.n == all->n && d->err.code == ERR_FAILED) {
        _cleanup_free_ char *why = xstrdup(d->err.msg);
        copy_at(s, &d->err, ERR_FAILED, why);
    }
    if (r < 0 || d->found.n == all->n)
        return;
    copy_failed(s, buf_str(&d->said), &d->err);
}

static int run(struct compare *all, struct err *e)
{
    struct copy *c = all->c;
    for (int i = 0; i < 2; i++)
        all->side[i].all = all;
    all->lock = lock_new();
    job_parallel(c->job, 2, 2, digest_side, all);
    lock_free(all->lock);
    int r = job_check(c->job, e);
    for (int i = 0; i < 2 && r == 0; i++) {
        if (err_is_set(&all->side[i].err)) {
            err_move(e, &all->side[i].err);
            r = -1;
        }
    }
    return r;
}

static void release(struct compare *all)
{
    for (int i = 0; i < 2; i++) {
        strv_release(&all->side[i].found);
        buf_release(&all->side[i].line);
        buf_release(&all->side[i].said);
        err_release(&all->side[i].err);
    }
    buf_release(&all->units);
    free(all->bytes);
    free(all->segments);
}

static void end_unit(struct compare *all, size_t segment, uint64_t bytes)
{
    buf_truncate(&all->units, all->units.len - 1);
    buf_addc(&all->units, '\n');
    all->bytes[all->n] = bytes;
    all->segments[all->n++] = segment;
}

// A unit is what either end has in a segment, so that both read the same ranges; in several, until it has `least`
// bytes.
static void add_units(struct compare *all, const struct copy_set *which, uint64_t least)
{
    struct copy_map both = {0}, part = {0};
    size_t at = 0;
    uint64_t bytes = 0;
    copy_map_union(&all->c->from.map, &all->c->to.map, &both);
    all->bytes = xcalloc(which->n + 1, sizeof(*all->bytes));
    all->segments = xcalloc(which->n + 1, sizeof(*all->segments));
    for (size_t i = 0; i < which->n; i++) {
        part.n = 0;
        if (copy_set_has(which, i))
            copy_map_cut(&both, &at, which, i, &part);
        for (size_t k = 0; k < part.n; k++)
            buf_addf(&all->units, "%llu %llu ", (unsigned long long)part.r[k].offset,
                     (unsigned long long)part.r[k].length);
        bytes += copy_map_bytes(&part, false);
        if (bytes >= least || (bytes && i + 1 == which->n)) {
            end_unit(all, i, bytes);
            bytes = 0;
        }
    }
    copy_map_release(&part);
    copy_map_release(&both);
}

static uint64_t sum(const struct compare *all)
{
    uint64_t n = 0;
    for (size_t i = 0; i < all->n; i++)
        n += all->bytes[i];
    return n;
}

int copy_compare(struct copy *c, const char *phase, const struct copy_set *which, struct copy_set *ret, struct err *e)
{
    struct compare all = {.c = c, .script = copy_digester};
    int r = 0;
    copy_set_init(ret, which->size);
    add_units(&all, which, 1);
    if (all.n) {
        copy_phase(c, phase, sum(&all));
        r = run(&all, e);
    }
    for (size_t i = 0; i < all.n && r == 0; i++) {
        if (strcmp(all.side[0].found.s[i], all.side[1].found.s[i]) != 0)
            copy_set_put(ret, all.segments[i], true);
    }
    release(&all);
    return r;
}

int copy_compare_data(struct copy *c, const char *phase, bool *ret_same, struct err *e)
{
    struct compare all = {.c = c, .script = copy_digester};
    struct copy_set which;
    copy_set_init(&which, c->from.size);
    copy_set_add_map(&which, &c->from.map);
    copy_set_add_map(&which, &c->to.map);
    add_units(&all, &which, UNIT);
    copy_set_release(&which);
    int r = 0;
    if (all.n) {
        copy_phase(c, phase, sum(&all));
        r = run(&all, e);
    }
    *ret_same = r == 0;
    for (size_t i = 0; i < all.n && *ret_same; i++)
        *ret_same = strcmp(all.side[0].found.s[i], all.side[1].found.s[i]) == 0;
    release(&all);
    return r;
}

int copy_compare_whole(struct copy *c, const char *phase, bool *ret_same, struct err *e)
{
    struct compare all = {.c = c, .script = copy_whole, .n = 1};
    copy_phase(c, phase, c->from.size);
    int r = run(&all, e);
    *ret_same = r == 0 && strcmp(all.side[0].found.s[0], all.side[1].found.s[0]) == 0;
    release(&all);
    return r;
}
