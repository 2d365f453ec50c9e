// SPDX-License-Identifier: GPL-3.0-or-later
// The byte stream under a session that cannot connect directly: a channel of a session on a jump host, whose key was
// checked as strictly as any (so no `ssh -W`, which would follow the user's StrictHostKeyChecking), or a ProxyCommand.
// A jump has a thread of its own, which from then on is the only user of the jump host's session.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/printable.h"
#include "io/ssh/priv.h"

enum { CHUNK = 32 * 1024, TICK_MS = 1000, CHILD_GRACE_MS = 500 };

struct remote_bridge {
    struct job_thread *thread;
    struct remote *via; // its owner closes it, and with it the channel
    ssh_channel channel;
    int fd; // our end of the pair
    int stop_fd;
    pid_t child;    // the ProxyCommand, or 0
    char in[CHUNK]; // from the channel, on its way to fd
    size_t in_len, in_sent;
    char out[CHUNK]; // from fd, on its way to the channel
    size_t out_len, out_sent;
    bool fd_ended;
};

static int make_pair(int fds[2], struct err *e)
{
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
        return err_errno(e, errno, "socketpair");
    return 0;
}

// Channel to descriptor. False once the channel has ended.
static bool move_in(struct remote_bridge *b)
{
    for (;;) {
        if (b->in_sent == b->in_len) {
            int n = ssh_channel_read_nonblocking(b->channel, b->in, CHUNK, 0);
            if (n == 0 && !ssh_channel_is_eof(b->channel))
                return true;
            if (n <= 0)
                return false;
            b->in_len = (size_t)n;
            b->in_sent = 0;
        }
        ssize_t n = send(b->fd, b->in + b->in_sent, b->in_len - b->in_sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0)
            return errno == EAGAIN || errno == EINTR;
        b->in_sent += (size_t)n;
    }
}

// Descriptor to channel. False on an error.
static bool move_out(struct remote_bridge *b)
{
    if (b->out_sent == b->out_len && !b->fd_ended) {
        ssize_t n = recv(b->fd, b->out, CHUNK, MSG_DONTWAIT);
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            return false;
        if (n == 0) {
            b->fd_ended = true;
            return ssh_channel_send_eof(b->channel) != SSH_ERROR;
        }
        b->out_len = n > 0 ? (size_t)n : 0;
        b->out_sent = 0;
    }
    size_t n = b->out_len - b->out_sent, window = ssh_channel_window_size(b->channel);
    n = n < window ? n : window;
    if (n == 0 || (ssh_get_poll_flags(b->via->ssh) & SSH_WRITE_PENDING))
        return true;
    int sent = ssh_channel_write(b->channel, b->out + b->out_sent, (uint32_t)n);
    b->out_sent += sent > 0 ? (size_t)sent : 0;
    return sent >= 0;
}

static void bridge_main(void *arg)
{
    struct remote_bridge *b = arg;
    _cleanup_err_ struct err ignored = ERR_INIT;
    remote_begin(b->via, "carrying a connection", 1e15);
    while (remote_process(b->via, &ignored) == 0 && move_in(b) && move_out(b)) {
        int ssh_fd = ssh_get_fd(b->via->ssh);
        bool writing = ssh_get_poll_flags(b->via->ssh) & SSH_WRITE_PENDING;
        bool full = b->in_sent < b->in_len, idle = b->out_sent == b->out_len && !b->fd_ended;
        remote_socket_quick(ssh_fd);
        // What one side cannot take is not read from the other: no unbounded buffer in between.
        struct pollfd p[3] = {{ssh_fd, (short)((full ? 0 : POLLIN) | (writing ? POLLOUT : 0)), 0},
                              {b->fd, (short)((idle ? POLLIN : 0) | (full ? POLLOUT : 0)), 0},
                              {b->stop_fd, POLLIN, 0}};
        if (poll(p, 3, TICK_MS) < 0 && errno != EINTR)
            break;
        if (p[2].revents)
            break;
    }
    shutdown(b->fd, SHUT_RDWR); // the session on top learns that its connection is lost
}

