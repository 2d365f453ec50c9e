// SPDX-License-Identifier: GPL-3.0-or-later
// The pool of ssh logins. Job threads. See session.h.
#include "core/console/session.h"

#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "core/console/ctx_priv.h"
#include "core/console/out.h"
#include "io/job.h"

// sshd drops connections at random once 10 are waiting for their login (MaxStartups 10:30:100).
enum { LOGINS_PER_SSHD = 8, TRUST_IDLE_MS = 5000, PING_MS = 5000 };

struct session {
    struct session *next;
    struct ctx *ctx;
    char *key; // who, where, and with which pinned key: a node that was redefined is another one
    unsigned lane;
    char *sshd; // address and port alone
    struct remote *remote;
    bool taken;
    bool opening;
    bool stale; // not to be used again
    double idle_since;
};

static char *key_of(const struct node *n)
{
    return xasprintf("%s@%s:%d %s", n->user ? n->user : "", n->address, n->port, n->fingerprint ? n->fingerprint : "");
}

// With the lock held.
static struct session *find(struct ctx *ctx, const struct node *n, unsigned lane)
{
    _cleanup_free_ char *key = key_of(n);
    struct session *s = ctx->sessions;
    while (s && (s->lane != lane || strcmp(s->key, key) != 0))
        s = s->next;
    if (s)
        return s;
    s = xnew(struct session);
    s->ctx = ctx;
    s->key = steal(&key);
    s->lane = lane;
    s->sshd = xasprintf("%s:%d", n->address, n->port);
    s->next = ctx->sessions;
    ctx->sessions = s;
    return s;
}

static bool sshd_is_busy(const struct session *wanted)
{
    int n = 0;
    for (struct session *s = wanted->ctx->sessions; s; s = s->next)
        n += s->opening && strcmp(s->sshd, wanted->sshd) == 0;
    return n >= LOGINS_PER_SSHD;
}

static int ask(void *data, struct job *job, enum remote_ask_kind kind, const char *question, char **ret, struct err *e)
{
    (void)data;
    static const enum out_ask_kind kinds[] = {
        [REMOTE_ASK_TEXT] = OUT_ASK_TEXT, [REMOTE_ASK_SECRET] = OUT_ASK_SECRET, [REMOTE_ASK_YESNO] = OUT_ASK_YESNO};
    return out_ask(job, kinds[kind], question, ret, e);
}

// The operator has said beforehand that unknown keys shall be taken.
static int ask_accepting(void *data, struct job *job, enum remote_ask_kind kind, const char *question, char **ret,
                         struct err *e)
{
    if (kind != REMOTE_ASK_YESNO) // io/remote asks nothing else that is answered by yes or no
        return ask(data, job, kind, question, ret, e);
    // "The host … is not known yet. Its key is\n<type and fingerprint>\n…": the first two lines as one.
    _cleanup_free_ char *text = xstrdup(question);
    char *first = strchr(text, '\n'), *second = first ? strchr(first + 1, '\n') : NULL;
    if (second)
        *second = '\0';
    if (first)
        *first = ' ';
    out_notice(OUT_WARN, "%s: accepted without comparing it, as --accept-new says", text);
    *ret = xstrdup("yes");
    return 0;
}

static int log_in(struct session *s, struct job *job, const struct node *n, bool accept_new, struct err *e)
{
    lock_acquire(s->ctx->lock);
    int r = 0;
    while (r == 0 && sshd_is_busy(s))
        r = lock_wait(s->ctx->lock, job, -1, e);
    s->opening = r == 0;
    lock_release(s->ctx->lock);
    if (r < 0)
        return -1;
    struct remote_options options = {.host = n->address,
                                     .user = n->user,
                                     .port = n->port,
                                     .fingerprint = n->fingerprint,
                                     .ask = accept_new ? ask_accepting : ask};
    r = remote_open(job, &options, &s->remote, e);
    lock_acquire(s->ctx->lock);
    s->opening = false;
    lock_wake(s->ctx->lock);
    lock_release(s->ctx->lock);
    return r;
}

// Is what lay idle still good? Asked of the peer only after a while: a command right after another costs no round trip.
static bool still_alive(struct session *s, struct job *job)
{
    if (remote_broken(s->remote))
        return false;
    if (clock_mono_ms() - s->idle_since < TRUST_IDLE_MS)
        return true;
    _cleanup_err_ struct err ignored = ERR_INIT;
    return remote_ping(job, s->remote, PING_MS, &ignored) == 0;
}

