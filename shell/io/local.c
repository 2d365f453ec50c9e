// SPDX-License-Identifier: GPL-3.0-or-later
// A process here. See local.h. posix_spawn() and not fork(): this program has threads and libraries that hold locks.
#include "io/local.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/job.h"

enum { TICK_MS = 1000, CHUNK = 64 * 1024, DEFAULT_MAX_OUTPUT = 64 << 20, GRACE_MS = 3000 };

struct process {
    struct job *job;
    const struct remote_exec *spec;
    struct remote_result *result;
    struct err *e;
    pid_t pid;
    int in, out, err; // our ends; -1 when closed
    size_t sent;
    char *chunk;  // of feed()
    bool waiting; // … which had nothing
    size_t chunk_len, chunk_sent;
    double deadline; // 0: none
};

static void close_end(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

// `streams` become its 0, 1, 2; the signals that this program ignores or blocks are as usual there. But what never has
// the foreground must not be stopped for touching the terminal: nobody would wake it.
static int spawn(pid_t *ret, char *const argv[], const int streams[3], bool foreground)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    sigset_t none, normal;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attr);
    for (int i = 0; i < 3; i++)
        posix_spawn_file_actions_adddup2(&actions, streams[i], i);
    sigemptyset(&none);
    sigemptyset(&normal);
    sigaddset(&normal, SIGPIPE); // ignored here, but a script relies on it
    sigaddset(&normal, SIGINT);
    sigaddset(&normal, SIGTERM);
    sigaddset(&normal, SIGHUP);
    if (foreground) {
        sigaddset(&normal, SIGTTIN);
        sigaddset(&normal, SIGTTOU);
    }
    posix_spawnattr_setsigmask(&attr, &none);
    posix_spawnattr_setsigdefault(&attr, &normal);
    posix_spawnattr_setpgroup(&attr, 0);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    int rc = posix_spawn(ret, "/bin/sh", &actions, &attr, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attr);
    return rc;
}

static int start(struct process *p)
{
    int pipes[3][2] = {{-1, -1}, {-1, -1}, {-1, -1}};
    int rc = 0;
    for (int i = 0; i < 3 && rc == 0; i++)
        rc = pipe2(pipes[i], O_CLOEXEC) < 0 ? errno : 0;
    char sh[] = "sh", dash_c[] = "-c";
    char *argv[] = {sh, dash_c, (char *)p->spec->command, NULL};
    if (rc == 0)
        rc = spawn(&p->pid, argv, (int[]){pipes[0][0], pipes[1][1], pipes[2][1]}, false);
    close_end(&pipes[0][0]);
    close_end(&pipes[1][1]);
    close_end(&pipes[2][1]);
    p->in = pipes[0][1];
    p->out = pipes[1][0];
    p->err = pipes[2][0];
    if (rc) {
        close_end(&p->in);
        close_end(&p->out);
        close_end(&p->err);
        return err_errno(p->e, rc, "cannot run a command here");
    }
    fcntl(p->in, F_SETFL, O_NONBLOCK); // a full pipe must not keep us from reading
    p->result->started = true;
    return 0;
}

static int next_input(struct process *p, const char **ret, size_t *ret_n)
{
    const struct remote_exec *spec = p->spec;
    if (!spec->feed) {
        *ret = (const char *)spec->input + p->sent;
        *ret_n = spec->input ? spec->input_len - p->sent : 0;
        return 0;
    }
    if (p->chunk_sent == p->chunk_len) {
        if (!p->chunk)
            p->chunk = xcalloc(1, CHUNK);
        ssize_t n = spec->feed(spec->data, p->chunk, CHUNK, p->e);
        p->waiting = n == REMOTE_LATER;
        if (p->waiting)
            n = 0;
        if (n < 0)
            return -1;
        p->chunk_len = (size_t)n;
        p->chunk_sent = 0;
    }
    *ret = p->chunk + p->chunk_sent;
    *ret_n = p->chunk_len - p->chunk_sent;
    return 0;
}

