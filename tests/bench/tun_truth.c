// SPDX-License-Identifier: GPL-3.0-or-later
// Ground truth for the watcher: answers every ICMP and ICMPv6 echo request that comes down a TUN device, except within
// windows that it knows to the microsecond and prints. Real-time priority, so that its own delays do not blur the
// truth.
//
//     tun_truth --name DEV [--windows N --min MS --max MS --lead MS --seed N] [--buffer] [--twice N] [--swap N] [--hold
//     N]
//
// prints "window START END" (epoch, us) for each window and "ready"; answers until SIGTERM; then prints "answered N".
//   --buffer   requests of a window are not dropped but answered, in order, when it ends (a paused guest's queue)
//   --twice N  every N-th reply is sent twice;  --swap N  every N-th is sent after the one that follows it
//   --hold N   every N-th is sent 1.2 s late;   --lose N  every N-th is not sent at all
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { PACKET_MAX = 2048, QUEUE_MAX = 8192, WINDOWS_MAX = 1000, HOLD_MS = 1200 };

struct packet {
    int64_t due_ns; // CLOCK_MONOTONIC
    bool used;
    size_t len;
    uint8_t data[PACKET_MAX];
};

static struct {
    const char *name;
    long windows, min_ms, max_ms, lead_ms, seed, twice, swap, hold, lose;
    bool buffer;
} opt = {.name = "truth0", .min_ms = 10, .max_ms = 300, .lead_ms = 1500, .seed = 1};

static int64_t window_start[WINDOWS_MAX], window_end[WINDOWS_MAX];
static struct packet queue[QUEUE_MAX];
static size_t queue_used;
static struct packet swapped;
static volatile sig_atomic_t stop;

static int64_t now_ns(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void on_term(int sig)
{
    (void)sig;
    stop = 1;
}

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static int open_tun(void)
{
    int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        die("/dev/net/tun");
    struct ifreq req = {.ifr_flags = IFF_TUN | IFF_NO_PI};
    snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", opt.name);
    if (ioctl(fd, TUNSETIFF, &req) < 0)
        die("TUNSETIFF");
    return fd;
}

static uint16_t fold(uint32_t sum)
{
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)((sum & 0xffff) + (sum >> 16));
}

// Request to reply in place; false if it is not an echo request. Swapping addresses leaves checksums as they are;
// changing the type changes the ICMP checksum by the same amount (RFC 1624).
static bool turn_round(uint8_t *p, size_t len)
{
    bool v6 = p[0] >> 4 == 6;
    size_t header = v6 ? 40 : (size_t)(p[0] & 15) * 4, addr = v6 ? 8 : 12, width = v6 ? 16 : 4;
    if (len < header + 8 || p[v6 ? 6 : 9] != (v6 ? 58 : 1) || p[header] != (v6 ? 128 : 8))
        return false;
    uint8_t source[16];
    memcpy(source, p + addr, width);
    memcpy(p + addr, p + addr + width, width);
    memcpy(p + addr + width, source, width);
    uint8_t old = p[header];
    p[header] = v6 ? 129 : 0;
    uint16_t sum = (uint16_t)(p[header + 2] << 8 | p[header + 3]);
    sum = (uint16_t)~fold((uint16_t)~sum + (uint32_t)(uint16_t) ~(uint16_t)(old << 8) + (uint32_t)(p[header] << 8));
    p[header + 2] = (uint8_t)(sum >> 8);
    p[header + 3] = (uint8_t)sum;
    return true;
}

static void put_off(const uint8_t *data, size_t len, int64_t due_ns)
{
    for (size_t i = 0; i < QUEUE_MAX; i++)
        if (!queue[i].used) {
            queue[i].used = true;
            queue[i].due_ns = due_ns;
            queue[i].len = len;
            memcpy(queue[i].data, data, len);
            queue_used = i >= queue_used ? i + 1 : queue_used;
            return;
        }
}

static int64_t next_due(void)
{
    int64_t due = INT64_MAX;
    for (size_t i = 0; i < queue_used; i++)
        if (queue[i].used && queue[i].due_ns < due)
            due = queue[i].due_ns;
    return due;
}

static void send_due(int fd, int64_t now)
{
    for (size_t i = 0; i < queue_used; i++)
        if (queue[i].used && queue[i].due_ns <= now) {
            (void)!write(fd, queue[i].data, queue[i].len);
            queue[i].used = false;
        }
    while (queue_used && !queue[queue_used - 1].used)
        queue_used--;
}

static bool nth(long every, long n)
{
    return every && n % every == 0;
}

