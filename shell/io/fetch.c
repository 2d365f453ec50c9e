// SPDX-License-Identifier: GPL-3.0-or-later
// See fetch.h.
#include "io/fetch.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "io/job.h"
#include "io/probe/probe.h"

enum { PAGE_MAX = 1 << 20 };

struct fetch {
    struct job *job;
    const char *host;
    int fd;
    double deadline_ms; // CLOCK_MONOTONIC
};

static int wait_for(const struct fetch *f, short events, struct err *e)
{
    for (;;) {
        struct pollfd fds[] = {{.fd = f->fd, .events = events}, {.fd = job_cancel_fd(f->job), .events = POLLIN}};
        double left = f->deadline_ms - clock_mono_ms();
        int n = left > 0 ? poll(fds, 2, (int)left + 1) : 0;
        if (n < 0 && errno != EINTR)
            return err_errno(e, errno, "poll");
        if (job_check(f->job, e) < 0)
            return -1;
        if (n == 0)
            return err_set(e, ERR_TIMEOUT, "%s: no answer in time", f->host);
        if (n > 0 && fds[0].revents)
            return 0;
    }
}

static int fetch_connect(struct fetch *f, uint16_t port, struct err *e)
{
    struct probe_addr addr;
    if (probe_resolve(f->host, port, &addr, e) < 0)
        return -1;
    f->fd = socket(addr.sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (f->fd < 0)
        return err_errno(e, errno, "socket");
    if (connect(f->fd, (struct sockaddr *)&addr.sa, addr.len) < 0 && errno != EINPROGRESS)
        return err_set(e, ERR_UNREACHABLE, "%s: %s", f->host, strerror(errno));
    if (wait_for(f, POLLOUT, e) < 0)
        return -1;
    int error = 0;
    socklen_t len = sizeof(error);
    getsockopt(f->fd, SOL_SOCKET, SO_ERROR, &error, &len);
    return error ? err_set(e, ERR_UNREACHABLE, "%s: %s", f->host, strerror(error)) : 0;
}

static int fetch_send(const struct fetch *f, const char *request, struct err *e)
{
    for (size_t done = 0, n = strlen(request); done < n;) {
        ssize_t r = send(f->fd, request + done, n - done, MSG_NOSIGNAL);
        if (r < 0 && errno != EAGAIN && errno != EINTR)
            return err_set(e, ERR_UNREACHABLE, "%s: %s", f->host, strerror(errno));
        done += r > 0 ? (size_t)r : 0;
        if (r < 0 && wait_for(f, POLLOUT, e) < 0)
            return -1;
    }
    return 0;
}

static int fetch_receive(const struct fetch *f, struct buf *answer, struct err *e)
{
    char chunk[8192];
    for (;;) {
        if (wait_for(f, POLLIN, e) < 0)
            return -1;
        ssize_t r = recv(f->fd, chunk, sizeof(chunk), 0);
        if (r == 0)
            return 0;
        if (r < 0 && errno != EAGAIN && errno != EINTR)
            return err_set(e, ERR_UNREACHABLE, "%s: %s", f->host, strerror(errno));
        buf_add(answer, chunk, r > 0 ? (size_t)r : 0);
        if (answer->len > PAGE_MAX)
            return err_set(e, ERR_FAILED, "%s: the page is larger than 1 MiB", f->host);
    }
}

// "HTTP/1.x 2NN …", headers, an empty line, the body until the connection ends.
static int take_body(const struct fetch *f, const struct buf *answer, char **ret, size_t *ret_len, struct err *e)
{
    const char *s = buf_str(answer), *body = memmem(s, answer->len, "\r\n\r\n", 4);
    if (!body || strncmp(s, "HTTP/1.", 7) != 0)
        return err_set(e, ERR_FAILED, "%s: not an HTTP answer", f->host);
    if (s[9] != '2')
        return err_set(e, ERR_FAILED, "%s: status %.3s", f->host, s + 9);
    body += 4;
    *ret_len = answer->len - (size_t)(body - s);
    *ret = xcalloc(*ret_len + 1, 1);
    memcpy(*ret, body, *ret_len);
    return 0;
}

int fetch_http(struct job *job, const char *host, uint16_t port, const char *request, double timeout_ms, char **ret,
               size_t *ret_len, struct err *e)
{
    struct fetch f = {.job = job, .host = host, .fd = -1, .deadline_ms = clock_mono_ms() + timeout_ms};
    _cleanup_buf_ struct buf answer = BUF_INIT;
    int r = fetch_connect(&f, port, e);
    if (r == 0)
        r = fetch_send(&f, request, e);
    if (r == 0)
        r = fetch_receive(&f, &answer, e);
    if (f.fd >= 0)
        close(f.fd);
    return r < 0 ? -1 : take_body(&f, &answer, ret, ret_len, e);
}
