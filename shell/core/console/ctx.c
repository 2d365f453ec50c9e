// SPDX-License-Identifier: GPL-3.0-or-later
// Where the console is pointed at. Any thread. See ctx.h.
#include "core/console/ctx.h"

#include <string.h>

#include "core/console/ctx_priv.h"
#include "io/job.h"

struct inventory *ctx_inventory(struct ctx *ctx)
{
    return ctx->inventory;
}

bool ctx_readonly(const struct ctx *ctx)
{
    return ctx->readonly;
}

void ctx_set_readonly(struct ctx *ctx, bool readonly)
{
    ctx->readonly = readonly;
}

void target_release(struct target *t)
{
    node_unref(t->node);
    free(t->uri);
    *t = (struct target){NULL, NULL};
}

static struct target target_of(struct node *node, const char *uri)
{
    return (struct target){node ? node_ref(node) : NULL, xstrdup(node ? node->uri : uri)};
}

void ctx_set_current(struct ctx *ctx, struct node *node, const char *uri)
{
    struct target t = target_of(node, uri);
    lock_acquire(ctx->lock);
    struct target old = ctx->current;
    ctx->current = t;
    ctx->has_current = true;
    lock_release(ctx->lock);
    target_release(&old);
}

bool ctx_current(struct ctx *ctx, struct target *ret)
{
    lock_acquire(ctx->lock);
    bool has = ctx->has_current;
    *ret = target_of(ctx->current.node, ctx->current.uri);
    lock_release(ctx->lock);
    return has;
}

int ctx_target(struct ctx *ctx, const char *text, struct target *ret, struct err *e)
{
    if (strstr(text, ":/")) {
        *ret = target_of(NULL, text);
        return 0;
    }
    struct node *n;
    if (inventory_find(ctx->inventory, text, &n, e) < 0)
        return -1;
    *ret = (struct target){n, xstrdup(n->uri)};
    return 0;
}

const char *target_label(const struct target *t)
{
    return t->node ? t->node->name : t->uri ? t->uri : "default";
}
