// SPDX-License-Identifier: GPL-3.0-or-later
// The beginning and the end of a console's state: the one file that knows all of its parts. See ctx.h.
#include "core/console/ctx_priv.h"
#include "io/job.h"

struct ctx *ctx_new(const char *inventory_path)
{
    struct ctx *ctx = xnew(struct ctx);
    ctx->lock = lock_new();
    ctx->inventory = inventory_new(inventory_path);
    return ctx;
}

bool ctx_free(struct ctx *ctx)
{
    if (!ctx)
        return true;
    if (conn_pool_busy(ctx))
        return false;
    names_watch_release(ctx);
    if (!conn_pool_release(ctx))
        return false;
    session_pool_release(ctx);
    passwords_release(ctx);
    names_release(ctx);
    target_release(&ctx->current);
    inventory_free(ctx->inventory);
    lock_free(ctx->lock);
    free(ctx);
    return true;
}
