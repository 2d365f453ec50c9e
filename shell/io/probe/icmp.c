// SPDX-License-Identifier: GPL-3.0-or-later
// ICMP and ICMPv6 echo. Probe thread; open() and close() on the caller's. Must not allocate or print outside open().
// A reply counts only if it bears this run's random nonce, so other pingers' traffic is never taken for ours.
#include <arpa/inet.h>
#include <errno.h>
#include <linux/icmp.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/token.h"
#include "io/probe/priv.h"

enum { BATCH = 32, PACKET_MAX = 256, RECEIVE_BUFFER = 1 << 20 };

// What we put behind the ICMP header (8 bytes). The 16-bit sequence of the header wraps within a minute at 1 ms.
struct payload {
    uint64_t nonce;
    uint32_t seq; // big-endian
    uint32_t zero;
};

struct echo {
    bool v6;
    bool raw; // SOCK_RAW: for IPv4 the answer begins with the IP header
    uint64_t nonce;
    uint16_t id; // SOCK_RAW only: the kernel chooses it for SOCK_DGRAM
    bool any_answer;
    uint32_t newest; // highest sequence answered
    struct mmsghdr msgs[BATCH];
    struct iovec iov[BATCH];
    uint8_t data[BATCH][PACKET_MAX];
    uint8_t control[BATCH][CMSG_SPACE(sizeof(struct timespec)) + CMSG_SPACE(sizeof(uint32_t))];
};

// CLOCK_REALTIME - CLOCK_MONOTONIC, read afresh each time so that a step of the wall clock does no harm. Being
// preempted between the two readings would spoil it, so the tightest of a few tries wins.
static int64_t real_offset_ns(void)
{
    int64_t best = INT64_MAX, offset = 0;
    for (int i = 0; i < 5 && best > 2000; i++) {
        int64_t before = clock_mono_ns(), real = clock_real_ns(), after = clock_mono_ns();
        if (after - before < best) {
            best = after - before;
            offset = real - (before + (after - before) / 2);
        }
    }
    return offset;
}

// The Internet checksum (RFC 1071).
static uint16_t checksum(const void *data, size_t len)
{
    const uint8_t *p = data;
    uint32_t sum = 0;
    for (size_t i = 0; i + 1 < len; i += 2)
        sum += (uint32_t)p[i] << 8 | p[i + 1];
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return htons((uint16_t)~sum);
}

