// SPDX-License-Identifier: GPL-3.0-or-later
// The ssh-agent, kept at arm's length. libssh talks to an agent without any time limit and shows it every key there is;
// so it is given a socket pair instead, and a thread that passes the messages on, gives up after a while or when the
// job is cancelled, and leaves out the keys that IdentitiesOnly excludes. Protocol: draft-ietf-sshm-ssh-agent, every
// message a uint32 length, a type byte and contents. The thread lives no longer than the login.
#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/clock.h"
#include "io/ssh/known.h"
#include "io/ssh/priv.h"

enum { IDENTITIES_ANSWER = 12, MAX_MESSAGE = 256 * 1024 };

struct remote_agent {
    struct job *job;
    struct job_thread *thread;
    int agent_fd;
    int libssh_fd; // our end of the pair
    double patience_ms;
    const struct strv *allowed; // base64 public keys, NULL: all
    struct strv shown;          // those libssh got to see
    bool gave_up;
};

// Reads or writes n bytes; `until` < 0: for ever. False at end of file, error, cancel, deadline.
static bool transfer(struct remote_agent *a, int fd, void *data, size_t n, bool writing, double until)
{
    char *p = data;
    while (n) {
        double left = until < 0 ? -1 : until - clock_mono_ms();
        struct pollfd pfd[2] = {{fd, writing ? POLLOUT : POLLIN, 0}, {job_cancel_fd(a->job), POLLIN, 0}};
        if (until >= 0 && left <= 0) {
            a->gave_up = true;
            return false;
        }
        if (poll(pfd, 2, until < 0 ? -1 : (int)left + 1) < 0 && errno != EINTR)
            return false;
        if (job_cancelled(a->job))
            return false;
        ssize_t k = writing ? send(fd, p, n, MSG_DONTWAIT | MSG_NOSIGNAL) : recv(fd, p, n, MSG_DONTWAIT);
        if (k == 0 || (k < 0 && errno != EAGAIN && errno != EINTR))
            return false;
        if (k > 0) {
            p += k;
            n -= (size_t)k;
        }
    }
    return true;
}

static bool read_message(struct remote_agent *a, int fd, struct buf *message, double until)
{
    uint32_t length = 0;
    if (!transfer(a, fd, &length, sizeof(length), false, until))
        return false;
    size_t n = be32toh(length);
    if (n == 0 || n > MAX_MESSAGE)
        return false;
    buf_truncate(message, 0);
    buf_add(message, &length, sizeof(length));
    buf_addn(message, '\0', n);
    return transfer(a, fd, message->s + sizeof(length), n, false, until);
}

static uint32_t number_at(const struct buf *b, size_t at)
{
    uint32_t n;
    memcpy(&n, b->s + at, sizeof(n));
    return be32toh(n);
}

static void put_number(struct buf *b, size_t at, uint32_t n)
{
    n = htobe32(n);
    memcpy(b->s + at, &n, sizeof(n));
}

// length, type, count, then for each key: its blob and its comment, both with a length in front. Keeps the allowed
// ones; a message that is not of this shape is replaced by an empty list.
static void filter_keys(struct remote_agent *a, struct buf *message)
{
    enum { COUNT_AT = 5, FIRST_AT = 9 };
    _cleanup_buf_ struct buf kept = BUF_INIT;
    buf_add(&kept, message->s, message->len < FIRST_AT ? message->len : FIRST_AT);
    uint32_t count = 0;
    if (message->len < FIRST_AT)
        return;
    size_t at = FIRST_AT;
    for (uint32_t left = number_at(message, COUNT_AT); left; left--) {
        if (message->len - at < 4 || message->len - at - 4 < number_at(message, at))
            break;
        size_t blob_n = number_at(message, at), comment_at = at + 4 + blob_n;
        if (message->len - comment_at < 4 || message->len - comment_at - 4 < number_at(message, comment_at))
            break;
        size_t end = comment_at + 4 + number_at(message, comment_at);
        char *key = base64_encode(message->s + at + 4, blob_n);
        if (!a->allowed || strv_has(a->allowed, key)) {
            buf_add(&kept, message->s + at, end - at);
            strv_add(&a->shown, key);
            count++;
        }
        free(key);
        at = end;
    }
    put_number(&kept, 0, (uint32_t)kept.len - 4);
    put_number(&kept, COUNT_AT, count);
    buf_truncate(message, 0);
    buf_add(message, kept.s, kept.len);
}

static void agent_main(void *arg)
{
    struct remote_agent *a = arg;
    _cleanup_buf_ struct buf message = BUF_INIT;
    while (read_message(a, a->libssh_fd, &message, -1)) {
        double until = clock_mono_ms() + a->patience_ms; // long enough for a person to touch a token
        if (!transfer(a, a->agent_fd, message.s, message.len, true, until) ||
            !read_message(a, a->agent_fd, &message, until))
            break;
        if (message.s[4] == IDENTITIES_ANSWER)
            filter_keys(a, &message);
        if (!transfer(a, a->libssh_fd, message.s, message.len, true, until))
            break;
    }
    shutdown(a->libssh_fd, SHUT_RDWR); // whatever libssh is waiting for fails now
}

static int connect_agent(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(address.sun_path))
        return -1;
    memcpy(address.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 &&
        connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) { // EAGAIN: its queue is full, it is stuck
        close(fd);
        fd = -1;
    }
    return fd;
}

struct remote_agent *remote_agent_start(struct job *job, struct remote *r, const char *path, const struct strv *allowed)
{
    int pair[2], fd = connect_agent(path);
    if (fd < 0)
        return NULL;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
        close(fd);
        return NULL;
    }
    if (ssh_set_agent_socket(r->ssh, pair[1]) != SSH_OK) { // from here on libssh closes it
        close(fd);
        close(pair[0]);
        close(pair[1]);
        return NULL;
    }
    struct remote_agent *a = xnew(struct remote_agent);
    *a = (struct remote_agent){job, NULL, fd, pair[0], r->stall_ms, allowed, STRV_INIT, false};
    _cleanup_err_ struct err ignored = ERR_INIT; // as without an agent
    a->thread = job_thread_start("ssh-agent", agent_main, a, &ignored);
    if (a->thread)
        return a;
    close(fd);
    close(pair[0]); // libssh sees its end
    free(a);
    return NULL;
}

bool remote_agent_stop(struct remote_agent *a, struct strv *shown)
{
    shutdown(a->libssh_fd, SHUT_RDWR);
    job_thread_join(a->thread);
    close(a->libssh_fd);
    close(a->agent_fd);
    strv_copy(shown, &a->shown);
    strv_release(&a->shown);
    bool answered = !a->gave_up;
    free(a);
    return answered;
}
