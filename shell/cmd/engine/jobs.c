// SPDX-License-Identifier: GPL-3.0-or-later
// The table of running lines. Main thread; the lock is for jobs_wait(), which reads it from others. See jobs.h.
#include "cmd/engine/jobs.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "core/console/out.h"
#include "io/job.h"
#include "io/loop.h"

struct running {
    struct running *next; // begun later
    unsigned line;        // job_line() of all that works for it
    int number;           // 0: was never behind
    char *text;
    struct batch *batch; // NULL: it has ended
    bool json;
    bool in_front;
    bool cancelled;
    bool asks;    // a question of it waits
    bool is_told; // its end
    bool is_seen; // its end, by who waited or typed on
    double began_s, ended_s;
    unsigned moved;   // when it went behind, in the order of that
    json_t *progress; // out_progress_key() -> value
    int status;
};

// Jobs' threads look at the list, and at `number`, `batch`, `status` and `is_seen` of each, with the lock held.
static struct lock *lock;
static struct running *all;
static unsigned last_line, last_moved;
static int last_number;
static struct running *wanted; // by fg
static jobs_ended_fn *prompt_ended;
static void *prompt_data;
static void (*idle_fn)(void *data);
static void *idle_data;

static struct running *by_line(unsigned line)
{
    struct running *it = all;
    while (it && it->line != line)
        it = it->next;
    return it;
}

static const char *state_of(const struct running *it)
{
    if (it->batch)
        return it->asks ? "waits for an answer" : it->cancelled ? "cancelled, still running" : "running";
    return !it->status ? "done" : it->cancelled ? "cancelled" : "failed";
}

// ---- telling

static void tell(const struct running *it, const char *state)
{
    if (it->json)
        out_event(json_pack("{s:o, s:i, s:o, s:o}", "event", json_text("job"), "number", it->number, "state",
                            json_text(state), "command", json_text(it->text)));
    else
        out_notice(OUT_INFO, "[%d] %s%s%s", it->number, strcmp(state, "running") == 0 ? "" : state,
                   strcmp(state, "running") == 0 ? "" : ": ", it->text);
}

static bool is_behind(unsigned line)
{
    const struct running *it = prompt_ended ? by_line(line) : NULL;
    return it && !it->in_front;
}

static void asks(unsigned line)
{
    struct running *it = by_line(line);
    it->asks = true;
    out_notice(OUT_WARN, "[%d] waits for an answer: fg %d", it->number, it->number);
}

static void keep_progress(unsigned line, const json_t *value, bool done)
{
    struct running *it = by_line(line);
    if (!it)
        return;
    _cleanup_free_ char *key = out_progress_key(value);
    if (!it->progress)
        it->progress = json_object();
    if (done)
        json_object_del(it->progress, key);
    else
        json_object_set_new(it->progress, key, json_deep_copy(value));
}

// Onto the screen, or off it.
static void show_progress(const struct running *it, bool gone)
{
    const char *key;
    json_t *value;
    unsigned before = job_set_line(0); // it is kept already
    json_object_foreach(it->progress, key, value)
    {
        out_progress(json_deep_copy(value), gone);
    }
    job_set_line(before);
}

static const struct out_lines as_lines = {is_behind, asks, keep_progress};

// ---- beginning and ending

static struct running *add(const char *text, const struct batch_opts *opts)
{
    struct running *it = xnew(struct running), **at = &all;
    it->line = ++last_line;
    it->text = xstrdup(text);
    it->json = opts->json;
    it->began_s = clock_mono_s();
    while (*at)
        at = &(*at)->next;
    lock_acquire(lock);
    *at = it;
    lock_release(lock);
    return it;
}

static void forget(struct running *it)
{
    struct running **at = &all;
    while (*at != it)
        at = &(*at)->next;
    lock_acquire(lock);
    *at = it->next;
    lock_release(lock);
    free(it->text);
    free(it);
}

static void on_done(int status, bool quit, void *data)
{
    struct running *it = data;
    bool in_front = it->in_front;
    lock_acquire(lock);
    it->batch = NULL;
    it->status = status;
    it->is_seen = in_front;
    lock_wake(lock);
    lock_release(lock);
    it->in_front = false;
    it->asks = false;
    it->ended_s = clock_mono_s();
    json_decref(it->progress);
    it->progress = NULL;
    if (wanted == it)
        wanted = NULL;
    if (prompt_ended)
        prompt_ended(it, in_front, status, quit && in_front, prompt_data);
    if (!it->number)
        forget(it);
    if (idle_fn && !jobs_count()) {
        loop_post(idle_fn, idle_data);
        idle_fn = NULL;
    }
}

static void set_batch(struct running *it, struct batch *batch)
{
    lock_acquire(lock);
    it->batch = batch;
    lock_release(lock);
}

