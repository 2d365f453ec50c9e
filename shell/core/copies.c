// SPDX-License-Identifier: GPL-3.0-or-later
// Asks the other hypervisors whether a guest is active there, all at once and with one deadline. A connection that is
// open may lead to a frozen daemon: the question is put on a thread of its own, which is left when time is up. See
// copies.h.
#include "core/copies.h"

#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "core/out.h"
#include "io/job.h"
#include "io/virt_conn.h"
#include "io/virt_dom.h"

// Long enough for a login over ssh on a busy host; a start must not take much longer because some other host is dead.
static const double ANSWER_MS = 5e3;
enum { WORKERS = 32 };

// What is asked of one host. Belongs to the asker and to the one who waits, whichever lets go last.
struct question {
    atomic_int refs;
    struct lock *lock; // guards all below `uuid`
    struct virt_conn *conn, *own;
    char *uuid;
    bool answered;
    const char *state, *reason; // NULL: not active there
    char *name;                 // what it is called there
    struct err err;
};

struct search {
    const struct copies_query *q;
    double until_ms;
    struct node **nodes;
    struct answer {
        const char *state, *reason;
        char *name;
        struct err err;
    } * answers;
};

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static double left_ms(const struct search *s)
{
    double left = s->until_ms - now_ms();
    return left > 0 ? left : 0;
}

static void let_go(struct question *a)
{
    if (atomic_fetch_sub(&a->refs, 1) != 1)
        return;
    virt_conn_unref(a->conn);
    virt_conn_unref(a->own);
    err_release(&a->err);
    free(a->name);
    lock_free(a->lock);
    free(a->uuid);
    free(a);
}

static void ask_main(void *arg)
{
    struct question *a = arg;
    _cleanup_(virt_dom_free_p) struct virt_dom *dom = NULL;
    struct err e = ERR_INIT;
    const char *state = NULL, *reason = NULL;
    virt_dom_lookup_uuid(a->conn, a->uuid, &dom, &e);
    if (e.code == ERR_NOT_FOUND)
        err_release(&e);
    if (dom && virt_dom_id(dom) >= 0)
        virt_dom_state(dom, &state, &reason, &e);
    if (state && virt_conn_same_host(a->own, a->conn)) // the host under another of its names
        state = NULL;
    lock_acquire(a->lock);
    a->state = state;
    a->reason = reason;
    a->name = state ? xstrdup(virt_dom_name(dom)) : NULL;
    err_move(&a->err, &e);
    a->answered = true;
    lock_wake(a->lock);
    lock_release(a->lock);
    let_go(a);
}

static void ask_host(struct search *s, struct job *job, struct virt_conn *conn, struct answer *ret)
{
    struct question *a = xnew(struct question);
    a->lock = lock_new();
    a->conn = virt_conn_ref(conn);
    a->own = virt_conn_ref(s->q->conn);
    a->uuid = xstrdup(s->q->uuid);
    atomic_init(&a->refs, 2);
    job_thread_detached("copies", ask_main, a);
    lock_acquire(a->lock);
    while (!a->answered && lock_wait(a->lock, job, left_ms(s), &ret->err) == 0)
        ;
    if (a->answered) {
        err_move(&ret->err, &a->err);
        ret->state = a->state;
        ret->reason = a->reason;
        ret->name = steal(&a->name);
    } else if (ret->err.code == ERR_TIMEOUT) {
        err_set(&ret->err, ERR_TIMEOUT, "it did not answer within %.1f s", ANSWER_MS / 1e3);
    }
    bool left = !a->answered;
    lock_release(a->lock);
    if (left)
        ctx_connection_silent(s->q->ctx, conn);
    let_go(a);
}

static void ask_one(struct job *job, size_t i, void *arg)
{
    struct search *s = arg;
    struct answer *answer = &s->answers[i];
    struct virt_conn *conn = NULL;
    const char *uri = s->nodes[i]->uri;
    if (s->q->here->uri && strcmp(uri, s->q->here->uri) == 0)
        return;
    if (ctx_connect_within(s->q->ctx, job, uri, left_ms(s), &conn, &answer->err) < 0)
        return;
    ask_host(s, job, conn, answer);
    virt_conn_unref(conn);
}

static bool is_incoming(const struct answer *a)
{
    return strcmp(a->state, "paused") == 0 && strcmp(a->reason, "migrating") == 0;
}

static int hint_for(const char *node, const struct answer *a, struct err *e)
{
    if (str_starts(a->reason, "post-copy"))
        return err_hint(e, "its memory may be split between two hosts: destroy it on neither; migrate again with "
                           "--postcopy-resume");
    if (strcmp(a->state, "paused") == 0)
        return err_hint(e, "resume %s@%s lets that copy go on; if this one is to live, destroy %s@%s first", a->name,
                        node, a->name, node);
    return err_hint(e, "leave this one as it is, or end that one first: shutdown %s@%s", a->name, node);
}

static int judge(const struct search *s, size_t n, struct err *e)
{
    const struct copies_query *q = s->q;
    _cleanup_buf_ struct buf where = BUF_INIT;
    size_t first = n;
    for (size_t i = 0; i < n; i++) {
        const struct answer *a = &s->answers[i];
        if (err_is_set(&a->err))
            out_notice(OUT_WARN, "whether '%s' runs on %s is not known: %s", q->name, s->nodes[i]->name, a->err.msg);
        if (!a->state || (q->resume && is_incoming(a)))
            continue;
        buf_addf(&where, "%s%s on %s", where.len ? " and " : "", a->state, s->nodes[i]->name);
        if (strcmp(a->name, q->name) != 0)
            buf_addf(&where, " (as '%s')", a->name);
        first = first < n ? first : i;
    }
    if (first == n)
        return 0;
    err_set(e, ERR_STATE, "domain '%s' is %s: a guest must never run twice", q->name, buf_str(&where));
    return hint_for(s->nodes[first]->name, &s->answers[first], e);
}

int copies_refuse(const struct copies_query *q, struct err *e)
{
    struct search s = {.q = q, .until_ms = now_ms() + ANSWER_MS};
    size_t n;
    s.nodes = inventory_hypervisors(ctx_inventory(q->ctx), &n);
    s.answers = xcalloc(n, sizeof(*s.answers));
    job_parallel(q->job, n, WORKERS, ask_one, &s);
    int r = job_check(q->job, e);
    if (r == 0)
        r = judge(&s, n, e);
    for (size_t i = 0; i < n; i++) {
        free(s.answers[i].name);
        err_release(&s.answers[i].err);
    }
    free(s.answers);
    node_list_free(s.nodes, n);
    return r;
}
