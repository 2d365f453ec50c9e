// SPDX-License-Identifier: GPL-3.0-or-later
// The pool of libvirt connections: one for each URI. Opening happens on a thread of its own, so that a job that is
// cancelled while a host does not answer can leave at once. Job threads. See ctx.h.
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "core/console/ctx_priv.h"
#include "core/console/out.h"
#include "io/job.h"
#include "io/virt/conn.h"
#include "io/virt/event.h"

// A frozen daemon takes the connection and never says a word, and libvirt would wait for ever: keepalive begins later.
static const double GIVE_UP_MS = 20e3;
// Who comes later finds the opening still going on and does not wait again, but is told at once that there is no answer.
// A host that was only frozen ends it when it goes on; one that was switched off never does, so after this long a new
// opening is begun.
static const double ABANDON_MS = 60e3;
// Closing asks the daemon, which may be frozen, and nothing but the event loop, which has ended by then, would notice.
static const double CLOSE_MS = 3e3;

enum slot_state { SLOT_IDLE, SLOT_OPENING, SLOT_OPEN, SLOT_FAILED };

struct conn_slot {
    struct conn_slot *next;
    struct ctx *ctx;
    char *uri; // NULL: the default
    enum slot_state state;
    double since_ms; // when the opening began
    bool asked;      // the operator was asked for something: people take their time
    bool abandoned;  // the next user gets a slot of its own
    struct virt_conn *conn;
    struct virt_conn *stale;   // the one before, to be closed by the opener: closing may block
    struct err err;            // why it failed, for those who waited
    struct job_thread *opener; // joined by the next user of the slot
};

static int ask_operator(void *data, bool secret, const char *question, char **ret, struct err *e)
{
    struct conn_slot *s = data;
    lock_acquire(s->ctx->lock);
    s->asked = true;
    lock_release(s->ctx->lock);
    // Not bound to a job: the opening is shared by all that wait for it.
    return out_ask(NULL, secret ? OUT_ASK_SECRET : OUT_ASK_TEXT, question, ret, e);
}

static void open_main(void *arg)
{
    struct conn_slot *s = arg;
    struct virt_conn *conn = NULL;
    struct err e = ERR_INIT;
    virt_conn_unref(steal(&s->stale));
    int r = virt_conn_open(s->uri, s->ctx->readonly, ask_operator, s, &conn, &e);
    lock_acquire(s->ctx->lock);
    bool late = s->abandoned;
    s->state = r < 0 || late ? SLOT_FAILED : SLOT_OPEN;
    s->conn = late ? NULL : conn;
    err_move(&s->err, &e);
    if (conn && !late)
        names_watch_opened(s->ctx, s->uri, conn);
    lock_wake(s->ctx->lock);
    lock_release(s->ctx->lock);
    if (late)
        virt_conn_unref(conn);
}

