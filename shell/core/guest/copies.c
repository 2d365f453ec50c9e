// SPDX-License-Identifier: GPL-3.0-or-later
// Asks the other hypervisors whether a guest is active there, all at once and with one deadline. A connection that is
// open may lead to a frozen daemon: the question is put on a thread of its own, which is left when time is up. See
// copies.h.
#include "core/guest/copies.h"

#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/clock.h"
#include "core/console/out.h"
#include "core/console/silence.h"
#include "core/guest/seen.h"
#include "io/job.h"
#include "io/virt/conn.h"
#include "io/virt/dom.h"

// What is asked of one host. Belongs to the asker and to the one who waits, whichever lets go last.
struct question {
    atomic_int refs;
    struct lock *lock; // guards all below `uuid`
    struct virt_conn *conn, *own;
    char *uuid;
    int own_id;
    bool answered;
    struct copy_answer answer; // without its node
};

struct search {
    const struct copies_query *q;
    double until_ms;
    const struct copies *before;
    struct copies *found;
};

static double left_ms(const struct search *s)
{
    double left = s->until_ms - clock_mono_ms();
    return left > 0 ? left : 0;
}

static void answer_release(struct copy_answer *a)
{
    node_unref(a->node);
    free(a->name);
    err_release(&a->err);
}

void copies_release(struct copies *c)
{
    for (size_t i = 0; i < c->n; i++)
        answer_release(&c->answers[i]);
    free(c->answers);
    *c = (struct copies){NULL, 0};
}

static void let_go(struct question *a)
{
    if (atomic_fetch_sub(&a->refs, 1) != 1)
        return;
    virt_conn_unref(a->conn);
    virt_conn_unref(a->own);
    answer_release(&a->answer);
    lock_free(a->lock);
    free(a->uuid);
    free(a);
}

// Is it this host under another of its names? Hosts that were made as copies of each other may share their identities,
// but hardly the guest's id as well. Otherwise tells which of the two comes first; where that cannot be told, the
// other.
static bool is_here(const struct question *a, bool *ret_first)
{
    _cleanup_free_ char *own = virt_conn_identity(a->own), *there = virt_conn_identity(a->conn);
    *ret_first = !own || !there || strcmp(there, own) <= 0;
    return own && there && strcmp(there, own) == 0;
}

static void ask_main(void *arg)
{
    struct question *a = arg;
    _cleanup_(virt_dom_free_p) struct virt_dom *dom = NULL;
    struct copy_answer answer = {.err = ERR_INIT};
    virt_dom_lookup_uuid(a->conn, a->uuid, &dom, &answer.err);
    if (dom && virt_dom_id(dom) >= 0)
        virt_dom_state(dom, &answer.state, &answer.reason, &answer.err);
    if (answer.err.code == ERR_NOT_FOUND) // no such one, or a transient one that ended between the two questions
        err_release(&answer.err);
    if (answer.state && strcmp(answer.state, "shut off") == 0) // likewise
        answer.state = NULL;
    if (answer.state && is_here(a, &answer.first) && virt_dom_id(dom) == a->own_id)
        answer.state = NULL;
    answer.name = answer.state ? xstrdup(virt_dom_name(dom)) : NULL;
    lock_acquire(a->lock);
    a->answer = answer;
    a->answered = true;
    lock_wake(a->lock);
    lock_release(a->lock);
    let_go(a);
}

static void ask_host(struct search *s, struct job *job, struct virt_conn *conn, struct copy_answer *ret)
{
    struct question *a = xnew(struct question);
    struct err late = ERR_INIT;
    a->lock = lock_new();
    a->conn = virt_conn_ref(conn);
    a->own = virt_conn_ref(s->q->conn);
    a->own_id = s->q->id;
    a->uuid = xstrdup(s->q->uuid);
    atomic_init(&a->refs, 2);
    job_thread_detached("copies", ask_main, a);
    lock_acquire(a->lock);
    while (!a->answered && lock_wait(a->lock, job, left_ms(s), &late) == 0)
        ;
    bool left = !a->answered;
    if (!left) {
        struct node *node = ret->node;
        *ret = a->answer;
        ret->node = node;
        a->answer = (struct copy_answer){.err = ERR_INIT};
        err_release(&late);
    }
    lock_release(a->lock);
    if (late.code == ERR_TIMEOUT)
        err_set(&late, ERR_TIMEOUT, "it did not answer within %.1f s", SILENCE_MS / 1e3);
    if (left) {
        err_move(&ret->err, &late);
        ctx_connection_silent(s->q->ctx, conn);
    }
    let_go(a);
}

static void ask_one(struct job *job, size_t i, void *arg)
{
    struct search *s = arg;
    struct copy_answer *answer = &s->found->answers[i];
    struct virt_conn *conn = NULL;
    if (s->before && err_is_set(&s->before->answers[i].err)) {
        err_copy(&answer->err, &s->before->answers[i].err);
        return;
    }
    if (ctx_connect_within(s->q->ctx, job, answer->node->uri, left_ms(s), &conn, &answer->err) < 0)
        return;
    ask_host(s, job, conn, answer);
    virt_conn_unref(conn);
}

