// SPDX-License-Identifier: GPL-3.0-or-later
// What sudo was told. Any thread. See passwords.h.
#include "core/console/passwords.h"

#include <stdlib.h>
#include <string.h>

#include "core/console/ctx_priv.h"
#include "io/job.h"

// A password for sudo, for one login on one machine.
struct password {
    struct password *next;
    char *key;
    char *password;
};

static char *key_of(const struct node *n)
{
    return n ? xasprintf("%s@%s:%d", n->user ? n->user : "", n->address ? n->address : "", n->port) : xstrdup("");
}

char *password_known(struct ctx *ctx, const struct node *node)
{
    _cleanup_free_ char *key = key_of(node);
    lock_acquire(ctx->lock);
    struct password *p = ctx->passwords;
    while (p && strcmp(p->key, key) != 0)
        p = p->next;
    char *password = p ? xstrdup(p->password) : NULL;
    lock_release(ctx->lock);
    return password;
}

void password_remember(struct ctx *ctx, const struct node *node, const char *password)
{
    struct password *p = xnew(struct password);
    p->key = key_of(node);
    p->password = xstrdup(password);
    lock_acquire(ctx->lock);
    p->next = ctx->passwords;
    ctx->passwords = p;
    lock_release(ctx->lock);
}

void passwords_release(struct ctx *ctx)
{
    while (ctx->passwords) {
        struct password *p = ctx->passwords;
        ctx->passwords = p->next;
        mem_wipe_text(p->password);
        free(p->key);
        free(p);
    }
}