static void answer(int fd, const uint8_t *data, size_t len, int64_t now, long n)
{
    if (nth(opt.lose, n))
        return;
    if (nth(opt.hold, n)) {
        put_off(data, len, now + HOLD_MS * 1000000LL);
    } else if (nth(opt.swap, n) && !swapped.used) {
        swapped.used = true;
        swapped.len = len;
        memcpy(swapped.data, data, len);
        return;
    } else {
        (void)!write(fd, data, len);
        if (nth(opt.twice, n))
            (void)!write(fd, data, len);
    }
    if (swapped.used)
        (void)!write(fd, swapped.data, swapped.len);
    swapped.used = false;
}

static int64_t closed_until(int64_t now)
{
    for (long i = 0; i < opt.windows; i++)
        if (now >= window_start[i] && now < window_end[i])
            return window_end[i];
    return 0;
}

static long serve(int fd)
{
    long n = 0;
    uint8_t data[PACKET_MAX];
    while (!stop) {
        int64_t due = next_due(), now = now_ns(CLOCK_MONOTONIC), left = due - now;
        struct timespec t = {left > 0 ? left / 1000000000 : 0, left > 0 ? left % 1000000000 : 0};
        struct pollfd pfd = {fd, POLLIN, 0};
        if (ppoll(&pfd, 1, due == INT64_MAX ? NULL : &t, NULL) < 0 && errno != EINTR)
            die("poll");
        send_due(fd, now_ns(CLOCK_MONOTONIC));
        ssize_t len;
        while ((len = read(fd, data, sizeof(data))) > 0) {
            now = now_ns(CLOCK_MONOTONIC);
            if (!turn_round(data, (size_t)len))
                continue;
            n++;
            int64_t end = closed_until(now);
            if (end == 0)
                answer(fd, data, (size_t)len, now, n);
            else if (opt.buffer)
                put_off(data, (size_t)len, end);
        }
    }
    return n;
}

static void plan_windows(void)
{
    srandom((unsigned)opt.seed);
    int64_t at = now_ns(CLOCK_MONOTONIC) + opt.lead_ms * 1000000;
    int64_t epoch = now_ns(CLOCK_REALTIME) - now_ns(CLOCK_MONOTONIC);
    for (long i = 0; i < opt.windows; i++) {
        long span_us = (opt.max_ms - opt.min_ms) * 1000 + 1;
        window_start[i] = at;
        window_end[i] = at + opt.min_ms * 1000000 + random() % span_us * 1000;
        at = window_end[i] + 100000000 + random() % 200000 * 1000;
        printf("window %lld %lld\n", (long long)(window_start[i] + epoch) / 1000,
               (long long)(window_end[i] + epoch) / 1000);
    }
    puts("ready");
    fflush(stdout);
}

static void read_options(int argc, char **argv)
{
    static const struct option options[] = {{"name", 1, 0, 'n'},   {"windows", 1, 0, 'w'}, {"min", 1, 0, 'm'},
                                            {"max", 1, 0, 'M'},    {"lead", 1, 0, 'l'},    {"seed", 1, 0, 's'},
                                            {"buffer", 0, 0, 'b'}, {"twice", 1, 0, 't'},   {"swap", 1, 0, 'x'},
                                            {"hold", 1, 0, 'h'},   {"lose", 1, 0, 'o'},    {0}};
    long ignored;
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        long *number = c == 'w'   ? &opt.windows
                       : c == 'm' ? &opt.min_ms
                       : c == 'M' ? &opt.max_ms
                       : c == 'l' ? &opt.lead_ms
                       : c == 's' ? &opt.seed
                       : c == 't' ? &opt.twice
                       : c == 'x' ? &opt.swap
                       : c == 'h' ? &opt.hold
                       : c == 'o' ? &opt.lose
                                  : &ignored;
        if (c == '?')
            exit(2);
        if (c == 'n')
            opt.name = optarg;
        else if (c == 'b')
            opt.buffer = true;
        else
            *number = atol(optarg);
    }
    if (opt.windows < 0 || opt.windows > WINDOWS_MAX || opt.max_ms < opt.min_ms)
        exit(2);
}

int main(int argc, char **argv)
{
    read_options(argc, argv);
    int fd = open_tun();
    struct sigaction act = {.sa_handler = on_term};
    sigaction(SIGTERM, &act, NULL);
    sigaction(SIGINT, &act, NULL);
    struct sched_param priority = {.sched_priority = 50};
    if (sched_setscheduler(0, SCHED_FIFO, &priority) < 0)
        perror("tun_truth: no real-time priority: the truth is less exact");
    mlockall(MCL_CURRENT | MCL_FUTURE);
    plan_windows();
    long n = serve(fd);
    printf("answered %ld\n", n);
    return 0;
}
