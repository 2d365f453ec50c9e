// SPDX-License-Identifier: GPL-3.0-or-later
// Threads, cancellation, locks. The only file besides loop.c and probe.c that includes pthread. See job.h.
#include "io/job.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "io/loop.h"

enum { AT_ONCE = 32 };

enum hook_state { HOOK_WAITING, HOOK_RUNNING, HOOK_RAN };

struct job {
    char *name;
    job_run_fn *run;
    job_done_fn *done;
    void *arg;
    unsigned line;
    pthread_t thread;
    int cancel_fd;
    atomic_bool cancelled;
    atomic_int refs; // the job itself, and a canceller thread while it runs
    pthread_mutex_t lock;
    pthread_cond_t hook_ended;
    struct job_hook *hooks;
    struct waiter *waiters; // lock_wait() calls in progress
};

struct lock {
    pthread_mutex_t mutex;
    pthread_cond_t cond;
};

struct waiter {
    struct lock *on;
    struct waiter *next;
};

static _Thread_local bool this_is_worker;
static _Thread_local unsigned this_line;
static atomic_size_t jobs_alive;

bool job_on_main(void)
{
    return !this_is_worker;
}

unsigned job_line(void)
{
    return this_line;
}

unsigned job_set_line(unsigned line)
{
    unsigned before = this_line;
    this_line = line;
    return before;
}

static void begin_worker(unsigned line)
{
    this_is_worker = true;
    this_line = line;
}

size_t job_count(void)
{
    return atomic_load(&jobs_alive);
}

static void job_unref(struct job *job)
{
    if (atomic_fetch_sub(&job->refs, 1) != 1)
        return;
    close(job->cancel_fd);
    pthread_mutex_destroy(&job->lock);
    pthread_cond_destroy(&job->hook_ended);
    free(job->name);
    free(job);
}

static void finish_on_main(void *data)
{
    struct job *job = data;
    // It has nothing left to do but to let the libraries free what they keep for each thread (OpenSSL does), which must
    // not still be going on when the process ends.
    pthread_join(job->thread, NULL);
    atomic_fetch_sub(&jobs_alive, 1);
    job->done(job, job->arg);
    job_unref(job);
}

// 0, or what errno is called then. `ret` NULL: nobody will join it.
static int start_thread(void *(*fn)(void *), void *arg, pthread_t *ret, const char *name)
{
    pthread_t t;
    int errnum = pthread_create(&t, NULL, fn, arg);
    if (errnum)
        return errnum;
    char shortened[16] = {0};
    for (size_t i = 0; i < sizeof(shortened) - 1 && name[i]; i++)
        shortened[i] = name[i];
    pthread_setname_np(t, shortened);
    if (ret)
        *ret = t;
    else
        pthread_detach(t);
    return 0;
}

static void *job_thread_main(void *data)
{
    struct job *job = data;
    begin_worker(job->line);
    job->run(job, job->arg);
    loop_post(finish_on_main, job);
    return NULL;
}

static int cannot_start(int errnum, const char *name, struct err *e)
{
    err_errno(e, errnum, "cannot start '%s'", name);
    return err_hint(e, "too much is going on at once: wait for some of it, or raise ulimit -n and -u");
}

struct job *job_start(const char *name, job_run_fn *run, job_done_fn *done, void *arg, struct err *e)
{
    struct job *job = xnew(struct job);
    job->name = xstrdup(name);
    job->run = run;
    job->done = done;
    job->arg = arg;
    job->line = this_line;
    job->cancel_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (job->cancel_fd < 0) {
        cannot_start(errno, name, e);
        free(job->name);
        free(job);
        return NULL;
    }
    atomic_init(&job->refs, 1);
    pthread_mutex_init(&job->lock, NULL);
    pthread_cond_init(&job->hook_ended, NULL);
    atomic_fetch_add(&jobs_alive, 1);
    int errnum = start_thread(job_thread_main, job, &job->thread, name);
    if (!errnum)
        return job;
    atomic_fetch_sub(&jobs_alive, 1);
    job_unref(job);
    cannot_start(errnum, name, e);
    return NULL;
}

// Runs the hooks, newest first; the list is private to the lock, a hook itself runs without it.
static void run_hooks(struct job *job)
{
    pthread_mutex_lock(&job->lock);
    for (;;) {
        struct job_hook *h = job->hooks;
        while (h && h->state != HOOK_WAITING)
            h = h->next;
        if (!h)
            break;
        h->state = HOOK_RUNNING;
        pthread_mutex_unlock(&job->lock);
        h->fn(h->data);
        pthread_mutex_lock(&job->lock);
        h->state = HOOK_RAN;
        pthread_cond_broadcast(&job->hook_ended);
    }
    pthread_mutex_unlock(&job->lock);
    job_unref(job);
}