struct running *jobs_run(struct ctx *ctx, const char *text, const struct batch_opts *opts)
{
    struct running *it = add(text, opts);
    struct batch_opts own = *opts;
    own.line = it->line;
    it->in_front = true;
    lock_acquire(lock);
    for (struct running *other = all; other; other = other->next)
        other->is_seen |= !other->batch;
    lock_release(lock);
    set_batch(it, batch_line(ctx, text, &own, on_done, it));
    return it;
}

static void number(struct running *it)
{
    it->moved = ++last_moved;
    if (it->number)
        return;
    lock_acquire(lock);
    it->number = ++last_number;
    lock_release(lock);
}

static void run_behind(struct ctx *ctx, const char *text, const struct strv *words, const struct redirect *to,
                       const struct batch_opts *opts)
{
    struct running *it = add(text, opts);
    struct batch_opts own = *opts;
    own.line = it->line;
    own.part = false;
    own.repeat = NULL;
    number(it);
    tell(it, "running");
    set_batch(it, batch_words(ctx, words, to, &own, on_done, it));
}

void jobs_send_behind(struct running *it)
{
    it->in_front = false;
    number(it);
    show_progress(it, true);
    out_line_moved(it->line);
}

struct running *jobs_take_wanted(void)
{
    struct running *it = steal(&wanted);
    if (!it)
        return NULL;
    it->in_front = true;
    it->asks = false;
    tell(it, "running");
    show_progress(it, false);
    out_line_moved(it->line);
    return it;
}

const char *jobs_text(const struct running *it)
{
    return it->text;
}

int jobs_number(const struct running *it)
{
    return it->number;
}

void jobs_cancel(struct running *it)
{
    it->cancelled = true;
    batch_cancel(it->batch);
}

size_t jobs_cancel_all(void)
{
    size_t n = 0;
    for (struct running *it = all, *next; it; it = next) {
        next = it->next;
        if (it->batch && !it->cancelled) {
            jobs_cancel(it);
            n++;
        }
    }
    return n;
}

static void about_to_end(unsigned line, int status)
{
    struct running *it = line ? by_line(line) : NULL;
    if (!it || !it->number || it->in_front || it->is_told)
        return;
    it->is_told = true;
    tell(it, !status ? "done" : it->cancelled ? "cancelled" : "failed");
}

void jobs_init(void)
{
    static const struct batch_beside beside = {run_behind, about_to_end};
    lock = lock_new();
    out_set_lines(&as_lines);
    batch_set_beside(&beside);
}

size_t jobs_count(void)
{
    size_t n = 0;
    for (const struct running *it = all; it; it = it->next)
        n += it->batch != NULL;
    return n;
}

size_t jobs_beside(void)
{
    const struct running *own = by_line(job_line());
    return jobs_count() - (own && own->batch ? 1 : 0);
}

void jobs_each_behind(void (*fn)(const struct running *it, void *data), void *data)
{
    for (const struct running *it = all; it; it = it->next) {
        if (it->batch && !it->in_front)
            fn(it, data);
    }
}

void jobs_when_idle(void (*fn)(void *data), void *data)
{
    if (!jobs_count()) {
        loop_post(fn, data);
        return;
    }
    idle_fn = fn;
    idle_data = data;
}

int jobs_left_status(void)
{
    int status = 0;
    lock_acquire(lock);
    for (struct running *it = all; it; it = it->next) {
        status = status || it->batch || it->is_seen ? status : it->status;
        it->is_seen |= !it->batch;
    }
    lock_release(lock);
    return status;
}

void jobs_set_prompt(jobs_ended_fn *ended, void *data)
{
    prompt_ended = ended;
    prompt_data = data;
}

// ---- what the commands do

// "52 %, pass 2", of the first of what goes on.
static json_t *progress_of(const struct running *it)
{
    void *first = json_object_iter(it->progress);
    const json_t *value = first ? json_object_iter_value(first) : NULL;
    const char *detail = json_text_at(value, "detail"), *text = json_text_at(value, "text");
    const json_t *percent = json_object_get(value, "percent");
    _cleanup_buf_ struct buf b = BUF_INIT;
    if (!value)
        return NULL;
    if (detail && json_is_number(percent))
        buf_addf(&b, "%d %%, ", (int)json_number_value(percent));
    buf_adds(&b, detail ? detail : text ? text : "");
    return json_text(buf_str(&b));
}

json_t *jobs_list(bool ended_too)
{
    json_t *list = json_array();
    for (const struct running *it = all; it; it = it->next) {
        if (!it->number || (!it->batch && !ended_too))
            continue;
        json_t *row = json_pack("{s:i, s:o, s:I, s:o}", "number", it->number, "state", json_text(state_of(it)),
                                "seconds", (json_int_t)((it->batch ? clock_mono_s() : it->ended_s) - it->began_s),
                                "command", json_text(it->text));
        json_t *progress = it->batch ? progress_of(it) : NULL;
        if (progress)
            json_object_set_new(row, "progress", progress);
        if (!it->batch)
            json_object_set_new(row, "status", json_integer(it->status));
        json_array_append_new(list, row);
    }
    return list;
}

