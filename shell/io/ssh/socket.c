// SPDX-License-Identifier: GPL-3.0-or-later
// From a name to a connected TCP socket, cancellable at every point. Job threads. Must not know ssh.
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/ssh/priv.h"

// A look-up on a thread of its own. It cannot be interrupted, so whoever ends last, the look-up or the one who waited
// for it, frees it.
struct lookup {
    struct addrinfo hints;
    struct addrinfo *found;
    int status; // of getaddrinfo()
    char *host;
    char port[8];
    struct lock *lock;
    bool done;
    bool abandoned;
};

static void lookup_free(struct lookup *l)
{
    if (l->found)
        freeaddrinfo(l->found);
    lock_free(l->lock);
    free(l->host);
    free(l);
}

static void lookup_main(void *arg)
{
    struct lookup *l = arg;
    l->status = getaddrinfo(l->host, l->port, &l->hints, &l->found);
    lock_acquire(l->lock);
    l->done = true;
    bool abandoned = l->abandoned;
    lock_wake(l->lock);
    lock_release(l->lock);
    if (abandoned)
        lookup_free(l);
}

static int lookup_error(const char *host, int status, struct err *e)
{
    if (status == EAI_NONAME || status == EAI_NODATA)
        err_set(e, ERR_UNREACHABLE, "no address is known for \"%s\"", host);
    else
        err_set(e, ERR_UNREACHABLE, "cannot look up \"%s\": %s", host, gai_strerror(status));
    return err_hint(e, "give the node an address instead, or put the name into /etc/hosts or ~/.ssh/config");
}

static int lookup_wait(struct job *job, struct lookup *l, double until, struct err *e)
{
    lock_acquire(l->lock);
    int status = 0;
    while (!l->done && status == 0) {
        status = lock_wait(l->lock, job, until - clock_mono_ms(), e);
        if (status == 0 && !l->done && clock_mono_ms() >= until)
            status = err_set(e, ERR_TIMEOUT, "timed out");
    }
    bool done = l->done;
    l->abandoned = !done;
    lock_release(l->lock);
    if (!done) {
        if (e->code == ERR_TIMEOUT)
            err_set(e, ERR_TIMEOUT, "looking up \"%s\" took too long", l->host);
        return -1;
    }
    err_release(e); // a late cancel is noticed by the next wait
    return 0;
}

static int resolve(struct job *job, const char *host, int port, int family, double until, struct addrinfo **ret,
                   struct err *e)
{
    struct lookup *l = xnew(struct lookup);
    l->hints =
        (struct addrinfo){.ai_family = family, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
    snprintf(l->port, sizeof(l->port), "%d", port);
    l->host = xstrdup(host);
    l->lock = lock_new();
    if (getaddrinfo(l->host, l->port, &l->hints, &l->found) == 0) { // an address needs no thread
        *ret = steal(&l->found);
        lookup_free(l);
        return 0;
    }
    l->hints.ai_flags = AI_ADDRCONFIG | AI_NUMERICSERV;
    job_thread_detached("look-up", lookup_main, l);
    if (lookup_wait(job, l, until, e) < 0)
        return -1; // lookup_main() frees it
    int status = l->status;
    if (status == 0)
        *ret = steal(&l->found);
    lookup_free(l);
    return status == 0 ? 0 : lookup_error(host, status, e);
}

void remote_socket_tune(int fd)
{
    int one = 1, idle = 30, interval = 10, count = 3;
    unsigned user_timeout = 60000; // ms that sent bytes may stay unacknowledged (tcp(7))
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof(interval));
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof(count));
    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &user_timeout, sizeof(user_timeout));
}

void remote_socket_quick(int fd)
{
    // sshd keeps Nagle's algorithm on until a command runs; it meets the delayed acknowledgement of this side and the
    // two wait 40 ms for each other. The kernel forgets this flag after use, hence again before each wait.
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &one, sizeof(one));
}

static int bind_to(int fd, int family, const char *address, struct err *e)
{
    struct addrinfo hints = {.ai_family = family, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_PASSIVE};
    struct addrinfo *own = NULL;
    if (getaddrinfo(address, NULL, &hints, &own) != 0)
        return err_set(e, ERR_USAGE, "BindAddress %s is not an address of this family", address);
    int r = bind(fd, own->ai_addr, own->ai_addrlen);
    int errnum = errno;
    freeaddrinfo(own);
    return r == 0 ? 0 : err_errno(e, errnum, "cannot bind to %s", address);
}

