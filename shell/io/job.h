// SPDX-License-Identifier: GPL-3.0-or-later
// Jobs: everything that blocks (libvirt, libssh, name resolution, copying) runs on a thread of its own with its own
// copy of its arguments; the result comes back to the main thread through the loop. Cancelling is cooperative: a flag,
// a file descriptor to poll, and hooks that unblock what cannot poll (virDomainAbortJob, closing a socket). This header
// is also the only place that hands out threads, locks and conditions: pthread stays inside io/job.c.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct job;

typedef void job_run_fn(struct job *job, void *arg);  // on the job's thread
typedef void job_done_fn(struct job *job, void *arg); // on the main thread, exactly once; the job is freed afterwards

// Starts a job. Main thread only. `arg` belongs to the job until done() has run. A job in flight keeps the process
// alive only as long as somebody waits for it. NULL (ERR_IO): there is no descriptor or thread left; done() will not
// run.
struct job *job_start(const char *name, job_run_fn *run, job_done_fn *done, void *arg, struct err *e);

// Asks the job to end: sets the flag, wakes its fd and its lock_wait(), runs its hooks (on a thread made for that:
// hooks may block). Any thread; the second and later calls do nothing.
void job_cancel(struct job *job);

// The rest is called from the job's own thread(s). `job` may be NULL in all of them (code that runs outside any job,
// such as a unit test): never cancelled, fd -1.
bool job_cancelled(const struct job *job);
int job_check(const struct job *job, struct err *e);      // -1 and ERR_CANCELLED once cancelled
int job_cancel_fd(const struct job *job);                 // readable once cancelled; poll it, never read it
int job_sleep(struct job *job, double ms, struct err *e); // -1 and ERR_CANCELLED when cut short

struct job_hook {
    void (*fn)(void *data);
    void *data;
    struct job_hook *next; // private
    int state;             // private
};
// Push before a call that cannot poll, then job_check(), then call, then pop. A hook runs at most once, and pop waits
// for one that is running. Memory is the caller's.
void job_hook_push(struct job *job, struct job_hook *hook);
void job_hook_pop(struct job *job, struct job_hook *hook);

// What is asked of each of several nodes: job_parallel() with as many threads as is good for that. fn keeps its errors
// for itself; err_join() makes one of them.
void job_each(struct job *job, size_t n, void (*fn)(struct job *job, size_t i, void *arg), void *arg);
// Runs fn(job, i, arg) for every i < n on at most `workers` threads (the caller's own among them) and returns when all
// have ended. Cancelling the job does not skip an i: fn is expected to look at job_check() itself.
void job_parallel(struct job *job, size_t n, size_t workers, void (*fn)(struct job *job, size_t i, void *arg),
                  void *arg);

// Runs fn(data) on the main thread and waits until it has returned. On the main thread it is a plain call.
void job_call_main(void (*fn)(void *data), void *data);

// A lock with one condition.
struct lock;
struct lock *lock_new(void);
void lock_free(struct lock *l);
void lock_acquire(struct lock *l);
void lock_release(struct lock *l);
// Waits, with the lock held, until lock_wake(), `timeout_ms` (<0: for ever), or the job is cancelled; spurious returns
// are possible. 0, or -1 with ERR_CANCELLED / ERR_TIMEOUT.
int lock_wait(struct lock *l, struct job *job, double timeout_ms, struct err *e);
void lock_wake(struct lock *l); // all that wait

// A thread outside the job system, for what has its own deadlines or may block beyond a cancellation: no cancellation
// but what the caller provides.
struct job_thread;
struct job_thread *job_thread_start(const char *name, void (*fn)(void *arg), void *arg,
                                    struct err *e); // NULL: as above
void job_thread_join(struct job_thread *t);         // frees it; NULL is fine
// Instead of joining: it may be blocked for a long time, ends by itself, and shares nothing that is not its own.
void job_thread_leave(struct job_thread *t);

// One that nobody waits for: for calls that cannot be interrupted and may be left behind (name resolution). Where there
// is no thread left, fn runs here and now.
void job_thread_detached(const char *name, void (*fn)(void *arg), void *arg);

// For which line of the prompt a thread works (cmd/engine/jobs.h); 0: for none. Jobs and threads have it from whoever
// starts them; what is called by the loop has none. job_set_line() returns the one before.
unsigned job_line(void);
unsigned job_set_line(unsigned line);

bool job_on_main(void);
// Jobs started whose done() has not run.
size_t job_count(void);
