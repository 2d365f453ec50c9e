// SPDX-License-Identifier: GPL-3.0-or-later
// Hands notices, progress, events and questions from any thread to the implementation on the main thread. See out.h.
#include "core/console/out.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/paint.h"
#include "io/job.h"
#include "io/loop.h"

// Main thread only, as is all of this but what hands over.
static const struct out_ops *ops;
static const struct out_lines *lines;
static struct question *open_questions;
static bool lent;           // the terminal
static unsigned lent_to;    // the line of who has it
static struct posted *held; // what waits for it: all that somebody else says

void out_set_ops(const struct out_ops *o)
{
    ops = o;
}

struct out_screen out_screen(void)
{
    return ops && ops->screen ? ops->screen() : (struct out_screen){0};
}

void out_set_lines(const struct out_lines *l)
{
    lines = l;
}

bool out_is_behind(unsigned line)
{
    return line && lines && lines->is_behind(line);
}

enum post_kind { POST_WRITE, POST_SHOW, POST_PRINT, POST_ERROR, POST_STDERR, POST_NOTICE, POST_PROGRESS, POST_EVENT };

struct posted {
    struct posted *next; // held
    enum post_kind kind;
    enum out_level level;
    unsigned line;
    char *text;
    size_t n; // bytes of it, where it may hold a NUL
    struct paint paint;
    struct err err;
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

static void hold_text(enum post_kind kind, const char *text, size_t n, const struct paint *paint)
{
    struct posted *p = xnew(struct posted);
    struct buf copy = BUF_INIT;
    buf_add(&copy, text, n);
    *p = (struct posted){.kind = kind, .n = n, .text = buf_steal(&copy)};
    if (paint)
        paint_copy(&p->paint, paint);
    hold(p);
}

void out_write(const char *text, size_t n)
{
    if (lent && n)
        hold_text(POST_WRITE, text, n, NULL);
    else if (ops && n)
        ops->write(text, n);
}

void out_show(const char *text, size_t n, const struct paint *paint)
{
    if (lent && n)
        hold_text(POST_SHOW, text, n, paint);
    else if (ops && ops->show && n)
        ops->show(text, n, paint);
    else
        out_write(text, n);
}

bool out_clear(void)
{
    if (lent || !ops || !ops->clear)
        return false;
    ops->clear();
    return true;
}

void out_print(const char *text, size_t n)
{
    if (lent && n)
        hold_text(POST_PRINT, text, n, NULL);
    else if (ops && n)
        (ops->print ? ops->print : ops->write)(text, n);
}

void out_error(const struct err *err)
{
    if (lent) {
        struct posted *p = xnew(struct posted);
        p->kind = POST_ERROR;
        err_copy(&p->err, err);
        hold(p);
    } else if (ops) {
        ops->error(err);
    }
}

static void deliver_progress(const struct posted *p)
{
    if (p->line && lines)
        lines->progress(p->line, p->value, p->done);
    if (!out_is_behind(p->line))
        ops->progress(p->value, p->done);
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
        case POST_WRITE:
            out_write(p->text, p->n);
            break;
        case POST_SHOW:
            out_show(p->text, p->n, &p->paint);
            break;
        case POST_PRINT:
            out_print(p->text, p->n);
            break;
        case POST_ERROR:
            out_error(&p->err);
            break;
        case POST_STDERR:
            if (ops->write_stderr)
                ops->write_stderr(p->text, p->n);
            break;
        case POST_NOTICE:
            ops->notice(p->level, p->text);
            break;
        case POST_PROGRESS:
            deliver_progress(p);
            break;
        case POST_EVENT:
            ops->event(p->value);
            break;
        }
    }
    json_decref(p->value);
    paint_release(&p->paint);
    err_release(&p->err);
    free(p->text);
    free(p);
}

// Jansson counts references without locks: a value handed over must not be touched by the sender any more.
static void hand_over(struct posted post)
{
    struct posted *p = xnew(struct posted);
    *p = post;
    p->line = job_line();
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

char *out_progress_key(const json_t *value)
{
    static const char *const parts[] = {"job", "id", "domain", "node"};
    _cleanup_buf_ struct buf key = BUF_INIT;
    for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
        const json_t *part = json_object_get(value, parts[i]);
        if (json_is_string(part))
            buf_adds(&key, json_string_value(part));
        else if (json_is_integer(part))
            buf_addf(&key, "%lld", (long long)json_integer_value(part));
        buf_addc(&key, '\n');
    }
    return buf_steal(&key);
}

struct question {
    struct question *next; // of the open ones
    unsigned line;
    bool is_put; // else it waits for its line
    struct lock *lock;
    enum out_ask_kind kind;
    const char *text;
    char *answer;
    bool answered;
    bool cannot;
};

static void put_or_wait(struct question *q)
{
    bool behind = out_is_behind(q->line);
    q->is_put = !behind && !lent;
    if (q->is_put)
        ops->ask(q->kind, q->text, q);
    else if (behind)
        lines->asks(q->line);
}

static void put_question(void *data)
{
    struct question *q = data;
    q->next = open_questions;
    open_questions = q;
    bool own = lent && q->line == lent_to; // nobody would give the terminal back for it
    if (ops && ops->ask && !own) {
        put_or_wait(q);
    } else {
        q->cannot = true;
        out_answer(q, NULL);
    }
}

static void take_off_screen(struct question *q)
{
    if (q->is_put && ops && ops->ask_withdraw)
        ops->ask_withdraw(q);
    q->is_put = false;
}

static void forget_question(struct question *q)
{
    struct question **at = &open_questions;
    while (*at && *at != q)
        at = &(*at)->next;
    if (*at)
        *at = q->next;
}

static void withdraw_question(void *data)
{
    struct question *q = data;
    if (q->answered)
        return;
    take_off_screen(q);
    forget_question(q);
}

void out_line_moved(unsigned line)
{
    for (struct question *q = open_questions, *next; q; q = next) {
        next = q->next; // an answered one is its asker's again
        if (q->line != line || q->is_put != out_is_behind(line))
            continue;
        take_off_screen(q);
        put_or_wait(q);
    }
}

void out_refuse_waiting(void)
{
    for (struct question *q = open_questions, *next; q; q = next) {
        next = q->next;
        if (!q->is_put)
            out_answer(q, NULL);
    }
}

void out_answer(void *token, const char *answer)
{
    struct question *q = token;
    forget_question(q);
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
    struct question q = {.line = job_line(), .lock = lock_new(), .kind = kind, .text = question};
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
    if (r == 0)
        *ret_answer = q.answer;
    else
        mem_wipe_text(q.answer); // cancelled, and answered all the same
    lock_free(q.lock);
    return r;
}

struct borrower {
    unsigned line;
    bool raw, got;
};

static void lend(void *data)
{
    struct borrower *b = data;
    b->got = ops && ops->lend && !lent && !out_is_behind(b->line) && ops->lend(b->raw);
    lent = lent || b->got;
    lent_to = b->got ? b->line : lent_to;
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
    for (struct question *q = open_questions, *next; q; q = next) {
        next = q->next;
        if (!q->is_put && !out_is_behind(q->line))
            put_or_wait(q);
    }
}

int out_lend(bool raw, struct err *e)
{
    struct borrower b = {.line = job_line(), .raw = raw};
    job_call_main(lend, &b);
    return b.got ? 0 : err_set(e, ERR_UNSUPPORTED, "there is no terminal");
}

void out_take_back(void)
{
    job_call_main(take_back, NULL);
}