static int take(struct ctx *ctx, struct job *job, struct node *node, unsigned lane, bool accept_new,
                struct session **ret, struct err *e)
{
    if (!node->address) {
        err_set(e, ERR_UNSUPPORTED, "node %s has no ssh address", node->name);
        return -1;
    }
    lock_acquire(ctx->lock);
    struct session *s = find(ctx, node, lane);
    int r = job_check(job, e);
    while (r == 0 && s->taken)
        r = lock_wait(ctx->lock, job, -1, e);
    bool stale = s->stale;
    if (r == 0) {
        s->taken = true;
        s->stale = false;
    }
    lock_release(ctx->lock);
    if (r < 0)
        return -1;
    if (s->remote && (stale || !still_alive(s, job))) {
        remote_close(s->remote);
        s->remote = NULL;
    }
    if (!s->remote && log_in(s, job, node, accept_new, e) < 0) {
        session_put(s);
        if (e->code != ERR_CANCELLED)
            err_wrap(e, "%s", node->name);
        return -1;
    }
    *ret = s;
    return 0;
}

int session_get(struct ctx *ctx, struct job *job, struct node *node, struct session **ret, struct err *e)
{
    return take(ctx, job, node, 0, false, ret, e);
}

int session_get_lane(struct ctx *ctx, struct job *job, struct node *node, unsigned lane, struct session **ret,
                     struct err *e)
{
    return take(ctx, job, node, lane, false, ret, e);
}

int session_greet(struct ctx *ctx, struct job *job, struct node *node, bool accept_new, char **ret_host_key,
                  struct err *e)
{
    struct session *s = NULL;
    if (take(ctx, job, node, 0, accept_new, &s, e) < 0)
        return -1;
    *ret_host_key = xstrdup(remote_host_key(s->remote));
    session_put(s);
    return 0;
}

struct remote *session_remote(struct session *s)
{
    return s->remote;
}

void session_put(struct session *s)
{
    if (!s)
        return;
    if (s->remote && remote_broken(s->remote)) {
        remote_close(s->remote);
        s->remote = NULL;
    }
    s->idle_since = clock_mono_ms();
    lock_acquire(s->ctx->lock);
    s->taken = false;
    lock_wake(s->ctx->lock);
    lock_release(s->ctx->lock);
}

int session_exec(struct ctx *ctx, struct job *job, struct node *node, const struct remote_exec *spec,
                 struct remote_result *result, struct err *e)
{
    return session_exec_lane(ctx, job, node, 0, spec, result, e);
}

int session_exec_lane(struct ctx *ctx, struct job *job, struct node *node, unsigned lane,
                      const struct remote_exec *spec, struct remote_result *result, struct err *e)
{
    for (int attempt = 0;; attempt++) {
        struct session *s = NULL;
        if (session_get_lane(ctx, job, node, lane, &s, e) < 0)
            return -1;
        int r = remote_exec(job, s->remote, spec, result, e);
        // Who was silent all that time would only be silent again.
        bool was_dead =
            r < 0 && !result->started && remote_broken(s->remote) && e->code != ERR_TIMEOUT && !job_cancelled(job);
        session_put(s);
        if (r < 0 && (!was_dead || attempt == 1))
            return e->code == ERR_CANCELLED ? -1 : err_wrap(e, "%s", node->name);
        if (r == 0)
            return 0;
        err_release(e);
    }
}

int session_output(struct ctx *ctx, struct job *job, struct node *node, const char *command, char **ret_out,
                   struct err *e)
{
    struct remote_exec spec = {.command = command};
    _cleanup_(remote_result_release) struct remote_result result = REMOTE_RESULT_INIT;
    if (session_exec(ctx, job, node, &spec, &result, e) < 0)
        return -1;
    return remote_result_output(node->name, &result, ret_out, e);
}

void session_drop(struct ctx *ctx, const struct node *node)
{
    if (!node->address)
        return;
    _cleanup_free_ char *key = key_of(node);
    for (;;) {
        struct remote *old = NULL;
        lock_acquire(ctx->lock);
        for (struct session *s = ctx->sessions; s && !old; s = s->next) {
            if (strcmp(s->key, key) != 0)
                continue;
            s->stale = s->taken;
            if (!s->taken)
                old = steal(&s->remote);
        }
        lock_release(ctx->lock);
        if (!old)
            return;
        remote_close(old);
    }
}

void session_pool_release(struct ctx *ctx)
{
    while (ctx->sessions) {
        struct session *s = ctx->sessions;
        ctx->sessions = s->next;
        remote_close(s->remote);
        free(s->key);
        free(s->sshd);
        free(s);
    }
}
