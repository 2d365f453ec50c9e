// SPDX-License-Identifier: GPL-3.0-or-later
// io/job and io/loop: results arrive on the main thread, cancelling wakes every kind of wait, hooks run once, fan-out
// runs every index. Also built with ThreadSanitizer.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <poll.h>
#include <stdatomic.h>
#include <string.h>

#include "base/mem.h"
#include "io/job.h"
#include "io/loop.h"

struct probe {
    bool done, on_main;
    int value;
    enum err_code code;
    struct lock *lock;
    atomic_int hooks, started;
};

static void finished(struct job *job, void *arg)
{
    (void)job;
    struct probe *p = arg;
    p->on_main = job_on_main();
    p->done = true;
}

static void add_one(void *data)
{
    struct probe *p = data;
    assert_true(job_on_main());
    p->value++;
}

static void count_to_five(struct job *job, void *arg)
{
    struct probe *p = arg;
    assert_false(job_on_main());
    for (int i = 0; i < 5; i++)
        job_call_main(add_one, p);
    assert_false(job_cancelled(job));
}

static void note_line(struct job *job, size_t i, void *arg)
{
    (void)job;
    unsigned *lines = arg;
    lines[i] = job_line();
}

static void note_thread(void *arg)
{
    note_line(NULL, 2, arg);
}

static void note_main(void *arg)
{
    note_line(NULL, 3, arg);
}

static void note_all(struct job *job, void *arg)
{
    struct err e = ERR_INIT;
    job_parallel(job, 2, 2, note_line, arg);
    job_thread_join(job_thread_start("note", note_thread, arg, &e));
    job_call_main(note_main, arg);
}

static void note_end(struct job *job, void *arg)
{
    unsigned *lines = arg;
    note_line(job, 4, arg);
    lines[5] = 1;
}

static void threads_work_for_their_starters_line(void **state)
{
    (void)state;
    unsigned lines[] = {0, 0, 0, 9, 9, 0};
    struct err e = ERR_INIT;
    assert_int_equal(job_set_line(7), 0);
    job_start("note", note_all, note_end, lines, &e);
    assert_int_equal(job_set_line(0), 7);
    while (!lines[5])
        loop_run_once();
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(lines[i], 7);
    assert_int_equal(lines[3], 0); // what the loop calls is nobody's
    assert_int_equal(lines[4], 0);
}

static void results_come_home(void **state)
{
    (void)state;
    struct probe p = {0};
    job_start("count", count_to_five, finished, &p, &(struct err)ERR_INIT);
    assert_int_equal(job_count(), 1);
    loop_run_until(&p.done);
    assert_int_equal(p.value, 5);
    assert_true(p.on_main);
    assert_int_equal(job_count(), 0);
}

static void sleep_long(struct job *job, void *arg)
{
    struct probe *p = arg;
    struct err e = ERR_INIT;
    atomic_store(&p->started, 1);
    assert_int_equal(job_sleep(job, 60e3, &e), -1);
    p->code = e.code;
    err_release(&e);
}

static void wait_long(struct job *job, void *arg)
{
    struct probe *p = arg;
    struct err e = ERR_INIT;
    lock_acquire(p->lock);
    atomic_store(&p->started, 1);
    int r = 0;
    while (r == 0)
        r = lock_wait(p->lock, job, -1, &e);
    lock_release(p->lock);
    p->code = e.code;
    err_release(&e);
}

static void hook(void *data)
{
    struct probe *p = data;
    atomic_fetch_add(&p->hooks, 1);
}

static void wait_for_hook(struct job *job, void *arg)
{
    struct probe *p = arg;
    struct job_hook h = {.fn = hook, .data = p};
    job_hook_push(job, &h);
    atomic_store(&p->started, 1);
    struct pollfd pfd = {job_cancel_fd(job), POLLIN, 0};
    (void)poll(&pfd, 1, -1);
    job_hook_pop(job, &h);
    struct err e = ERR_INIT;
    job_check(job, &e);
    p->code = e.code;
    err_release(&e);
}

static void cancel_ends(job_run_fn *run)
{
    struct probe p = {.lock = lock_new()};
    struct job *job = job_start("wait", run, finished, &p, &(struct err)ERR_INIT);
    while (!atomic_load(&p.started))
        (void)poll(NULL, 0, 1);
    job_cancel(job);
    job_cancel(job);
    loop_run_until(&p.done);
    assert_int_equal(p.code, ERR_CANCELLED);
    assert_true(atomic_load(&p.hooks) <= 1);
    lock_free(p.lock);
}

static void cancel_wakes_sleep(void **state)
{
    (void)state;
    cancel_ends(sleep_long);
}

static void cancel_wakes_lock(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++)
        cancel_ends(wait_long);
}

static void cancel_runs_hooks(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++)
        cancel_ends(wait_for_hook);
}

static void mark(struct job *job, size_t i, void *arg)
{
    (void)job;
    atomic_int *seen = arg;
    atomic_fetch_add(&seen[i], 1);
}

static void fan_out(struct job *job, void *arg)
{
    job_parallel(job, 100, 8, mark, arg);
}

struct fan {
    struct probe p;
    atomic_int seen[100];
};

static void fan_job(struct job *job, void *arg)
{
    struct fan *f = arg;
    fan_out(job, f->seen);
}

static void parallel_runs_each_once(void **state)
{
    (void)state;
    struct fan f = {0};
    job_start("fan", fan_job, finished, &f, &(struct err)ERR_INIT);
    loop_run_until(&f.p.done);
    for (size_t i = 0; i < ARRAY_SIZE(f.seen); i++)
        assert_int_equal(atomic_load(&f.seen[i]), 1);
}

static void lock_wait_times_out(void **state)
{
    (void)state;
    struct lock *l = lock_new();
    struct err e = ERR_INIT;
    lock_acquire(l);
    assert_int_equal(lock_wait(l, NULL, 5, &e), -1);
    lock_release(l);
    assert_int_equal(e.code, ERR_TIMEOUT);
    err_release(&e);
    lock_free(l);
}

static void on_timer(int id, void *data)
{
    bool *fired = data;
    *fired = true;
    loop_remove_timer(id);
}

static void timers_fire(void **state)
{
    (void)state;
    bool fired = false;
    loop_add_timer(1, on_timer, &fired);
    loop_run_until(&fired);
    assert_true(fired);
}

static int start(void **state)
{
    (void)state;
    struct err e = ERR_INIT;
    return loop_init(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_come_home),   cmocka_unit_test(threads_work_for_their_starters_line),
        cmocka_unit_test(cancel_wakes_sleep),  cmocka_unit_test(cancel_wakes_lock),
        cmocka_unit_test(cancel_runs_hooks),   cmocka_unit_test(parallel_runs_each_once),
        cmocka_unit_test(lock_wait_times_out), cmocka_unit_test(timers_fire),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