static bool same_uri(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static struct conn_slot *find_slot(struct ctx *ctx, const char *uri)
{
    struct conn_slot *s = ctx->conns;
    while (s && (s->abandoned || !same_uri(s->uri, uri)))
        s = s->next;
    if (s)
        return s;
    s = xnew(struct conn_slot);
    s->ctx = ctx;
    s->uri = xstrdup(uri);
    s->next = ctx->conns;
    ctx->conns = s;
    return s;
}

// With the lock held: drops what is dead and starts opening if nobody does.
static void start_opening(struct conn_slot *s)
{
    s->stale = steal(&s->conn);
    if (s->opener)
        job_thread_join(steal(&s->opener)); // it has set the state, so it is at its end
    err_release(&s->err);
    s->state = SLOT_OPENING;
    s->since_ms = clock_mono_ms();
    s->asked = false;
    s->opener = job_thread_start("connect", open_main, s, &s->err);
    if (!s->opener)
        s->state = SLOT_FAILED;
}

// With the lock held: waits for the opening to end, until it has had `timeout_ms` (<0: GIVE_UP_MS, or as long as the
// operator needs for an answer).
static int wait_open(struct conn_slot *s, struct job *job, double timeout_ms, struct err *e)
{
    bool bounded = timeout_ms >= 0;
    double until = s->since_ms + (bounded ? timeout_ms : GIVE_UP_MS);
    while (s->state == SLOT_OPENING) {
        double left = until - clock_mono_ms();
        if (!bounded && s->asked)
            left = -1;
        else if (left < 0)
            left = 0;
        if (lock_wait(s->ctx->lock, job, left, e) == 0)
            continue;
        if (e->code != ERR_TIMEOUT)
            return -1;
        if (s->state != SLOT_OPENING || (!bounded && s->asked)) {
            err_release(e);
            continue;
        }
        err_set(e, ERR_TIMEOUT, "%s did not answer within %.1f s", s->uri ? s->uri : "the default hypervisor",
                (clock_mono_ms() - s->since_ms) / 1e3);
        return err_hint(e, "node-test tells which ways to the node work");
    }
    return 0;
}

static int connect_slot(struct ctx *ctx, struct job *job, const char *uri, bool fresh, double timeout_ms,
                        struct virt_conn **ret, struct err *e)
{
    lock_acquire(ctx->lock);
    struct conn_slot *s = find_slot(ctx, uri);
    if (s->state == SLOT_OPENING && !s->asked && clock_mono_ms() - s->since_ms > ABANDON_MS) {
        s->abandoned = true;
        s = find_slot(ctx, uri);
    }
    bool useless = s->state == SLOT_OPEN && (fresh || !virt_conn_alive(s->conn));
    if (s->state == SLOT_IDLE || s->state == SLOT_FAILED || useless)
        start_opening(s);
    int r = wait_open(s, job, timeout_ms, e);
    if (r == 0 && s->state == SLOT_FAILED) {
        err_copy(e, &s->err);
        r = -1;
    }
    if (r == 0)
        *ret = virt_conn_ref(s->conn);
    lock_release(ctx->lock);
    return r;
}

int ctx_connect(struct ctx *ctx, struct job *job, const char *uri, struct virt_conn **ret, struct err *e)
{
    return connect_slot(ctx, job, uri, false, -1, ret, e);
}

int ctx_connect_within(struct ctx *ctx, struct job *job, const char *uri, double timeout_ms, struct virt_conn **ret,
                       struct err *e)
{
    return connect_slot(ctx, job, uri, false, timeout_ms, ret, e);
}

int ctx_connect_fresh(struct ctx *ctx, struct job *job, const char *uri, double timeout_ms, struct virt_conn **ret,
                      struct err *e)
{
    return connect_slot(ctx, job, uri, true, timeout_ms, ret, e);
}

int ctx_connect_text(struct ctx *ctx, struct job *job, const char *node_or_uri, struct virt_conn **ret, struct err *e)
{
    _cleanup_target_ struct target t = {NULL, NULL};
    if (ctx_target(ctx, node_or_uri, &t, e) < 0)
        return -1;
    return ctx_connect(ctx, job, t.uri, ret, e);
}

void ctx_connection_silent(struct ctx *ctx, const struct virt_conn *conn)
{
    struct virt_conn *dropped = NULL;
    lock_acquire(ctx->lock);
    for (struct conn_slot *s = ctx->conns; s && !dropped; s = s->next) {
        if (s->state != SLOT_OPEN || s->conn != conn)
            continue;
        dropped = steal(&s->conn);
        s->state = SLOT_IDLE;
    }
    lock_release(ctx->lock);
    virt_conn_unref(dropped); // not the last: the caller has one
}

bool conn_pool_busy(struct ctx *ctx)
{
    bool busy = false;
    lock_acquire(ctx->lock);
    for (struct conn_slot *s = ctx->conns; s; s = s->next)
        busy |= s->state == SLOT_OPENING;
    lock_release(ctx->lock);
    return busy;
}

static void close_main(void *arg)
{
    struct conn_slot *s = arg;
    virt_conn_unref(s->conn);
    lock_acquire(s->ctx->lock);
    s->conn = NULL;
    lock_wake(s->ctx->lock);
    lock_release(s->ctx->lock);
}

static bool all_closed(const struct ctx *ctx)
{
    const struct conn_slot *s = ctx->conns;
    while (s && !s->conn)
        s = s->next;
    return !s;
}

bool conn_pool_release(struct ctx *ctx)
{
    for (struct conn_slot *s = ctx->conns; s; s = s->next) {
        job_thread_join(s->opener);
        s->opener = s->conn ? job_thread_start("close", close_main, s, &s->err) : NULL;
    }
    _cleanup_err_ struct err late = ERR_INIT;
    double until = clock_mono_ms() + CLOSE_MS;
    lock_acquire(ctx->lock);
    while (!all_closed(ctx) && clock_mono_ms() < until &&
           lock_wait(ctx->lock, NULL, until - clock_mono_ms(), &late) == 0)
        ;
    bool closed = all_closed(ctx);
    lock_release(ctx->lock);
    closed = virt_event_settled(until - clock_mono_ms()) && closed;
    while (closed && ctx->conns) {
        struct conn_slot *s = ctx->conns;
        ctx->conns = s->next;
        job_thread_join(s->opener);
        err_release(&s->err);
        free(s->uri);
        free(s);
    }
    return closed;
}
