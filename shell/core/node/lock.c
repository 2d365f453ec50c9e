// SPDX-License-Identifier: GPL-3.0-or-later
// A lock on several nodes: taken on all or on none, looked at, let go. See node/lock.h.
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/json.h"
#include "core/node/lock_priv.h"
#include "core/node/place.h"
#include "io/job.h"

enum { DROP_MS = 5000 };

static void start_all(void *data)
{
    struct node_lock *l = data;
    lock_acquire(l->lock);
    for (size_t i = 0; i < l->n; i++)
        hold_start(&l->holds[i]);
    lock_release(l->lock);
}

// With the lock held: until it is neither of the two states.
static int wait_past(struct hold *h, enum hold_state a, enum hold_state b, struct job *job, struct err *e)
{
    int r = 0;
    while (r == 0 && (h->state == a || h->state == b))
        r = lock_wait(h->owner->lock, job, -1, e);
    if (r == 0 && h->state == HOLD_GONE && !h->same) {
        err_copy(e, &h->err);
        r = -1;
    }
    return r;
}

// All log in and start at once; then the lock is taken on one after the other, so that of two consoles one gets it.
static int take_all(struct node_lock *l, struct job *job, struct err *e)
{
    int r = 0;
    lock_acquire(l->lock);
    for (size_t i = 0; i < l->n && r == 0; i++)
        r = wait_past(&l->holds[i], HOLD_STARTING, HOLD_STARTING, job, e);
    for (size_t i = 0; i < l->n && r == 0; i++) {
        l->holds[i].wanted = true;
        hold_wake(&l->holds[i]);
        r = wait_past(&l->holds[i], HOLD_READY, HOLD_TAKING, job, e);
    }
    lock_release(l->lock);
    return r;
}

int node_lock_take(struct node_lock *l, struct job *job, struct err *e)
{
    if (!l->lane)
        return err_set(e, ERR_STATE, "this console holds %d locks already", LOCK_LANES);
    job_call_main(start_all, l);
    if (take_all(l, job, e) == 0)
        return 0;
    node_lock_drop(l, NULL);
    return e->code == ERR_CANCELLED || e->code == ERR_STATE ? -1 : err_wrap(e, "'%s' cannot be locked", l->what);
}

static int check_one(const struct hold *h, double now, struct err *e)
{
    if (h->same)
        return 0;
    if (h->state == HOLD_HELD && now - h->good_at < LOCK_TRUST_MS)
        return 0;
    if (h->state == HOLD_HELD)
        return err_set(e, ERR_TIMEOUT,
                       "%s has not answered for %.0f s: whether the lock on '%s' is held there still is not known",
                       place_name(h->node), (now - h->good_at) / 1e3, h->owner->what);
    if (h->state != HOLD_GONE)
        return err_set(e, ERR_STATE, "'%s' is not locked on %s", h->owner->what, place_name(h->node));
    err_copy(e, &h->err);
    return h->err.code == ERR_STATE ? -1 : err_wrap(e, "the lock on '%s' is lost", h->owner->what);
}

int node_lock_check(struct node_lock *l, struct err *e)
{
    int r = 0;
    lock_acquire(l->lock);
    double now = clock_boot_ms();
    for (size_t i = 0; i < l->n && r == 0; i++)
        r = check_one(&l->holds[i], now, e);
    lock_release(l->lock);
    return r;
}

// With the lock held.
static void let_go(struct node_lock *l)
{
    l->ended = true;
    for (size_t i = 0; i < l->n; i++)
        hold_wake(&l->holds[i]);
}

static bool all_over(const struct node_lock *l)
{
    bool over = true;
    for (size_t i = 0; i < l->n; i++)
        over = over && !l->holds[i].job;
    return over;
}

void node_lock_drop(struct node_lock *l, struct job *job)
{
    _cleanup_err_ struct err ignored = ERR_INIT;
    lock_acquire(l->lock);
    let_go(l);
    double until = clock_boot_ms() + DROP_MS, left = DROP_MS;
    // One that still logs in reads no word; one that hangs is not waited for.
    for (size_t i = 0; i < l->n; i++) {
        if (l->holds[i].job && l->holds[i].state == HOLD_STARTING)
            job_cancel(l->holds[i].job);
    }
    while (!all_over(l) && left > 0 && lock_wait(l->lock, job, left, &ignored) == 0)
        left = until - clock_boot_ms();
    for (size_t i = 0; i < l->n; i++) {
        if (l->holds[i].job)
            job_cancel(l->holds[i].job);
    }
    lock_release(l->lock);
}

void node_lock_free(struct node_lock *l)
{
    if (!l)
        return;
    lock_acquire(l->lock);
    let_go(l);
    for (size_t i = 0; i < l->n; i++) {
        if (l->holds[i].job)
            job_cancel(l->holds[i].job);
    }
    lock_release(l->lock);
    node_lock_unref(l);
}
