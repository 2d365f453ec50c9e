// SPDX-License-Identifier: GPL-3.0-or-later
// Names seen so far, for completion without a round trip. Any thread. Must not ask anybody anything. See ctx.h.
#include <string.h>

#include "core/console/ctx_priv.h"
#include "io/job.h"

struct name_set {
    struct name_set *next;
    char *kind;
    char *where;
    struct strv names; // sorted, unique
};

static struct name_set *find_set(struct ctx *ctx, const char *kind, const char *where)
{
    struct name_set *s = ctx->names;
    while (s && (strcmp(s->kind, kind) != 0 || strcmp(s->where, where) != 0))
        s = s->next;
    if (s)
        return s;
    s = xnew(struct name_set);
    s->kind = xstrdup(kind);
    s->where = xstrdup(where);
    s->next = ctx->names;
    ctx->names = s;
    return s;
}

// The first place whose name is not before `name`.
static size_t lower_bound(const struct strv *v, const char *name)
{
    size_t lo = 0, hi = v->n;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (strcmp(v->s[mid], name) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

void ctx_names_set(struct ctx *ctx, const char *kind, const char *where, const struct strv *names)
{
    struct strv copy = STRV_INIT;
    strv_copy(&copy, names);
    strv_sort_unique(&copy);
    lock_acquire(ctx->lock);
    struct name_set *s = find_set(ctx, kind, where);
    strv_release(&s->names);
    s->names = copy;
    lock_release(ctx->lock);
}

void ctx_names_add(struct ctx *ctx, const char *kind, const char *where, const char *name)
{
    lock_acquire(ctx->lock);
    struct strv *v = &find_set(ctx, kind, where)->names;
    size_t i = lower_bound(v, name);
    if (i == v->n || strcmp(v->s[i], name) != 0) {
        strv_add(v, name);
        char *added = v->s[v->n - 1];
        memmove(&v->s[i + 1], &v->s[i], (v->n - 1 - i) * sizeof(char *));
        v->s[i] = added;
    }
    lock_release(ctx->lock);
}

void ctx_names_remove(struct ctx *ctx, const char *kind, const char *where, const char *name)
{
    lock_acquire(ctx->lock);
    struct strv *v = &find_set(ctx, kind, where)->names;
    size_t i = lower_bound(v, name);
    if (i < v->n && strcmp(v->s[i], name) == 0) {
        free(v->s[i]);
        memmove(&v->s[i], &v->s[i + 1], (v->n - i) * sizeof(char *)); // the NULL at the end moves too
        v->n--;
    }
    lock_release(ctx->lock);
}

void ctx_names(struct ctx *ctx, const char *kind, const char *where, const char *prefix, struct strv *out)
{
    lock_acquire(ctx->lock);
    for (struct name_set *s = ctx->names; s; s = s->next) {
        if (strcmp(s->kind, kind) != 0 || (where && strcmp(s->where, where) != 0))
            continue;
        for (size_t i = lower_bound(&s->names, prefix); i < s->names.n && str_starts(s->names.s[i], prefix); i++)
            strv_add(out, s->names.s[i]);
    }
    lock_release(ctx->lock);
}

void names_release(struct ctx *ctx)
{
    while (ctx->names) {
        struct name_set *s = ctx->names;
        ctx->names = s->next;
        free(s->kind);
        free(s->where);
        strv_release(&s->names);
        free(s);
    }
}