static struct running *find(const char *name, struct err *e)
{
    long long n;
    struct running *it = all;
    if (str_to_int(*name == '%' ? name + 1 : name, 1, 0x7fffffff, &n) == 0) {
        while (it && it->number != n)
            it = it->next;
        if (it)
            return it;
    }
    err_set(e, ERR_NOT_FOUND, "there is no job '%s'", name);
    err_hint(e, "jobs lists them");
    return NULL;
}

static struct running *find_running(const char *name, struct err *e)
{
    struct running *it = find(name, e);
    if (!it || it->batch)
        return it;
    err_set(e, ERR_STATE, "job %d has ended (%s): %s", it->number, state_of(it), it->text);
    return NULL;
}

static int nothing_runs(struct err *e)
{
    err_set(e, ERR_NOT_FOUND, "nothing runs behind the prompt");
    return err_hint(e, "a command that ends in & does, and one that Ctrl-Z is pressed at");
}

int jobs_to_front(const char *name, struct err *e)
{
    const struct running *own = by_line(job_line());
    if (!own || !own->in_front)
        return err_set(e, ERR_UNSUPPORTED, "fg is for the prompt");
    struct running *it = name ? find_running(name, e) : NULL;
    if (name && !it)
        return -1;
    for (struct running *other = name ? NULL : all; other; other = other->next) {
        if (other != own && other->batch && other->number && (!it || other->moved > it->moved))
            it = other;
    }
    if (!it)
        return nothing_runs(e);
    wanted = it;
    return 0;
}

int jobs_cancel_named(const char *name, json_t **ret, struct err *e)
{
    const struct running *own = by_line(job_line());
    struct running *it = name ? find_running(name, e) : NULL;
    if (name && !it)
        return -1;
    for (struct running *other = name ? NULL : all; other; other = other->next) {
        if (!other->batch || !other->number || other == own)
            continue;
        if (it) {
            err_set(e, ERR_USAGE, "several jobs run: which is to be cancelled?");
            return err_hint(e, "jobs lists them");
        }
        it = other;
    }
    if (!it)
        return nothing_runs(e);
    *ret = json_pack("{s:i, s:o}", "number", it->number, "command", json_text(it->text));
    jobs_cancel(it);
    return 0;
}

void jobs_complete(struct ctx *ctx, const char *prefix, struct strv *out)
{
    (void)ctx;
    for (const struct running *it = all; it; it = it->next) {
        _cleanup_free_ char *n = xasprintf("%d", it->number);
        if (it->batch && it->number && str_starts(n, prefix))
            strv_add(out, n);
    }
}

// With the lock held: those of the names, or all that are of interest, as line numbers; -1: one is unknown.
static int choose(const struct strv *names, unsigned **ret, size_t *ret_n, struct err *e)
{
    size_t n = 0;
    for (struct running *it = all; it; it = it->next)
        n++;
    *ret = xcalloc(n + names->n + 1, sizeof(**ret));
    *ret_n = 0;
    for (size_t i = 0; i < names->n; i++) {
        struct running *it = find(names->s[i], e);
        if (!it)
            return -1;
        if (it->line == job_line())
            return err_set(e, ERR_USAGE, "job %d would wait for itself", it->number);
        (*ret)[(*ret_n)++] = it->line;
    }
    for (struct running *it = names->n ? NULL : all; it; it = it->next) {
        if (it->number && it->line != job_line() && (it->batch || !it->is_seen))
            (*ret)[(*ret_n)++] = it->line;
    }
    return 0;
}

static bool all_ended(const unsigned *lines, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (by_line(lines[i])->batch)
            return false;
    }
    return true;
}

int jobs_wait(struct job *job, const struct strv *names, int *ret_status, json_t **ret, struct err *e)
{
    _cleanup_free_ unsigned *lines = NULL;
    size_t n = 0;
    *ret_status = 0;
    lock_acquire(lock);
    int r = choose(names, &lines, &n, e);
    while (r == 0 && !all_ended(lines, n))
        r = lock_wait(lock, job, -1, e);
    json_t *list = json_array();
    for (size_t i = 0; i < n && r == 0; i++) {
        struct running *it = by_line(lines[i]);
        it->is_seen = true;
        *ret_status = *ret_status ? *ret_status : it->status;
        json_array_append_new(list,
                              json_pack("{s:i, s:o, s:i, s:o}", "number", it->number, "state", json_text(state_of(it)),
                                        "status", it->status, "command", json_text(it->text)));
    }
    lock_release(lock);
    if (r == 0)
        *ret = list;
    else
        json_decref(list);
    return r;
}
