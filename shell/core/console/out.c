// SPDX-License-Identifier: GPL-3.0-or-later
// Hands notices, progress, events and questions from any thread to the implementation on the main thread. See out.h.
#include "core/console/out.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "io/job.h"
#include "io/loop.h"

// Main thread only, as is all of this but what hands over.
static const struct out_ops *ops;
static bool lent;           // the terminal
static struct posted *held; // what waits for it

void out_set_ops(const struct out_ops *o)
{
    ops = o;
}

struct out_screen out_screen(void)
{
    return ops && ops->screen ? ops->screen() : (struct out_screen){0};
}

void out_write(const char *text, size_t n)
{
    if (ops && n)
        ops->write(text, n);
}

void out_show(const char *text, size_t n, const struct paint *paint)
{
    if (ops && ops->show && n)
        ops->show(text, n, paint);
    else
        out_write(text, n);
}

void out_print(const char *text, size_t n)
{
    if (ops && n)
        (ops->print ? ops->print : ops->write)(text, n);
}

void out_error(const struct err *err)
{
    if (ops)
        ops->error(err);
}

enum post_kind { POST_STDERR, POST_NOTICE, POST_PROGRESS, POST_EVENT };

struct posted {
    struct posted *next; // held
    enum post_kind kind;
    enum out_level level;
    char *text;
    size_t n; // bytes of a POST_STDERR's text
    json_t *value;
    bool done;
};

static void hold(struct posted *p)
{
    struct posted **at = &held;
    while (*at)
        at = &(*at)->next;
    *at = p;
}

static void deliver(void *data)
{
    struct posted *p = data;
    if (lent) {
        hold(p);
        return;
    }
    if (ops) {
        switch (p->kind) {
        case POST_STDERR:
            if (ops->write_stderr)
                ops->write_stderr(p->text, p->n);
            break;
        case POST_NOTICE:
            ops->notice(p->level, p->text);
            break;
        case POST_PROGRESS:
            ops->progress(p->value, p->done);
            break;
        case POST_EVENT:
            ops->event(p->value);
            break;
        }
    }
    json_decref(p->value);
    free(p->text);
    free(p);
}

// Jansson counts references without locks: a value handed over must not be touched by the sender any more.
static void hand_over(struct posted post)
{
    struct posted *p = xnew(struct posted);
    *p = post;
    if (job_on_main())
        deliver(p);
    else
        loop_post(deliver, p);
}

void out_notice(enum out_level level, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *text = xvasprintf(fmt, ap);
    va_end(ap);
    hand_over((struct posted){.kind = POST_NOTICE, .level = level, .text = text});
}

void out_stderr(const char *text, size_t n)
{
    struct buf copy = BUF_INIT;
    if (n == 0)
        return;
    buf_add(&copy, text, n);
    hand_over((struct posted){.kind = POST_STDERR, .n = n, .text = buf_steal(&copy)});
}

void out_progress(json_t *value, bool done)
{
    hand_over((struct posted){.kind = POST_PROGRESS, .value = value, .done = done});
}

void out_event(json_t *value)
{
    hand_over((struct posted){.kind = POST_EVENT, .value = value});
}

struct question {
    struct lock *lock;
    enum out_ask_kind kind;
    const char *text;
    char *answer;
    bool answered;
    bool cannot;
};

static void put_question(void *data)
{
    struct question *q = data;
    if (ops && ops->ask && !lent) {
        ops->ask(q->kind, q->text, q);
    } else {
        q->cannot = true;
        out_answer(q, NULL);
    }
}

static void withdraw_question(void *data)
{
    struct question *q = data;
    if (!q->answered && ops && ops->ask_withdraw)
        ops->ask_withdraw(q);
}

void out_answer(void *token, const char *answer)
{
    struct question *q = token;
    lock_acquire(q->lock);
    q->answer = xstrdup(answer);
    q->answered = true;
    lock_wake(q->lock);
    lock_release(q->lock);
}

int out_ask(struct job *job, enum out_ask_kind kind, const char *question, char **ret_answer, struct err *e)
{
    if (job_on_main()) // the answer comes through the loop that we would be holding up
        return err_set(e, ERR_AUTH, "%s: there is nobody to ask", question);
    struct question q = {lock_new(), kind, question, NULL, false, false};
    loop_post(put_question, &q);
    int r = 0;
    lock_acquire(q.lock);
    while (r == 0 && !q.answered)
        r = lock_wait(q.lock, job, -1, e);
    lock_release(q.lock);
    if (r < 0)
        job_call_main(withdraw_question, &q); // also: put_question() has run before, so nobody knows q afterwards
    else if (q.cannot)
        r = err_set(e, ERR_AUTH, "%s: there is no terminal to ask on", question);
    else if (!q.answer)
        r = err_set(e, ERR_CANCELLED, "%s: not answered", question);
    if (r == 0) {
        *ret_answer = q.answer;
    } else if (q.answer) { // cancelled, and answered all the same
        mem_wipe(q.answer, strlen(q.answer));
        free(q.answer);
    }
    lock_free(q.lock);
    return r;
}

static void lend(void *data)
{
    bool *ret_got = data;
    *ret_got = ops && ops->lend && !lent && ops->lend();
    lent = lent || *ret_got;
}

static void take_back(void *data)
{
    (void)data;
    lent = false;
    ops->take_back();
    while (held) {
        struct posted *p = held;
        held = p->next;
        deliver(p);
    }
}

int out_lend(struct err *e)
{
    bool got = false;
    job_call_main(lend, &got);
    return got ? 0 : err_set(e, ERR_UNSUPPORTED, "there is no terminal");
}

void out_take_back(void)
{
    job_call_main(take_back, NULL);
}