static int open_socket(struct echo *s, int family, struct err *e)
{
    int protocol = s->v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
    int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
    if (fd >= 0)
        return fd;
    // ping_group_range (IPv4 and IPv6 alike) leaves out root too where it is "1 0".
    fd = socket(family, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
    s->raw = true;
    if (fd >= 0)
        return fd;
    int why = errno;
    if (why != EPERM && why != EACCES)
        return err_errno(e, why, "cannot open an ICMP socket");
    err_set(e, ERR_AUTH, "not allowed to send ICMP echo requests");
    return err_hint(e, "as root: sysctl net.ipv4.ping_group_range='0 2147483647', or setcap cap_net_raw+ep on migsh; "
                       "or watch a TCP port or a URL instead, which anybody may");
}

static int open_echo(struct lane *l, const struct probe_target *target, struct err *e)
{
    struct echo *s = l->impl = xnew(struct echo);
    s->v6 = target->addr.sa.ss_family == AF_INET6;
    l->fd = open_socket(s, target->addr.sa.ss_family, e);
    if (l->fd < 0)
        return -1;
    // Connected: the kernel delivers only what this target sends, and reports its errors here.
    if (connect(l->fd, (const struct sockaddr *)&target->addr.sa, target->addr.len) < 0)
        return err_errno(e, errno, "no route to the target");
    int on = 1, size = RECEIVE_BUFFER;
    if (setsockopt(l->fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) < 0)
        return err_errno(e, errno, "the kernel gives no receive timestamps");
    setsockopt(l->fd, SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof(on));
    if (setsockopt(l->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
        setsockopt(l->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    if (s->raw && s->v6) {
        struct icmp6_filter only;
        ICMP6_FILTER_SETBLOCKALL(&only);
        ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &only);
        setsockopt(l->fd, IPPROTO_ICMPV6, ICMP6_FILTER, &only, sizeof(only));
    } else if (s->raw) {
        struct icmp_filter only = {~(1U << ICMP_ECHOREPLY)};
        setsockopt(l->fd, SOL_RAW, ICMP_FILTER, &only, sizeof(only));
    }
    token_fill(&s->nonce, sizeof(s->nonce));
    token_fill(&s->id, sizeof(s->id));
    for (size_t i = 0; i < BATCH; i++)
        s->iov[i] = (struct iovec){s->data[i], PACKET_MAX};
    return 0;
}

static void send_echo(struct lane *l, uint32_t seq, int64_t now)
{
    (void)now;
    struct echo *s = l->impl;
    uint8_t packet[sizeof(struct icmphdr) + sizeof(struct payload)];
    struct icmphdr head; // ICMPv6's echo header has the same layout
    memset(&head, 0, sizeof(head));
    head.type = s->v6 ? ICMP6_ECHO_REQUEST : ICMP_ECHO;
    head.un.echo.id = s->id;
    head.un.echo.sequence = htons((uint16_t)seq);
    const struct payload body = {s->nonce, htonl(seq), 0};
    memcpy(packet, &head, sizeof(head));
    memcpy(packet + sizeof(head), &body, sizeof(body));
    if (!s->v6) { // the kernel fills in ICMPv6's, which covers addresses too
        head.checksum = checksum(packet, sizeof(packet));
        memcpy(packet, &head, sizeof(head));
    }
    // The first failure may be an old ICMP error that waited on the socket: then nothing was sent, and a second try
    // tells.
    ssize_t r = -1;
    for (int tries = 0; r < 0 && tries < 2; tries++)
        r = send(l->fd, packet, sizeof(packet), 0);
    if (r < 0)
        lane_fail(l, seq, PROBE_ERROR, errno);
}

// Takes the sequence out of an echo reply of ours; false for anything else that came in.
static bool find_sequence(const struct echo *s, const uint8_t *data, size_t len, uint32_t *ret_seq)
{
    if (s->raw && !s->v6) {
        size_t ip = len ? (size_t)(data[0] & 0x0f) * 4 : 0;
        if (ip < sizeof(struct iphdr) || ip > len)
            return false;
        data += ip;
        len -= ip;
    }
    struct payload body; // copied: an IP header of odd length would leave it misaligned
    if (len < sizeof(struct icmphdr) + sizeof(body) || data[0] != (s->v6 ? ICMP6_ECHO_REPLY : ICMP_ECHOREPLY))
        return false;
    memcpy(&body, data + sizeof(struct icmphdr), sizeof(body));
    *ret_seq = ntohl(body.seq);
    return body.nonce == s->nonce;
}

// The kernel's receive stamp as CLOCK_REALTIME ns, 0 if there is none; notes queue overflows on the way.
static int64_t read_control(struct lane *l, struct msghdr *m)
{
    int64_t stamp = 0;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
        if (c->cmsg_level != SOL_SOCKET)
            continue;
        if (c->cmsg_type == SCM_TIMESTAMPNS) {
            struct timespec t;
            memcpy(&t, CMSG_DATA(c), sizeof(t));
            stamp = (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
        } else if (c->cmsg_type == SO_RXQ_OVFL) {
            uint32_t drops;
            memcpy(&drops, CMSG_DATA(c), sizeof(drops));
            atomic_store(&l->overflows, drops);
        }
    }
    return stamp;
}

static void take_reply(struct lane *l, struct mmsghdr *m, int64_t now, int64_t offset)
{
    struct echo *s = l->impl;
    int64_t stamp = read_control(l, &m->msg_hdr) - offset;
    uint32_t seq;
    if (!find_sequence(s, m->msg_hdr.msg_iov->iov_base, m->msg_len, &seq) ||
        seq >= atomic_load_explicit(&l->sent, memory_order_relaxed))
        return;
    int64_t sent = atomic_load_explicit(&l->slots[seq].sent_ns, memory_order_relaxed);
    // A stamp outside [sent, now] means the wall clock was stepped in this instant: our own time is the better one
    // then.
    if (stamp < sent || stamp > now)
        stamp = now;
    bool overtaken = s->any_answer && seq < s->newest;
    if (!overtaken)
        s->newest = seq;
    s->any_answer = true;
    lane_answer(l, seq, stamp - sent, overtaken ? PROBE_OVERTAKEN : 0);
}

static void collect_echo(struct lane *l)
{
    struct echo *s = l->impl;
    for (int errors = 0; errors < 8;) {
        for (size_t i = 0; i < BATCH; i++)
            s->msgs[i].msg_hdr = (struct msghdr){.msg_iov = &s->iov[i],
                                                 .msg_iovlen = 1,
                                                 .msg_control = s->control[i],
                                                 .msg_controllen = sizeof(s->control[i])};
        int n = recvmmsg(l->fd, s->msgs, BATCH, MSG_DONTWAIT, NULL);
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return;
        if (n < 0) { // an ICMP error that waited on the socket; the packets are behind it
            errors++;
            continue;
        }
        int64_t offset = real_offset_ns();
        int64_t now = clock_mono_ns();
        for (int i = 0; i < n; i++)
            take_reply(l, &s->msgs[i], now, offset);
        if (n < BATCH)
            return;
    }
}

static void close_echo(struct lane *l)
{
    if (l->fd >= 0)
        close(l->fd);
    free(l->impl);
}

const struct lane_ops lane_icmp = {open_echo, send_echo, collect_echo, close_echo};