static int open_channel(struct job *job, struct remote_bridge *b, const char *host, int port, struct err *e)
{
    struct remote *via = b->via;
    b->channel = ssh_channel_new(via->ssh);
    if (!b->channel)
        return remote_fail(via, e, "new channel");
    remote_begin(via, "connecting from the jump host", via->stall_ms);
    int rc;
    while ((rc = ssh_channel_open_forward(b->channel, host, port, "127.0.0.1", 0)) == SSH_AGAIN) {
        if (remote_wait(job, via, TICK_MS, e) < 0 || remote_process(via, e) < 0)
            return -1;
    }
    if (rc == SSH_OK)
        return 0;
    remote_fail(via, e, "forwarding");
    _cleanup_buf_ struct buf why = BUF_INIT;
    buf_add_line(&why, ssh_get_error(via->ssh));
    return err_set(e, ERR_UNREACHABLE, "%s cannot connect to %s port %d: %s", via->label, host, port, buf_str(&why));
}

int remote_bridge_jump(struct job *job, struct remote *via, const char *host, int port, struct remote_bridge **ret,
                       int *ret_fd, struct err *e)
{
    struct remote_bridge *b = xnew(struct remote_bridge);
    *b = (struct remote_bridge){.via = via, .fd = -1, .stop_fd = -1};
    int pair[2];
    if (open_channel(job, b, host, port, e) < 0 || make_pair(pair, e) < 0) {
        remote_bridge_free(b);
        return -1;
    }
    b->fd = pair[0];
    b->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (b->stop_fd < 0) // without it the thread could not be told to end
        err_errno(e, errno, "eventfd");
    else
        b->thread = job_thread_start("ssh-jump", bridge_main, b, e);
    if (!b->thread) {
        close(pair[1]);
        remote_bridge_free(b);
        return -1;
    }
    *ret = b;
    *ret_fd = pair[1];
    return 0;
}

static int spawn(const char *command, int fd, pid_t *ret, struct err *e)
{
    _cleanup_free_ char *line = xasprintf("exec %s", command);
    char *argv[] = {(char[]){"sh"}, (char[]){"-c"}, line, NULL};
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_t attr;
    posix_spawn_file_actions_t actions;
    posix_spawnattr_init(&attr);
    posix_spawn_file_actions_init(&actions);
    // A group of its own: Ctrl-C at the terminal is for migsh, which decides what to end.
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setsigmask(&attr, &none);
    posix_spawnattr_setsigdefault(&attr, &all);
    posix_spawn_file_actions_adddup2(&actions, fd, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, fd, STDOUT_FILENO);
    int errnum = posix_spawn(ret, "/bin/sh", &actions, &attr, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attr);
    return errnum ? err_errno(e, errnum, "cannot run the ProxyCommand") : 0;
}

int remote_bridge_command(const char *command, struct remote_bridge **ret, int *ret_fd, struct err *e)
{
    int pair[2];
    pid_t child = 0;
    if (make_pair(pair, e) < 0)
        return -1;
    int status = spawn(command, pair[0], &child, e);
    close(pair[0]);
    if (status < 0) {
        close(pair[1]);
        return -1;
    }
    *ret = xnew(struct remote_bridge);
    **ret = (struct remote_bridge){.fd = -1, .stop_fd = -1, .child = child};
    *ret_fd = pair[1];
    return 0;
}

static void end_child(pid_t child)
{
    _cleanup_err_ struct err ignored = ERR_INIT;
    kill(-child, SIGTERM);
    for (int waited = 0; waited < CHILD_GRACE_MS; waited += 10) {
        if (waitpid(child, NULL, WNOHANG) != 0)
            return;
        job_sleep(NULL, 10, &ignored);
    }
    kill(-child, SIGKILL);
    waitpid(child, NULL, 0);
}

void remote_bridge_free(struct remote_bridge *b)
{
    if (!b)
        return;
    if (b->thread) {
        uint64_t one = 1;
        (void)!write(b->stop_fd, &one, sizeof(one));
        job_thread_join(b->thread);
    }
    if (b->child)
        end_child(b->child);
    if (b->fd >= 0)
        close(b->fd);
    if (b->stop_fd >= 0)
        close(b->stop_fd);
    free(b);
}
