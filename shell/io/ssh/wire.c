// SPDX-License-Identifier: GPL-3.0-or-later
// The one place where a session waits, and how it finds out that its peer is gone. Job threads. libssh is used without
// blocking throughout: its own timeouts do not hold against a frozen peer, so each operation has a deadline here.
#include <errno.h>
#include <libssh/server.h> // ssh_send_keepalive() is declared here, and works for clients
#include <poll.h>

#include "base/clock.h"
#include "base/printable.h"
#include "io/ssh/priv.h"

enum { ASK_AFTER_MS = 5000, MAX_TURNS = 64 };

void remote_begin(struct remote *r, const char *doing, double ms)
{
    r->doing = doing;
    r->deadline = clock_mono_ms() + ms;
    r->heard_at = r->asked_at = clock_mono_ms();
}

int remote_fail(struct remote *r, struct err *e, const char *what)
{
    _cleanup_buf_ struct buf text = BUF_INIT;
    bool alive = ssh_is_connected(r->ssh) && ssh_get_error_code(r->ssh) != SSH_FATAL;
    const char *said = alive ? NULL : ssh_get_disconnect_message(r->ssh);
    buf_add_line(&text, said ? said : ssh_get_error(r->ssh));
    if (alive)
        return err_set(e, ERR_FAILED, "%s: %s: %s", r->label, what, buf_str(&text));
    r->broken = true;
    return err_set(e, ERR_UNREACHABLE, "%s: connection lost (%s): %s", r->label, what, buf_str(&text));
}

int remote_wait(struct job *job, struct remote *r, double slice_ms, struct err *e)
{
    if (job_check(job, e) < 0)
        return -1;
    double left = r->deadline - clock_mono_ms();
    if (left <= 0)
        return err_set(e, ERR_TIMEOUT, "%s: timed out (%s)", r->label, r->doing);
    int fd = ssh_get_fd(r->ssh);
    remote_socket_quick(fd);
    bool writing = ssh_get_poll_flags(r->ssh) & SSH_WRITE_PENDING;
    struct pollfd p[3] = {{fd, (short)(POLLIN | (writing ? POLLOUT : 0)), 0},
                          {job_cancel_fd(job), POLLIN, 0},
                          {r->wake_fd ? r->wake_fd : -1, POLLIN, 0}};
    double wait = left < slice_ms ? left : slice_ms;
    if (poll(p, 3, (int)wait + 1) < 0 && errno != EINTR)
        return err_errno(e, errno, "poll");
    return job_check(job, e);
}

int remote_process(struct remote *r, struct err *e)
{
    // libssh takes 4 KiB at a time: where much comes, a wait for each of them would cost more than all the rest.
    uint64_t before;
    int turns = 0;
    do {
        before = r->traffic.in_bytes;
        if (ssh_event_dopoll(r->event, 0) == SSH_ERROR || !ssh_is_connected(r->ssh))
            return remote_fail(r, e, r->doing);
    } while (r->traffic.in_bytes != before && ++turns < MAX_TURNS);
    double now = clock_mono_ms();
    if (r->traffic.in_bytes != r->heard_bytes) {
        r->heard_bytes = r->traffic.in_bytes;
        r->heard_at = now;
    } else if (now - r->heard_at > r->stall_ms) {
        r->broken = true;
        return err_set(e, ERR_TIMEOUT, "%s: the peer has been silent for %.0f s (%s)", r->label, r->stall_ms / 1e3,
                       r->doing);
    }
    if (now - r->heard_at > ASK_AFTER_MS && now - r->asked_at > ASK_AFTER_MS) {
        r->asked_at = now;
        ssh_send_keepalive(r->ssh); // every second call only takes note of the answer to the one before
    }
    return 0;
}

int remote_ping(struct job *job, struct remote *r, double timeout_ms, struct err *e)
{
    remote_begin(r, "sign of life", timeout_ms);
    if (remote_process(r, e) < 0)
        return -1;
    uint64_t before = r->traffic.in_bytes;
    for (int i = 0; i < 2; i++) // the first may only have collected the answer to an earlier one
        ssh_send_keepalive(r->ssh);
    while (r->traffic.in_bytes == before) {
        if (remote_wait(job, r, timeout_ms, e) < 0 || remote_process(r, e) < 0) {
            r->broken = true;
            return -1;
        }
    }
    return 0;
}

bool remote_broken(const struct remote *r)
{
    return r->broken || !ssh_is_connected(r->ssh);
}