static int send_input(struct process *p)
{
    const char *s = NULL;
    size_t n = 0;
    if (next_input(p, &s, &n) < 0)
        return -1;
    if (p->waiting)
        return 0;
    ssize_t sent = n ? write(p->in, s, n) : 0;
    if (sent < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (sent <= 0) { // the end, or the command reads no more: its status says what that means
        close_end(&p->in);
        return 0;
    }
    p->sent += (size_t)sent;
    p->chunk_sent += (size_t)sent;
    return 0;
}

static int receive(struct process *p, int *fd, bool is_stderr)
{
    char data[16 * 1024];
    ssize_t n = read(*fd, data, sizeof(data));
    if (n < 0 && errno == EINTR)
        return 0;
    if (n <= 0) {
        close_end(fd);
        return 0;
    }
    if (p->spec->output)
        return p->spec->output(p->spec->data, is_stderr, data, (size_t)n, p->e);
    size_t max = p->spec->max_output ? p->spec->max_output : DEFAULT_MAX_OUTPUT;
    if (p->result->out.len + p->result->err.len + (size_t)n > max)
        return err_set(p->e, ERR_FAILED, "the command printed more than %zu bytes", max);
    buf_add(is_stderr ? &p->result->err : &p->result->out, data, (size_t)n);
    return 0;
}

static int pump(struct process *p)
{
    while (p->out >= 0 || p->err >= 0) {
        double left = p->deadline > 0 ? p->deadline - clock_mono_ms() : -1;
        if (p->deadline > 0 && left <= 0)
            return err_set(p->e, ERR_TIMEOUT, "the command did not end within %.0f ms", p->spec->timeout_ms);
        struct pollfd fds[] = {
            {p->in, POLLOUT, 0}, {p->out, POLLIN, 0}, {p->err, POLLIN, 0}, {job_cancel_fd(p->job), POLLIN, 0}};
        bool waited = p->waiting && p->in >= 0;
        if (waited) {
            fds[0] = (struct pollfd){p->spec->wake_fd ? p->spec->wake_fd : -1, POLLIN, 0};
            left = left < 0 || left > TICK_MS ? TICK_MS : left;
        }
        if (poll(fds, 4, left < 0 ? -1 : (int)left + 1) < 0 && errno != EINTR)
            return err_errno(p->e, errno, "poll");
        if (job_check(p->job, p->e) < 0)
            return -1;
        if (p->in >= 0 && (fds[0].revents || waited) && send_input(p) < 0)
            return -1;
        if (p->out >= 0 && fds[1].revents && receive(p, &p->out, false) < 0)
            return -1;
        if (p->err >= 0 && fds[2].revents && receive(p, &p->err, true) < 0)
            return -1;
    }
    return 0;
}

static void to_foreground(int tty, pid_t group)
{
    tcsetpgrp(tty, group);
    kill(-group, SIGCONT);
}

// r < 0: it is to end, with all that it has started. Its traps may tidy up for GRACE_MS; what is deaf to that is
// killed. One that has closed its output and goes on can still be cancelled. One that has a terminal (tty, or -1) is
// woken when it was stopped.
static int wait_end(struct job *job, pid_t pid, int tty, int r, int *ret_status, struct err *e)
{
    double told = 0, pause_ms = 0.5;
    bool ended = false;
    for (;;) {
        pid_t got = ended ? 0 : waitpid(pid, ret_status, WNOHANG | (tty < 0 ? 0 : WUNTRACED));
        if (got < 0 && errno != EINTR)
            return r < 0 ? r : err_errno(e, errno, "how a command ended is not known");
        ended = ended || (got == pid && !WIFSTOPPED(*ret_status));
        if (ended && (r == 0 || kill(-pid, 0) < 0))
            return r;
        if (got == pid && !ended)
            to_foreground(tty, pid);
        if (r == 0)
            r = job_check(job, e);
        if (r < 0 && told == 0) {
            kill(-pid, SIGTERM);
            told = clock_mono_ms();
        } else if (r < 0 && clock_mono_ms() - told > GRACE_MS) {
            kill(-pid, SIGKILL);
            if (ended)
                return r;
        }
        nanosleep(&(struct timespec){.tv_nsec = (long)(pause_ms * 1e6)}, NULL);
        pause_ms = pause_ms < 20 ? pause_ms * 2 : pause_ms;
    }
}

static int status_of(int status)
{
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int local_exec(struct job *job, const struct remote_exec *spec, struct remote_result *result, struct err *e)
{
    struct process p = {.job = job, .spec = spec, .result = result, .e = e};
    p.deadline = spec->timeout_ms > 0 ? clock_mono_ms() + spec->timeout_ms : 0;
    if (job_check(job, e) < 0 || start(&p) < 0)
        return -1;
    int r = pump(&p);
    close_end(&p.in);
    close_end(&p.out);
    close_end(&p.err);
    free(p.chunk);
    int status = 0;
    r = wait_end(job, p.pid, -1, r, &status, e);
    result->status = status_of(status);
    if (WIFSIGNALED(status))
        result->signal = xstrdup(sigabbrev_np(WTERMSIG(status)));
    return r;
}

int local_on_terminal(struct job *job, const char *script, const char *const *args, int input, int *ret_status,
                      struct err *e)
{
    char sh[] = "sh", dash_c[] = "-c";
    size_t n = 0;
    while (args[n])
        n++;
    _cleanup_free_ char **argv = xcalloc(n + 5, sizeof(*argv));
    char *const own[] = {sh, dash_c, (char *)script, sh};
    memcpy(argv, own, sizeof(own));
    memcpy(argv + ARRAY_SIZE(own), args, n * sizeof(*args));
    int status = 0, tty = open("/dev/tty", O_RDWR | O_CLOEXEC);
    if (tty < 0)
        return err_errno(e, errno, "cannot open the terminal");
    pid_t pid;
    int rc = spawn(&pid, argv, (int[]){input < 0 ? tty : input, tty, tty}, true);
    if (rc) {
        close(tty);
        return err_errno(e, rc, "cannot run a command here");
    }
    to_foreground(tty, pid); // and on, if it was stopped because it was faster than we
    int r = wait_end(job, pid, tty, 0, &status, e);
    tcsetpgrp(tty, getpgrp());
    close(tty);
    if (r == 0)
        *ret_status = status_of(status);
    return r;
}

// proc(5): "PID (COMM) STATE PPID …"; COMM may hold anything, a bracket too.
static bool is_child(const char *pid)
{
    char path[64], text[512];
    snprintf(path, sizeof(path), "/proc/%.20s/stat", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
    if (fd >= 0)
        close(fd);
    text[n < 0 ? 0 : n] = '\0';
    const char *end = strrchr(text, ')');
    return end && strlen(end) > 4 && strtol(end + 4, NULL, 10) == (long)getpid();
}

void local_end_children(void)
{
    DIR *d = opendir("/proc");
    const struct dirent *entry;
    while (d && (entry = readdir(d))) {
        if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' && is_child(entry->d_name))
            kill((pid_t)strtol(entry->d_name, NULL, 10), SIGTERM);
    }
    if (d)
        closedir(d);
}
