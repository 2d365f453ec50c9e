// SPDX-License-Identifier: GPL-3.0-or-later
// TCP connects and HTTP requests, each probe on a connection of its own. Probe thread; open() and close() on the
// caller's. Must not allocate or print outside open(). A probe uses place seq % places: a connection that is still open
// when its place comes round again, or when the patience is over, is given up. That is the limit on what is in flight.
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "io/probe/priv.h"

// HTTP makes the server work, and each place has a buffer.
enum { TCP_PLACES = 256, HTTP_PLACES = 64, ANSWER_MAX = 16384, EVENTS = 64 };

struct conn {
    int fd; // -1: free
    uint32_t seq;
    int64_t sent_ns;
    bool connected;
    size_t got;
    char *answer; // HTTP only
};

struct stream {
    struct probe_addr addr;
    char *request; // NULL: TCP
    char *expect;
    struct conn *conns;
    size_t places;
    long budget;     // of in_flight
    uint32_t oldest; // no connection of an earlier probe is open
};

// Of all probes of the process. They get half of the descriptors it may have; the rest is for what it is watched for.
static atomic_long in_flight;

static long socket_budget(void)
{
    struct rlimit limit;
    return getrlimit(RLIMIT_NOFILE, &limit) < 0 ? TCP_PLACES : (long)(limit.rlim_cur / 2);
}

static int open_stream(struct lane *l, const struct probe_target *target, struct err *e)
{
    struct stream *s = l->impl = xnew(struct stream);
    s->addr = target->addr;
    s->request = target->kind == PROBE_HTTP ? xstrdup(target->request) : NULL;
    s->expect = xstrdup(target->expect);
    s->places = s->request ? HTTP_PLACES : TCP_PLACES;
    s->budget = socket_budget();
    s->conns = xcalloc(s->places, sizeof(*s->conns));
    for (size_t i = 0; i < s->places; i++) {
        s->conns[i].fd = -1;
        if (s->request)
            s->conns[i].answer = xcalloc(1, ANSWER_MAX);
    }
    l->fd = epoll_create1(EPOLL_CLOEXEC);
    return l->fd < 0 ? err_errno(e, errno, "epoll") : 0;
}

static void drop(struct conn *c)
{
    if (c->fd < 0)
        return;
    close(c->fd); // SO_LINGER 0: a RST, and nothing remains of it
    c->fd = -1;
    atomic_fetch_sub(&in_flight, 1);
}

static void fail(struct lane *l, struct conn *c, int errnum)
{
    lane_fail(l, c->seq, errnum == ECONNREFUSED ? PROBE_REFUSED : PROBE_ERROR, errnum);
    drop(c);
}

static void give_up_old(struct stream *s, uint32_t next, int64_t before)
{
    for (; s->oldest < next; s->oldest++) {
        struct conn *c = &s->conns[s->oldest % s->places];
        if (c->fd < 0 || c->seq != s->oldest)
            continue;
        if (c->sent_ns > before)
            return;
        drop(c);
    }
}

// Where the budget is used up, our own oldest connections are given up sooner.
static bool make_room(struct stream *s, uint32_t next)
{
    for (; atomic_load(&in_flight) >= s->budget && s->oldest < next; s->oldest++) {
        struct conn *c = &s->conns[s->oldest % s->places];
        if (c->fd >= 0 && c->seq == s->oldest)
            drop(c);
    }
    return atomic_load(&in_flight) < s->budget;
}

static void send_stream(struct lane *l, uint32_t seq, int64_t now)
{
    struct stream *s = l->impl;
    give_up_old(s, seq, now - l->patience_ns);
    struct conn *c = &s->conns[seq % s->places];
    drop(c);
    if (!make_room(s, seq)) {
        lane_fail(l, seq, PROBE_ERROR, EMFILE);
        return;
    }
    *c = (struct conn){.fd = socket(s->addr.sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0),
                       .seq = seq,
                       .sent_ns = now,
                       .answer = c->answer};
    if (c->fd < 0) {
        lane_fail(l, seq, PROBE_ERROR, errno);
        return;
    }
    atomic_fetch_add(&in_flight, 1);
    struct linger reset = {1, 0};
    int on = 1;
    setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    struct epoll_event ev = {.events = EPOLLOUT, .data.u32 = (uint32_t)(c - s->conns)};
    int r = connect(c->fd, (const struct sockaddr *)&s->addr.sa, s->addr.len);
    if ((r < 0 && errno != EINPROGRESS) || epoll_ctl(l->fd, EPOLL_CTL_ADD, c->fd, &ev) < 0)
        fail(l, c, errno);
}

// The kernel measured the SYN's round trip itself, free of our own delays; but not if it had to send the SYN twice.
static int64_t syn_rtt(int fd, int64_t elapsed)
{
    struct tcp_info info;
    socklen_t len = sizeof(info);
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) < 0 || info.tcpi_total_retrans || !info.tcpi_rtt)
        return elapsed;
    int64_t measured = (int64_t)info.tcpi_rtt * 1000;
    return measured < elapsed ? measured : elapsed;
}

static void on_connected(struct lane *l, struct conn *c, int64_t now)
{
    struct stream *s = l->impl;
    int error = 0;
    socklen_t len = sizeof(error);
    getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &len);
    if (error) {
        fail(l, c, error);
        return;
    }
    if (!s->request) {
        lane_answer(l, c->seq, syn_rtt(c->fd, now - c->sent_ns), 0);
        drop(c);
        return;
    }
    c->connected = true;
    size_t n = strlen(s->request);
    // A fresh connection's send buffer takes a whole request, or something is very wrong.
    if (send(c->fd, s->request, n, MSG_NOSIGNAL) != (ssize_t)n) {
        fail(l, c, errno);
        return;
    }
    struct epoll_event ev = {.events = EPOLLIN, .data.u32 = (uint32_t)(c - s->conns)};
    epoll_ctl(l->fd, EPOLL_CTL_MOD, c->fd, &ev);
}

static void on_answer(struct lane *l, struct conn *c, int64_t now)
{
    struct stream *s = l->impl;
    ssize_t n = recv(c->fd, c->answer + c->got, ANSWER_MAX - c->got, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n < 0) {
        fail(l, c, errno);
        return;
    }
    c->got += (size_t)n;
    int verdict = probe_http_judge(c->answer, c->got, n == 0 || c->got == ANSWER_MAX, s->expect);
    if (verdict == 0)
        return;
    if (verdict > 0)
        lane_answer(l, c->seq, now - c->sent_ns, 0);
    else
        lane_fail(l, c->seq, PROBE_MISMATCH, 0);
    drop(c);
}

static void collect_stream(struct lane *l)
{
    struct stream *s = l->impl;
    struct epoll_event events[EVENTS];
    int n = epoll_wait(l->fd, events, EVENTS, 0);
    int64_t now = clock_mono_ns();
    for (int i = 0; i < n; i++) {
        struct conn *c = &s->conns[events[i].data.u32];
        if (c->fd < 0)
            continue;
        if (c->connected)
            on_answer(l, c, now);
        else
            on_connected(l, c, now);
    }
}

static void close_stream(struct lane *l)
{
    struct stream *s = l->impl;
    for (size_t i = 0; s && i < s->places; i++) {
        drop(&s->conns[i]);
        free(s->conns[i].answer);
    }
    if (s) {
        free(s->conns);
        free(s->request);
        free(s->expect);
    }
    if (l->fd >= 0)
        close(l->fd);
    free(s);
}

const struct lane_ops lane_stream = {open_stream, send_stream, collect_stream, close_stream};
