// SPDX-License-Identifier: GPL-3.0-or-later
// The lock on one machine: a job that runs tools/lock_holder.sh there, over a connection of its own, and gives it signs
// of life until nobody wants the lock any more. See node/lock_priv.h.
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/strv.h"
#include "core/console/out.h"
#include "core/node/lock_priv.h"
#include "core/node/place.h"
#include "io/job.h"

// FORMER_MS: longer than a node waits.
enum { MAX_LINE = 16384, FORMER_MS = (LOCK_PATIENCE_S + 15) * 1000 };

void hold_wake(struct hold *h)
{
    (void)!eventfd_write(h->wake, 1); // fails where it is full, and so readable
}

static void gone(struct hold *h, enum err_code code, const char *why)
{
    if (h->state == HOLD_GONE)
        return;
    h->state = HOLD_GONE;
    err_set(&h->err, code, "%s", why);
}

static json_t *row_of(const struct hold *h, const char *text)
{
    json_t *row = json_loads(text, 0, NULL);
    if (!json_is_object(row)) {
        json_decref(row);
        row = json_object();
    }
    json_object_set_new(row, "node", json_text(place_name(h->node)));
    return row;
}

static void take_busy(struct hold *h, const char *text)
{
    json_t *row = row_of(h, text);
    _cleanup_free_ char *who = node_lock_describe(row);
    h->same = strcmp(text, h->owner->who) == 0; // two names of one machine
    _cleanup_free_ char *why = xasprintf("another console is at work on '%s': %s", h->owner->what, who);
    gone(h, ERR_STATE, why);
    err_hint(&h->err,
             "wait for it, or end it there with Ctrl-C; who lists who holds what, and break-lock takes it away");
    json_decref(row);
}

// Ours, of a console whose line was cut: we hold its journal, so nobody works with that lock. It ends when the node has
// waited long enough for that console.
static void take_former(struct hold *h, const char *text)
{
    double now = clock_boot_ms();
    if (h->former_at > 0 && now - h->former_at > FORMER_MS) {
        take_busy(h, text);
        return;
    }
    if (!(h->former_at > 0)) {
        h->former_at = now;
        out_notice(
            OUT_INFO,
            "%s has not noticed yet that the console which worked on '%s' is gone: waiting for that, %d s at most",
            place_name(h->node), h->owner->what, LOCK_PATIENCE_S);
    }
    h->state = HOLD_READY; // feed() asks again
}

static void take_lost(struct hold *h, const char *text)
{
    json_t *row = row_of(h, text);
    const char *reason = json_text_at(row, "reason");
    _cleanup_free_ char *who = node_lock_describe(row);
    _cleanup_free_ char *why = xasprintf("the lock on '%s' was taken away on %s%s%s", h->owner->what,
                                         place_name(h->node), reason ? ": " : "", reason ? who : "");
    gone(h, ERR_STATE, why);
    json_decref(row);
}

static void take_line(struct hold *h, const char *line)
{
    static const char mark[] = "MIGSH-LOCK ";
    if (!str_starts(line, mark))
        return; // a login shell's
    line += strlen(mark);
    if (strcmp(line, "ready") == 0 && h->state == HOLD_STARTING) {
        h->state = HOLD_READY;
    } else if (strcmp(line, "held") == 0 && h->state == HOLD_TAKING) {
        h->state = HOLD_HELD;
        h->good_at = h->asked_at;
    } else if (str_starts(line, "former ") && h->state == HOLD_TAKING) {
        take_former(h, line + strlen("former "));
    } else if (str_starts(line, "busy ")) {
        take_busy(h, line + strlen("busy "));
    } else if (str_starts(line, "lost ")) {
        take_lost(h, line + strlen("lost "));
    } else if (str_starts(line, "beat ") && h->waiting && strtoul(line + strlen("beat "), NULL, 10) == h->asked) {
        h->good_at = h->asked_at;
        h->waiting = false;
    }
    lock_wake(h->owner->lock);
}