static int wait_connected(struct job *job, int fd, double until, struct err *e)
{
    for (;;) {
        if (job_check(job, e) < 0)
            return -1;
        double left = until - clock_mono_ms();
        if (left <= 0)
            return err_set(e, ERR_TIMEOUT, "no answer");
        struct pollfd p[2] = {{fd, POLLOUT, 0}, {job_cancel_fd(job), POLLIN, 0}};
        if (poll(p, 2, (int)left + 1) < 0 && errno != EINTR)
            return err_errno(e, errno, "poll");
        if (!p[0].revents)
            continue;
        int errnum = 0;
        socklen_t size = sizeof(errnum);
        getsockopt(fd, SOL_SOCKET, SO_ERROR, &errnum, &size);
        return errnum ? err_errno(e, errnum, "connect") : 0;
    }
}

static int dial_one(struct job *job, const struct addrinfo *a, const char *bind_address, double until, int *ret_fd,
                    struct err *e)
{
    int fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return err_errno(e, errno, "socket");
    int status = bind_address ? bind_to(fd, a->ai_family, bind_address, e) : 0;
    if (status == 0) {
        remote_socket_tune(fd);
        if (connect(fd, a->ai_addr, a->ai_addrlen) < 0)
            status = errno == EINPROGRESS ? wait_connected(job, fd, until, e) : err_errno(e, errno, "connect");
    }
    if (status < 0)
        close(fd);
    else
        *ret_fd = fd;
    return status;
}

// The message names the host, the hint the usual cause.
static int dial_error(struct err *e, const char *host, int port)
{
    if (e->code == ERR_CANCELLED || e->code == ERR_USAGE)
        return -1;
    bool refused = e->code == ERR_UNREACHABLE && strstr(e->msg, strerror(ECONNREFUSED));
    enum err_code code = e->code == ERR_TIMEOUT ? ERR_TIMEOUT : ERR_UNREACHABLE;
    const char *reason = strstr(e->msg, ": ") ? strstr(e->msg, ": ") + 2 : e->msg;
    err_set(e, code, "cannot reach %s port %d: %s", host, port, reason);
    if (refused)
        return err_hint(e, "is sshd running on %s, and is %d its port?", host, port);
    return -1;
}

int remote_dial(struct job *job, const char *host, int port, int family, const char *bind_address, double timeout_ms,
                int *ret_fd, struct err *e)
{
    double until = clock_mono_ms() + timeout_ms;
    struct addrinfo *all = NULL;
    if (resolve(job, host, port, family, until, &all, e) < 0)
        return -1;
    int left = 0;
    for (struct addrinfo *a = all; a; a = a->ai_next)
        left++;
    int status = -1;
    for (struct addrinfo *a = all; a && status < 0; a = a->ai_next, left--) {
        double now = clock_mono_ms();
        err_release(e);
        // An address that swallows packets must not use up the time of the ones after it.
        status = dial_one(job, a, bind_address, now + (until - now) / left, ret_fd, e);
        if (status < 0 && e->code == ERR_CANCELLED)
            break;
    }
    freeaddrinfo(all);
    return status < 0 ? dial_error(e, host, port) : 0;
}

static bool same_address(const struct sockaddr *a, const struct sockaddr *b)
{
    if (a->sa_family != b->sa_family)
        return false;
    if (a->sa_family == AF_INET)
        return memcmp(&((const struct sockaddr_in *)a)->sin_addr, &((const struct sockaddr_in *)b)->sin_addr, 4) == 0;
    return a->sa_family == AF_INET6 &&
           memcmp(&((const struct sockaddr_in6 *)a)->sin6_addr, &((const struct sockaddr_in6 *)b)->sin6_addr, 16) == 0;
}

bool remote_leads_to(struct job *job, struct remote *r, const char *name, double timeout_ms)
{
    union {
        struct sockaddr any;
        struct sockaddr_storage room;
    } peer = {0};
    socklen_t n = sizeof(peer);
    struct addrinfo *all = NULL;
    _cleanup_err_ struct err ignored = ERR_INIT;
    if (getpeername(ssh_get_fd(r->ssh), &peer.any, &n) < 0 ||
        (peer.any.sa_family != AF_INET && peer.any.sa_family != AF_INET6) || // through a jump host
        resolve(job, name, r->config.port, AF_UNSPEC, clock_mono_ms() + timeout_ms, &all, &ignored) < 0)
        return false;
    bool all_of_it = all != NULL; // a name that also leads elsewhere is not its own alone
    for (const struct addrinfo *a = all; a; a = a->ai_next)
        all_of_it = all_of_it && same_address(a->ai_addr, &peer.any);
    freeaddrinfo(all);
    return all_of_it;
}
