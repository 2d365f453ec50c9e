// SPDX-License-Identifier: GPL-3.0-or-later
// The pool of libvirt connections: one for each URI. Opening happens on a thread of its own, so that a job that is
// cancelled while a host does not answer can leave at once. Job threads. See ctx.h.
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "core/console/ctx_priv.h"
#include "core/console/out.h"
#include "core/console/silence.h"
#include "io/job.h"
#include "io/virt/conn.h"
#include "io/virt/event.h"

// A frozen daemon takes the connection and never says a word, and libvirt would wait for ever: keepalive begins later.
static const double GIVE_UP_MS = 20e3;
// What was waited for so long in vain is noted; and what took so long to fail ("no route") is not tried again for
// REFUSED_MS, by each step of a command.
static const double NOTED_MS = 1e3, REFUSED_MS = 10e3;
static const double LOOK_MS = 50; // whether it is enough
// Who comes later finds the opening still going on and does not wait again, but is told at once that there is no
// answer. A host that was only frozen ends it when it goes on; one that was switched off never does, so after this long
// a new opening is begun.
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
    double ended_ms; // and when it ended
    bool asked;      // the operator was asked for something: people take their time
    bool quiet;      // nobody waits for it who could be asked
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
    bool quiet = s->quiet;
    s->asked = s->asked || !quiet;
    lock_release(s->ctx->lock);
    if (quiet)
        return err_set(e, ERR_AUTH, "%s: not asked, as nobody has named this host", question);
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
    double ended = clock_mono_ms();
    if (r == 0)
        silence_end(s->uri);
    else if (e.code == ERR_UNREACHABLE && ended - s->since_ms > NOTED_MS && !s->asked)
        silence_note(s->uri, ended - s->since_ms);
    lock_acquire(s->ctx->lock);
    s->ended_ms = ended;
    bool late = s->abandoned;
    s->state = r < 0 || late ? SLOT_FAILED : SLOT_OPEN;
    s->conn = late ? NULL : conn;
    err_move(&s->err, &e);
    if (conn && !late && s->ctx->opened)
        s->ctx->opened(s->ctx, s->uri, conn);
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
static void start_opening(struct conn_slot *s, bool quiet)
{
    s->stale = steal(&s->conn);
    if (s->opener)
        job_thread_join(steal(&s->opener)); // it has set the state, so it is at its end
    err_release(&s->err);
    s->state = SLOT_OPENING;
    s->since_ms = clock_mono_ms();
    s->asked = false;
    s->quiet = quiet;
    s->opener = job_thread_start("connect", open_main, s, &s->err);
    if (!s->opener)
        s->state = SLOT_FAILED;
}

// For how long an opening is waited for.
struct patience {
    bool quiet;      // no questions
    double limit_ms; // <0: the usual time, or as long as the operator needs for an answer
    bool (*enough)(double waited_ms, void *data);
    void *data;
    double silent_ms; // it has kept silent for so long
};

// With the lock held: whether it is to be left to itself, and else for how long it may be slept.
static bool is_over(const struct conn_slot *s, const struct patience *p, double give_up_ms, double *ret_sleep_ms)
{
    double waited = clock_mono_ms() - s->since_ms;
    double left = (p->limit_ms < 0 ? give_up_ms : p->limit_ms) - waited;
    if (p->enough && p->enough(waited, p->data))
        return true;
    bool endless = p->limit_ms < 0 && s->asked;
    *ret_sleep_ms = endless ? -1 : left;
    if (p->enough && (endless || left > LOOK_MS))
        *ret_sleep_ms = LOOK_MS;
    return !endless && left <= 0;
}

// With the lock held: waits for the opening to end.
static int wait_open(struct conn_slot *s, struct job *job, struct patience *p, double give_up_ms, struct err *e)
{
    while (s->state == SLOT_OPENING) {
        double sleep_ms = 0;
        if (is_over(s, p, give_up_ms, &sleep_ms)) {
            double waited_ms = clock_mono_ms() - s->since_ms;
            p->silent_ms = s->asked ? 0 : waited_ms; // people take their time
            err_set(e, ERR_TIMEOUT, "%s did not answer within %.1f s", s->uri ? s->uri : "the default hypervisor",
                    waited_ms / 1e3);
            return err_hint(e, "node-test tells which ways to the node work");
        }
        if (lock_wait(s->ctx->lock, job, sleep_ms, e) < 0) {
            if (e->code != ERR_TIMEOUT)
                return -1;
            err_release(e);
        }
    }
    return 0;
}

// Did it take long to fail, just now?
static bool failed_slowly(const struct conn_slot *s)
{
    return s->state == SLOT_FAILED && s->err.code == ERR_UNREACHABLE && s->ended_ms - s->since_ms > NOTED_MS &&
           clock_mono_ms() - s->ended_ms < REFUSED_MS;
}

static int connect_slot(struct ctx *ctx, struct job *job, const char *uri, bool fresh, struct patience p,
                        struct virt_conn **ret, struct err *e)
{
    double waited;
    silence_since(uri, &waited);
    double give_up_ms = waited > SILENCE_MS ? SILENCE_MS : GIVE_UP_MS;
    lock_acquire(ctx->lock);
    struct conn_slot *s = find_slot(ctx, uri);
    if (s->state == SLOT_OPENING && !s->asked && clock_mono_ms() - s->since_ms > ABANDON_MS) {
        s->abandoned = true;
        s = find_slot(ctx, uri);
    }
    bool useless = s->state == SLOT_OPEN && (fresh || !virt_conn_alive(s->conn));
    if (s->state == SLOT_IDLE || (s->state == SLOT_FAILED && (fresh || !failed_slowly(s))) || useless)
        start_opening(s, p.quiet);
    if (!p.quiet)
        s->quiet = false;
    int r = wait_open(s, job, &p, give_up_ms, e);
    if (r == 0 && s->state == SLOT_FAILED) {
        err_copy(e, &s->err);
        r = -1;
    }
    if (r == 0)
        *ret = virt_conn_ref(s->conn);
    lock_release(ctx->lock);
    if (p.silent_ms > NOTED_MS)
        silence_note(uri, p.silent_ms);
    return r;
}

int ctx_connect(struct ctx *ctx, struct job *job, const char *uri, struct virt_conn **ret, struct err *e)
{
    return connect_slot(ctx, job, uri, false, (struct patience){.limit_ms = -1}, ret, e);
}

int ctx_connect_quietly(struct ctx *ctx, struct job *job, const char *uri, struct virt_conn **ret, struct err *e)
{
    return connect_slot(ctx, job, uri, false, (struct patience){.quiet = true, .limit_ms = -1}, ret, e);
}

int ctx_connect_within(struct ctx *ctx, struct job *job, const char *uri, double timeout_ms, struct virt_conn **ret,
                       struct err *e)
{
    return connect_slot(ctx, job, uri, false, (struct patience){.limit_ms = timeout_ms}, ret, e);
}

int ctx_connect_unless(struct ctx *ctx, struct job *job, const char *uri, bool (*enough)(double waited_ms, void *data),
                       void *data, struct virt_conn **ret, struct err *e)
{
    struct patience p = {.limit_ms = -1, .enough = enough, .data = data};
    return connect_slot(ctx, job, uri, false, p, ret, e);
}

int ctx_connect_fresh(struct ctx *ctx, struct job *job, const char *uri, double timeout_ms, struct virt_conn **ret,
                      struct err *e)
{
    return connect_slot(ctx, job, uri, true, (struct patience){.limit_ms = timeout_ms}, ret, e);
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
