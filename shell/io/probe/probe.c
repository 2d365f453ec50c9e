// SPDX-License-Identifier: GPL-3.0-or-later
// The probe thread: deadlines, scheduling and privileges. See probe.h. The loop must not allocate, print,
// or wait for anything but its deadline and its sockets.
#include "io/probe/probe.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "io/job.h"
#include "io/probe/priv.h"

static const int64_t MS = 1000000;
static const int64_t LAZY_COLLECT_NS = 20000000; // below this interval the deadline itself is soon enough to collect

struct probe {
    struct lane *lanes;
    size_t n_lanes;
    struct pollfd *fds; // stop, then one for each lane
    int64_t interval_ns, duration_ns, patience_ns, real_offset_ns;
    uint64_t count;
    int stop_fd, ended_fd;
    atomic_bool stopping, abandoned, ended, full;
    _Atomic(const char *) scheduling;
    struct job_thread *thread;
};

// Ahead of everything that is not real-time; failing that, ahead of what is nice; failing that, as anybody.
static const char *raise_priority(void)
{
    struct sched_param lowest = {.sched_priority = 1};
    prctl(PR_SET_TIMERSLACK, 1UL);
    if (sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &lowest) == 0)
        return "fifo";
    return setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), -20) == 0 ? "nice" : "normal";
}

// Capabilities are per thread: the rest of the program keeps what it has. This thread keeps none but the one that lets
// it lock the rest of its store.
static void drop_capabilities(void)
{
    cap_t have = cap_get_proc(), want = cap_init();
    cap_value_t lock = CAP_IPC_LOCK;
    cap_flag_value_t permitted = CAP_CLEAR;
    if (have && want && cap_get_flag(have, lock, CAP_PERMITTED, &permitted) == 0) {
        if (permitted == CAP_SET) {
            cap_set_flag(want, CAP_PERMITTED, 1, &lock, CAP_SET);
            cap_set_flag(want, CAP_EFFECTIVE, 1, &lock, CAP_SET);
        }
        if (cap_set_proc(want) < 0)
            abort(); // giving up privileges never fails
    }
    cap_free(have);
    cap_free(want);
}

// Waits until `until` or until something can be collected; stamped kinds are left for the deadline unless `eager`.
static void wait_and_collect(struct probe *p, int64_t until, bool eager)
{
    int64_t left = until - clock_mono_ns();
    if (left < 0)
        left = 0;
    struct timespec t = {left / 1000000000, left % 1000000000};
    for (size_t i = 0; i < p->n_lanes; i++)
        p->fds[i + 1].fd = eager || !p->lanes[i].kernel_time ? p->lanes[i].fd : -1;
    p->fds[0].fd = atomic_load(&p->stopping) ? -1 : p->stop_fd;
    if (ppoll(p->fds, p->n_lanes + 1, &t, NULL) <= 0)
        return;
    for (size_t i = 0; i < p->n_lanes; i++)
        if (p->fds[i + 1].fd >= 0 && p->fds[i + 1].revents)
            p->lanes[i].ops->collect(&p->lanes[i]);
}

// What is due at deadline number `tick`. False when all have sent their count, or one has no room.
static bool send_round(struct probe *p, int64_t tick)
{
    bool more = p->count == 0;
    for (size_t i = 0; i < p->n_lanes; i++) {
        struct lane *l = &p->lanes[i];
        size_t sent = atomic_load_explicit(&l->sent, memory_order_relaxed);
        if ((p->count && sent >= p->count) || tick < l->next_tick)
            continue;
        if (sent == l->cap) {
            atomic_store(&p->full, true);
            return false;
        }
        lane_send(l);
        l->next_tick = tick - tick % l->every + l->every;
    }
    for (size_t i = 0; i < p->n_lanes; i++) {
        struct lane *l = &p->lanes[i];
        l->ops->collect(l);
        lane_prefault(l);
        more = more || atomic_load_explicit(&l->sent, memory_order_relaxed) < p->count;
    }
    return more;
}

static void probe_loop(struct probe *p)
{
    int64_t start = clock_mono_ns(), deadline = start;
    bool eager = p->interval_ns >= LAZY_COLLECT_NS;
    while (!atomic_load(&p->stopping)) {
        int64_t now = clock_mono_ns();
        if (now < deadline) {
            wait_and_collect(p, deadline, eager);
            continue;
        }
        if (p->duration_ns && deadline - start >= p->duration_ns)
            return;
        if (!send_round(p, (deadline - start) / p->interval_ns))
            return;
        // The next deadline on the grid: those that were missed stay missed.
        deadline += p->interval_ns * (1 + (now - deadline) / p->interval_ns);
    }
}

static bool all_settled(const struct probe *p, int64_t since)
{
    for (size_t i = 0; i < p->n_lanes; i++) {
        const struct lane *l = &p->lanes[i];
        for (size_t seq = atomic_load(&l->sent); seq-- > 0 && atomic_load(&l->slots[seq].sent_ns) >= since;)
            if (!lane_settled(l, (uint32_t)seq))
                return false;
    }
    return true;
}