static int output(void *data, bool is_stderr, const void *s, size_t n, struct err *e)
{
    struct hold *h = data;
    struct buf *b = is_stderr ? &h->result.err : &h->line;
    int r = 0;
    lock_acquire(h->owner->lock);
    if (b->len + n > MAX_LINE)
        r = place_unexpected(h->node, buf_str(&h->line), e);
    else
        buf_add(b, s, n);
    for (char *newline; r == 0 && !is_stderr && b->len && (newline = memchr(b->s, '\n', b->len));) {
        size_t len = (size_t)(newline - b->s);
        _cleanup_free_ char *line = xstrndup(b->s, len);
        memmove(b->s, newline + 1, b->len - len - 1);
        buf_truncate(b, b->len - len - 1);
        take_line(h, line);
    }
    lock_release(h->owner->lock);
    return r;
}

// The next word for it: 0 is its end.
static ssize_t feed(void *data, void *buf, size_t n, struct err *e)
{
    (void)e;
    struct hold *h = data;
    eventfd_t count;
    if (eventfd_read(h->wake, &count) < 0)
        count = 0; // a second has passed, that is all
    ssize_t r = REMOTE_LATER;
    lock_acquire(h->owner->lock);
    double now = clock_boot_ms();
    if (h->owner->ended || h->state == HOLD_GONE) {
        r = 0;
    } else if (h->state == HOLD_READY && h->wanted) {
        h->state = HOLD_TAKING;
        h->asked_at = now;
        r = snprintf(buf, n, "take\n");
    } else if (h->state == HOLD_READY && now - h->asked_at >= LOCK_BEAT_MS) {
        h->asked_at = now; // other nodes take their time
        r = snprintf(buf, n, "wait\n");
    } else if (h->state == HOLD_HELD && !h->waiting && now - h->asked_at >= LOCK_BEAT_MS) {
        h->waiting = true;
        h->asked_at = now;
        r = snprintf(buf, n, "%u\n", ++h->asked);
    }
    lock_release(h->owner->lock);
    return r;
}

static void run(struct job *job, void *arg)
{
    struct hold *h = arg;
    struct node_lock *l = h->owner;
    _cleanup_free_ char *script = xasprintf("%s%s", lock_place, lock_holder),
                        *patience = xasprintf("%d", LOCK_PATIENCE_S);
    const char *const args[] = {l->name, l->who, patience, l->journal};
    struct place_exec spec = {.script = script,
                              .args = args,
                              .n_args = ARRAY_SIZE(args),
                              .root = h->node != NULL,
                              .lane = l->lane,
                              .feed = feed,
                              .output = output,
                              .data = h,
                              .wake_fd = h->wake};
    _cleanup_err_ struct err e = ERR_INIT;
    _cleanup_(remote_result_release) struct remote_result result = REMOTE_RESULT_INIT;
    int r = place_exec(l->ctx, job, h->node, &spec, &result, &e);
    lock_acquire(l->lock);
    h->result.status = result.status;
    if (r == 0 && result.status == 128 + SIGKILL) // lock_break.sh, when we gave no sign of life
        err_set(&e, ERR_STATE, "the lock on '%s' was taken away on %s: its holder was killed", l->what,
                place_name(h->node));
    else if (r == 0 && remote_result_output(place_name(h->node), &h->result, NULL, &e) == 0)
        err_set(&e, ERR_STATE, "%s: the process that held the lock there has ended", place_name(h->node));
    gone(h, e.code, e.msg);
    if (e.hint && !h->err.hint)
        err_hint(&h->err, "%s", e.hint);
    h->job = NULL;
    lock_wake(l->lock);
    lock_release(l->lock);
}

static void done(struct job *job, void *arg)
{
    (void)job;
    struct hold *h = arg;
    node_lock_unref(h->owner);
}

void hold_start(struct hold *h)
{
    struct err e = ERR_INIT;
    h->job = job_start("lock", run, done, h, &e);
    if (h->job) {
        h->owner->refs++;
        return;
    }
    lock_acquire(h->owner->lock);
    gone(h, e.code, e.msg);
    lock_release(h->owner->lock);
    err_release(&e);
}