static void *canceller(void *data)
{
    struct job *job = data;
    begin_worker(job->line);
    run_hooks(job);
    return NULL;
}

void job_cancel(struct job *job)
{
    if (atomic_exchange(&job->cancelled, true))
        return;
    uint64_t one = 1;
    (void)!write(job->cancel_fd, &one, sizeof(one));
    pthread_mutex_lock(&job->lock);
    for (struct waiter *w = job->waiters; w; w = w->next)
        pthread_cond_broadcast(&w->on->cond);
    bool hooks = job->hooks != NULL;
    pthread_mutex_unlock(&job->lock);
    if (hooks) {
        atomic_fetch_add(&job->refs, 1);
        if (start_thread(canceller, job, NULL, "cancel") != 0)
            run_hooks(job); // better late than not at all
    }
}

bool job_cancelled(const struct job *job)
{
    return job && atomic_load(&job->cancelled);
}

int job_check(const struct job *job, struct err *e)
{
    return job_cancelled(job) ? err_set(e, ERR_CANCELLED, "cancelled") : 0;
}

int job_cancel_fd(const struct job *job)
{
    return job ? job->cancel_fd : -1;
}

int job_sleep(struct job *job, double ms, struct err *e)
{
    double end = clock_mono_ms() + ms;
    for (;;) {
        if (job_check(job, e) < 0)
            return -1;
        double left = end - clock_mono_ms();
        if (left <= 0)
            return 0;
        struct timespec wait = {(time_t)(left / 1e3), (long)((left - 1e3 * (double)(time_t)(left / 1e3)) * 1e6)};
        struct pollfd pfd = {job_cancel_fd(job), POLLIN, 0};
        (void)ppoll(&pfd, 1, &wait, NULL);
    }
}

void job_hook_push(struct job *job, struct job_hook *hook)
{
    if (!job)
        return;
    pthread_mutex_lock(&job->lock);
    hook->state = HOOK_WAITING;
    hook->next = job->hooks;
    job->hooks = hook;
    pthread_mutex_unlock(&job->lock);
}

void job_hook_pop(struct job *job, struct job_hook *hook)
{
    if (!job)
        return;
    pthread_mutex_lock(&job->lock);
    while (hook->state == HOOK_RUNNING)
        pthread_cond_wait(&job->hook_ended, &job->lock);
    struct job_hook **p = &job->hooks;
    while (*p && *p != hook)
        p = &(*p)->next;
    if (*p)
        *p = hook->next;
    pthread_mutex_unlock(&job->lock);
}

struct fan_out {
    struct job *job;
    unsigned line;
    size_t n;
    atomic_size_t next;
    void (*fn)(struct job *job, size_t i, void *arg);
    void *arg;
};

static void *fan_out_main(void *data)
{
    struct fan_out *f = data;
    for (;;) {
        size_t i = atomic_fetch_add(&f->next, 1);
        if (i >= f->n)
            return NULL;
        f->fn(f->job, i, f->arg);
    }
}

static void *fan_out_worker(void *data)
{
    struct fan_out *f = data;
    begin_worker(f->line);
    return fan_out_main(f);
}

void job_parallel(struct job *job, size_t n, size_t workers, void (*fn)(struct job *job, size_t i, void *arg),
                  void *arg)
{
    struct fan_out f = {.job = job, .line = this_line, .n = n, .fn = fn, .arg = arg};
    size_t extra = (n < workers ? n : workers);
    extra = extra ? extra - 1 : 0;
    pthread_t *threads = xcalloc(extra, sizeof(*threads));
    size_t started = 0; // those that are there do the work of those that are not
    while (started < extra && start_thread(fan_out_worker, &f, &threads[started], "fan-out") == 0)
        started++;
    fan_out_main(&f);
    for (size_t i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    free(threads);
}

void job_each(struct job *job, size_t n, void (*fn)(struct job *job, size_t i, void *arg), void *arg)
{
    job_parallel(job, n, AT_ONCE, fn, arg);
}

struct main_call {
    void (*fn)(void *data);
    void *data;
    struct lock *lock;
    bool ran;
};

static void run_main_call(void *data)
{
    struct main_call *c = data;
    c->fn(c->data);
    lock_acquire(c->lock);
    c->ran = true;
    lock_wake(c->lock);
    lock_release(c->lock);
}

void job_call_main(void (*fn)(void *data), void *data)
{
    if (job_on_main()) {
        fn(data);
        return;
    }
    struct main_call c = {fn, data, lock_new(), false};
    loop_post(run_main_call, &c);
    struct err never = ERR_INIT;
    lock_acquire(c.lock);
    while (!c.ran)
        lock_wait(c.lock, NULL, -1, &never);
    lock_release(c.lock);
    lock_free(c.lock);
}

struct lock *lock_new(void)
{
    struct lock *l = xnew(struct lock);
    pthread_mutex_init(&l->mutex, NULL);
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&l->cond, &attr);
    pthread_condattr_destroy(&attr);
    return l;
}