// What is on the way at the end gets its time, but no more than it needs.
static void linger(struct probe *p)
{
    int64_t last = clock_mono_ns(), end = last + p->patience_ns, now;
    while ((now = clock_mono_ns()) < end && !atomic_load(&p->abandoned) && !all_settled(p, last - p->patience_ns)) {
        wait_and_collect(p, now + 5 * MS < end ? now + 5 * MS : end, true);
        struct timespec pause = {0, MS}; // one look at the tail a millisecond, however many answers arrive
        clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
    }
    for (size_t i = 0; i < p->n_lanes; i++)
        p->lanes[i].ops->collect(&p->lanes[i]);
}

static void probe_main(void *arg)
{
    struct probe *p = arg;
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
    atomic_store(&p->scheduling, raise_priority());
    drop_capabilities();
    probe_loop(p);
    linger(p);
    atomic_store(&p->ended, true);
    uint64_t one = 1;
    (void)!write(p->ended_fd, &one, sizeof(one));
}

static int open_lanes(struct probe *p, const struct probe_opts *opts, struct err *e)
{
    uint64_t expected = opts->count;
    if (opts->duration_ns) {
        uint64_t by_time = (uint64_t)(opts->duration_ns / opts->interval_ns) + 1;
        expected = expected && expected < by_time ? expected : by_time;
    }
    for (size_t i = 0; i < opts->n_targets; i++) {
        const struct probe_target *t = &opts->targets[i];
        struct lane *l = &p->lanes[i];
        l->ops = t->kind == PROBE_ICMP ? &lane_icmp : &lane_stream;
        l->kernel_time = t->kind == PROBE_ICMP;
        l->patience_ns = opts->patience_ns;
        l->every = t->every > 1 ? t->every : 1;
        if (lane_reserve(l, expected, e) < 0)
            return -1;
        if (l->ops->open(l, t, e) < 0) {
            char text[128];
            probe_addr_text(&t->addr, text, sizeof(text));
            return err_wrap(e, "%s", text);
        }
    }
    return 0;
}

int probe_start(const struct probe_opts *opts, struct probe **ret, struct err *e)
{
    if (opts->interval_ns < MS / 10)
        return err_set(e, ERR_USAGE, "an interval below 0.1 ms is too short");
    struct probe *p = xnew(struct probe);
    p->lanes = xcalloc(opts->n_targets, sizeof(*p->lanes));
    p->n_lanes = opts->n_targets;
    for (size_t i = 0; i < p->n_lanes; i++)
        p->lanes[i].fd = -1;
    p->fds = xcalloc(p->n_lanes + 1, sizeof(*p->fds));
    for (size_t i = 0; i <= p->n_lanes; i++)
        p->fds[i].events = POLLIN;
    p->interval_ns = opts->interval_ns;
    p->duration_ns = opts->duration_ns;
    p->patience_ns = opts->patience_ns;
    p->count = opts->count;
    p->stop_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    p->ended_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    p->scheduling = "normal";
    p->real_offset_ns = clock_real_ns() - clock_mono_ns();
    if (p->stop_fd < 0 || p->ended_fd < 0) {
        err_errno(e, errno, "eventfd");
        probe_free(p);
        return -1;
    }
    if (open_lanes(p, opts, e) < 0) {
        probe_free(p);
        return -1;
    }
    p->thread = job_thread_start("migsh-probe", probe_main, p, e);
    if (!p->thread) {
        probe_free(p);
        return -1;
    }
    *ret = p;
    return 0;
}

void probe_stop(struct probe *p)
{
    if (atomic_exchange(&p->stopping, true))
        return;
    uint64_t one = 1;
    (void)!write(p->stop_fd, &one, sizeof(one));
}

bool probe_ended(const struct probe *p)
{
    return atomic_load(&p->ended);
}

int probe_ended_fd(const struct probe *p)
{
    return p->ended_fd;
}

size_t probe_sent(const struct probe *p, size_t t)
{
    return atomic_load_explicit(&p->lanes[t].sent, memory_order_acquire);
}

void probe_read(const struct probe *p, size_t t, size_t from, struct probe_sample *out, size_t n)
{
    lane_read(&p->lanes[t], from, out, n);
}

int probe_errno(const struct probe *p, size_t t)
{
    return atomic_load(&p->lanes[t].last_errno);
}

unsigned probe_overflows(const struct probe *p, size_t t)
{
    return atomic_load(&p->lanes[t].overflows);
}

const char *probe_scheduling(const struct probe *p)
{
    return atomic_load(&p->scheduling);
}

bool probe_full(const struct probe *p)
{
    return atomic_load(&p->full);
}

int64_t probe_real_offset_ns(const struct probe *p)
{
    return p->real_offset_ns;
}

void probe_free(struct probe *p)
{
    if (!p)
        return;
    atomic_store(&p->abandoned, true);
    if (p->thread)
        probe_stop(p);
    job_thread_join(p->thread);
    for (size_t i = 0; i < p->n_lanes; i++) {
        struct lane *l = &p->lanes[i];
        if (l->ops)
            l->ops->close(l);
        lane_release(l);
    }
    if (p->stop_fd >= 0)
        close(p->stop_fd);
    if (p->ended_fd >= 0)
        close(p->ended_fd);
    free(p->lanes);
    free(p->fds);
    free(p);
}