// The hypervisors but the one where it is to run. Those of `before` again, whatever the inventory is now.
static void find_others(const struct copies_query *q, const struct copies *before, struct copies *ret)
{
    size_t n;
    struct node **nodes = before ? NULL : inventory_hypervisors(ctx_inventory(q->ctx), &n);
    *ret = (struct copies){NULL, 0};
    n = before ? before->n : n;
    ret->answers = xcalloc(n, sizeof(*ret->answers));
    for (size_t i = 0; i < n; i++) {
        struct node *node = before ? before->answers[i].node : nodes[i];
        if (before || !q->here->uri || strcmp(node->uri, q->here->uri) != 0)
            ret->answers[ret->n++].node = node_ref(node);
    }
    if (nodes)
        node_list_free(nodes, n);
}

int copies_ask(const struct copies_query *q, const struct copies *before, struct copies *ret, struct err *e)
{
    struct copies found;
    find_others(q, before, &found);
    struct search s = {q, clock_mono_ms() + SILENCE_MS, before, &found};
    job_each(q->job, found.n, ask_one, &s);
    if (job_check(q->job, e) < 0) {
        copies_release(&found);
        return -1;
    }
    for (size_t i = 0; i < found.n; i++) {
        const struct copy_answer *a = &found.answers[i];
        if (a->state)
            seen_note(q->uuid, a->node->name, a->state);
    }
    *ret = found;
    return 0;
}

static bool is_incoming(const struct copy_answer *a)
{
    return strcmp(a->state, "paused") == 0 && strcmp(a->reason, "migrating") == 0;
}

static int hint_for(const struct copy_answer *a, struct err *e)
{
    const char *node = a->node->name;
    if (str_starts(a->reason, "post-copy"))
        return err_hint(e, "its memory may be split between two hosts: destroy it on neither; migrate again with "
                           "--postcopy-resume");
    if (strcmp(a->state, "paused") == 0)
        return err_hint(e, "resume %s@%s lets that copy go on; if this one is to live, destroy %s@%s first", a->name,
                        node, a->name, node);
    return err_hint(e, "leave this one as it is, or end that one first: shutdown %s@%s", a->name, node);
}

static bool unknown(const struct copies_query *q, const struct copy_answer *a, struct buf *out)
{
    if (!err_is_set(&a->err))
        return false;
    buf_addf(out, "%swhether '%s' runs on %s is not known: %s", out->len ? "; " : "", q->name, a->node->name,
             a->err.msg);
    return true;
}

bool copies_unknown(const struct copies_query *q, const struct copies *c, struct buf *out)
{
    bool any = false;
    for (size_t i = 0; i < c->n; i++)
        any |= unknown(q, &c->answers[i], out);
    return any;
}

// Those that did not answer: a warning each, or a refusal.
static int judge_silent(const struct copies_query *q, const struct copies *c, struct err *e)
{
    _cleanup_buf_ struct buf silent = BUF_INIT;
    for (size_t i = 0; q->force && i < c->n; i++) {
        _cleanup_buf_ struct buf one = BUF_INIT;
        if (unknown(q, &c->answers[i], &one))
            out_notice(OUT_WARN, "%s", buf_str(&one));
    }
    if (q->force || !copies_unknown(q, c, &silent))
        return 0;
    const char *first = NULL;
    for (size_t i = 0; !first; i++)
        first = err_is_set(&c->answers[i].err) ? c->answers[i].node->name : NULL;
    _cleanup_buf_ struct buf seen = BUF_INIT;
    if (seen_tell(q->uuid, &seen))
        buf_addf(&silent, "; %s", buf_str(&seen));
    err_set(e, ERR_UNREACHABLE, "%s", buf_str(&silent));
    return err_hint(e,
                    "node-test %s tells what is wrong there; node-remove %s if there is no such host any more; --force "
                    "insists, for who knows that it does not run there",
                    first, first);
}

int copies_judge(const struct copies_query *q, const struct copies *c, struct err *e)
{
    _cleanup_buf_ struct buf where = BUF_INIT;
    const struct copy_answer *first = NULL;
    for (size_t i = 0; i < c->n; i++) {
        const struct copy_answer *a = &c->answers[i];
        if (!a->state || (q->resume && is_incoming(a)))
            continue;
        buf_addf(&where, "%s%s on %s", where.len ? " and " : "", a->state, a->node->name);
        if (strcmp(a->name, q->name) != 0)
            buf_addf(&where, " (as '%s')", a->name);
        first = first ? first : a;
    }
    if (!first)
        return judge_silent(q, c, e);
    err_set(e, ERR_STATE, "domain '%s' is %s: a guest must never run twice", q->name, buf_str(&where));
    return hint_for(first, e);
}

int copies_refuse(const struct copies_query *q, struct err *e)
{
    _cleanup_copies_ struct copies all = {NULL, 0};
    return copies_ask(q, NULL, &all, e) < 0 ? -1 : copies_judge(q, &all, e);
}