void lock_free(struct lock *l)
{
    if (!l)
        return;
    pthread_mutex_destroy(&l->mutex);
    pthread_cond_destroy(&l->cond);
    free(l);
}

void lock_acquire(struct lock *l)
{
    pthread_mutex_lock(&l->mutex);
}

void lock_release(struct lock *l)
{
    pthread_mutex_unlock(&l->mutex);
}

static void waiter_remove(struct job *job, struct waiter *w)
{
    pthread_mutex_lock(&job->lock);
    struct waiter **p = &job->waiters;
    while (*p != w)
        p = &(*p)->next;
    *p = w->next;
    pthread_mutex_unlock(&job->lock);
}

// The longest sleep without a look at the flag: job_cancel() broadcasts without holding the lock waited on (it could
// not know which), so a wake-up can fall between our check and the wait.
static const double WAIT_SLICE_MS = 200;

static struct timespec after_ms(double ms)
{
    int64_t ns = clock_mono_ns() + (int64_t)(ms * 1e6);
    return (struct timespec){(time_t)(ns / 1000000000), (long)(ns % 1000000000)};
}

int lock_wait(struct lock *l, struct job *job, double timeout_ms, struct err *e)
{
    struct waiter w = {l, NULL};
    if (job) {
        pthread_mutex_lock(&job->lock);
        w.next = job->waiters;
        job->waiters = &w;
        pthread_mutex_unlock(&job->lock);
    }
    int r = ETIMEDOUT;
    double left = timeout_ms;
    while (r == ETIMEDOUT && !job_cancelled(job) && (timeout_ms < 0 || left > 0)) {
        double slice = timeout_ms < 0 || left > WAIT_SLICE_MS ? WAIT_SLICE_MS : left;
        struct timespec at = after_ms(slice);
        r = pthread_cond_timedwait(&l->cond, &l->mutex, &at);
        left -= slice;
    }
    if (job)
        waiter_remove(job, &w);
    if (job_check(job, e) < 0)
        return -1;
    if (r == ETIMEDOUT)
        return err_set(e, ERR_TIMEOUT, "timed out after %.0f ms", timeout_ms);
    return 0;
}

void lock_wake(struct lock *l)
{
    pthread_cond_broadcast(&l->cond);
}

struct job_thread {
    pthread_t thread;
    atomic_int refs; // the thread's own and its owner's
    unsigned line;
    void (*fn)(void *arg);
    void *arg;
};

static void job_thread_unref(struct job_thread *t)
{
    if (atomic_fetch_sub(&t->refs, 1) == 1)
        free(t);
}

static void *plain_thread_main(void *data)
{
    struct job_thread *t = data;
    begin_worker(t->line);
    t->fn(t->arg);
    job_thread_unref(t);
    return NULL;
}

struct job_thread *job_thread_start(const char *name, void (*fn)(void *arg), void *arg, struct err *e)
{
    struct job_thread *t = xnew(struct job_thread);
    t->fn = fn;
    t->arg = arg;
    t->line = this_line;
    atomic_init(&t->refs, 2);
    int errnum = start_thread(plain_thread_main, t, &t->thread, name);
    if (!errnum)
        return t;
    cannot_start(errnum, name, e);
    free(t);
    return NULL;
}

void job_thread_join(struct job_thread *t)
{
    if (!t)
        return;
    pthread_join(t->thread, NULL);
    job_thread_unref(t);
}

void job_thread_leave(struct job_thread *t)
{
    if (!t)
        return;
    pthread_detach(t->thread);
    job_thread_unref(t);
}

void job_thread_detached(const char *name, void (*fn)(void *arg), void *arg)
{
    _cleanup_err_ struct err e = ERR_INIT;
    struct job_thread *t = job_thread_start(name, fn, arg, &e);
    if (t)
        job_thread_leave(t);
    else
        fn(arg); // it will take the caller's time
}
