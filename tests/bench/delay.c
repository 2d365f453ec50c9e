// SPDX-License-Identifier: GPL-3.0-or-later
// A TCP proxy that holds back all it carries for some milliseconds in each direction, without limiting the rate: a
// round trip where the kernel has no netem. One thread. Usage: delay LISTEN_PORT PORT MS: from any address to
// 127.0.0.1:PORT.
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

// What is under way may be 64 MiB in each direction: more than any window that is not the proxy's own.
enum { PAIRS = 64, CHUNK = 256 << 10, HELD = 64 << 20 };

struct chunk {
    struct chunk *next;
    double due;
    size_t len, sent;
    char bytes[];
};

struct way {
    int from, to;
    struct chunk *first, **last;
    size_t held;
    bool ended, closed; // the reader has seen the end; the end was passed on
};

struct pair {
    bool used;
    struct way way[2];
};

static struct pair pairs[PAIRS];
static double delay_ms;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void tune(int fd)
{
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

static void take_call(int listener, int port)
{
    int a = accept4(listener, NULL, NULL, SOCK_NONBLOCK), b = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    struct pair *p = pairs;
    while (p < pairs + PAIRS && p->used)
        p++;
    if (a < 0 || b < 0 || p == pairs + PAIRS || connect(b, (struct sockaddr *)&to, sizeof(to)) < 0) {
        close(a);
        close(b);
        return;
    }
    tune(a);
    tune(b);
    *p = (struct pair){true, {{.from = a, .to = b}, {.from = b, .to = a}}};
    for (int i = 0; i < 2; i++)
        p->way[i].last = &p->way[i].first;
}

static void take_in(struct way *w)
{
    struct chunk *c = malloc(sizeof(*c) + CHUNK);
    if (!c)
        abort();
    ssize_t n = recv(w->from, c->bytes, CHUNK, MSG_DONTWAIT);
    if (n <= 0) {
        w->ended = n == 0 || (errno != EAGAIN && errno != EINTR);
        free(c);
        return;
    }
    c = realloc(c, sizeof(*c) + (size_t)n);
    if (!c)
        abort();
    *c = (struct chunk){.due = now() + delay_ms, .len = (size_t)n};
    *w->last = c;
    w->last = &c->next;
    w->held += (size_t)n;
}

static void let_out(struct way *w)
{
    double t = now();
    while (w->first && w->first->due <= t) {
        struct chunk *c = w->first;
        ssize_t n = send(w->to, c->bytes + c->sent, c->len - c->sent, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (n < 0)
            w->ended = true;
        c->sent += n < 0 ? c->len - c->sent : (size_t)n;
        if (c->sent < c->len)
            return;
        w->held -= c->len;
        w->first = c->next;
        if (!w->first)
            w->last = &w->first;
        free(c);
    }
    if (w->ended && !w->first && !w->closed) {
        shutdown(w->to, SHUT_WR);
        w->closed = true;
    }
}

static void end_pair(struct pair *p)
{
    close(p->way[0].from);
    close(p->way[0].to);
    p->used = false;
}

// What to wait for: bytes that may come in, room for what is due, the moment when more is due.
static int wait_all(int listener, struct pollfd *fds)
{
    int n = 1, wait = -1;
    double t = now();
    fds[0] = (struct pollfd){listener, POLLIN, 0};
    for (size_t i = 0; i < PAIRS; i++) {
        for (int k = 0; pairs[i].used && k < 2; k++) {
            const struct way *w = &pairs[i].way[k];
            bool due = w->first && w->first->due <= t;
            if (!w->ended && w->held < HELD)
                fds[n++] = (struct pollfd){w->from, POLLIN, 0};
            if (due)
                fds[n++] = (struct pollfd){w->to, POLLOUT, 0};
            int left = w->first && !due ? (int)(w->first->due - t) + 1 : -1;
            if (left >= 0 && (wait < 0 || left < wait))
                wait = left;
        }
    }
    return poll(fds, (nfds_t)n, wait);
}

int main(int argc, char **argv)
{
    if (argc != 4)
        return 2;
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(argv[1]))};
    int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (bind(listener, (struct sockaddr *)&own, sizeof(own)) < 0 || listen(listener, 16) < 0) {
        perror("delay");
        return 1;
    }
    delay_ms = atof(argv[3]);
    static struct pollfd fds[1 + 4 * PAIRS];
    for (;;) {
        wait_all(listener, fds);
        if (fds[0].revents & POLLIN)
            take_call(listener, atoi(argv[2]));
        for (size_t i = 0; i < PAIRS; i++) {
            struct pair *p = &pairs[i];
            for (int k = 0; p->used && k < 2; k++) {
                if (!p->way[k].ended && p->way[k].held < HELD)
                    take_in(&p->way[k]);
                let_out(&p->way[k]);
            }
            if (p->used && p->way[0].closed && p->way[1].closed)
                end_pair(p);
        }
    }
}
