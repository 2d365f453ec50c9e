// SPDX-License-Identifier: GPL-3.0-or-later
// The terminal: modes, keys, size. Main thread, but for term_restore(). Prints nothing. See term.h.
#include "ui/term.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "core/console/script.h"
#include "io/loop.h"

static int tty = -1;
static struct termios found;
static volatile sig_atomic_t changed; // the mode is not the one found
static int watch = -1;
static void (*input_fn)(const char *bytes, size_t n, void *data);
static void *input_data;
static struct buf early; // read while the loop did not turn

// A terminal that is not our session's has no foreground for us: nothing will stop us there.
static bool in_foreground(int fd)
{
    pid_t group = tcgetpgrp(fd);
    return group == -1 || group == getpgrp();
}

bool term_open(bool use_stdin)
{
    int fd = use_stdin ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) : open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return false;
    if (use_stdin && !in_foreground(fd))
        raise(SIGTTIN); // an interactive shell started with "&" waits to be called, as sh does
    if (!in_foreground(fd) || tcgetattr(fd, &found) < 0) {
        close(fd);
        return false;
    }
    tty = fd;
    return true;
}

bool term_is_open(void)
{
    return tty >= 0;
}

static void set_mode(enum term_mode mode)
{
    struct termios t = found;
    if (mode == TERM_RAW)
        cfmakeraw(&t);
    if (mode == TERM_KEYS)
        t.c_lflag &= ~(tcflag_t)(ISIG | ICANON | ECHO | IEXTEN);
    if (mode != TERM_COOKED) {
        t.c_cc[VMIN] = 1;
        t.c_cc[VTIME] = 0;
    }
    changed = mode != TERM_COOKED;
    tcsetattr(tty, TCSADRAIN, &t); // not FLUSH: what was typed ahead is kept
}

static struct {
    bool now, raw;
    void (*fn)(const char *bytes, size_t n, void *data);
    void *data;
    enum term_mode mode;
} lent;

void term_set(enum term_mode mode)
{
    if (tty < 0 || !in_foreground(tty) || (lent.now && !lent.raw))
        return;
    set_mode(lent.now ? TERM_RAW : mode);
}

void term_restore(void)
{
    if (!changed || tty < 0 || !in_foreground(tty))
        return;
    changed = 0;
    int saved = errno;
    tcsetattr(tty, TCSANOW, &found);
    errno = saved;
}

static void on_fault(int signo)
{
    term_restore();
    raise(signo); // SA_RESETHAND: now it kills, and leaves the core it would have left
}

void term_restore_at_exit(void)
{
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGQUIT};
    struct sigaction sa = {.sa_handler = on_fault, .sa_flags = (int)SA_RESETHAND};
    for (size_t i = 0; i < ARRAY_SIZE(faults); i++)
        sigaction(faults[i], &sa, NULL);
    atexit(term_restore);
    at_quick_exit(term_restore);
}

// The loop's word for it may be old: poll_keys() and term_read_byte() take bytes too.
bool term_has_input(void)
{
    struct pollfd pfd = {tty, POLLIN, 0};
    return poll(&pfd, 1, 0) == 1;
}

static void on_input(int fd, int events, void *data)
{
    (void)events;
    (void)data;
    char chunk[4096];
    if (!term_has_input())
        return;
    ssize_t n = read(fd, chunk, sizeof(chunk));
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    void (*fn)(const char *bytes, size_t n, void *data) = input_fn;
    if (n > 0) {
        fn(chunk, (size_t)n, input_data);
        return;
    }
    // Closed, or (with SIGTTIN ignored) we were sent to the background: either way there is nothing to read.
    if (in_foreground(fd) || errno != EIO)
        fn(NULL, 0, input_data);
    term_watch(NULL, NULL);
}

static void deliver_early(void *data)
{
    (void)data;
    _cleanup_free_ char *bytes = early.s;
    size_t n = early.len;
    early = (struct buf)BUF_INIT;
    if (n && input_fn)
        input_fn(bytes, n, input_data);
}

// Called by a busy script: takes what was typed, so that a ^C among it is seen now and the rest later, in its order.
static void poll_keys(void)
{
    enum { CTRL_C = 3 };
    char chunk[256];
    ssize_t n = term_has_input() ? read(tty, chunk, sizeof(chunk)) : 0;
    if (n <= 0)
        return;
    if (!early.len)
        loop_post(deliver_early, NULL);
    for (ssize_t i = 0; i < n; i++) {
        if (chunk[i] == CTRL_C) {
            buf_truncate(&early, 0); // as a terminal does
            kill(getpid(), SIGINT);
        } else {
            buf_addc(&early, chunk[i]);
        }
    }
}

void term_watch(void (*fn)(const char *bytes, size_t n, void *data), void *data)
{
    input_fn = fn;
    input_data = data;
    script_set_poll(fn ? poll_keys : NULL);
    if (fn && watch < 0 && tty >= 0)
        watch = loop_add_fd(tty, LOOP_READ, on_input, NULL);
    if (!fn && watch >= 0) {
        loop_remove_fd(watch);
        watch = -1;
    }
}

bool term_lend(bool raw)
{
    if (tty < 0 || !in_foreground(tty))
        return false;
    lent.fn = input_fn;
    lent.data = input_data;
    lent.mode = changed ? TERM_KEYS : TERM_COOKED;
    lent.raw = raw;
    term_watch(NULL, NULL);
    set_mode(raw ? TERM_RAW : TERM_COOKED);
    lent.now = true;
    return true;
}

void term_take_back(void)
{
    lent.now = false;
    term_set(lent.mode);
    term_watch(lent.fn, lent.data);
}

int term_read_byte(void)
{
    unsigned char c;
    ssize_t n;
    do
        n = read(tty, &c, 1);
    while (n < 0 && errno == EINTR);
    return n == 1 ? c : -1;
}

void term_type_back(const char *bytes, size_t n)
{
    for (size_t i = 0; i < n && tty >= 0; i++) {
        if (ioctl(tty, TIOCSTI, &bytes[i]) < 0)
            return;
    }
}

static struct winsize size_of(void)
{
    static const int others[] = {STDERR_FILENO, STDOUT_FILENO, STDIN_FILENO};
    struct winsize ws = {0};
    if (tty >= 0 && ioctl(tty, TIOCGWINSZ, &ws) == 0 && ws.ws_col)
        return ws;
    for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
        if (ioctl(others[i], TIOCGWINSZ, &ws) == 0 && ws.ws_col)
            return ws;
    }
    return (struct winsize){.ws_col = 80, .ws_row = 24};
}

int term_width(void)
{
    return size_of().ws_col;
}

int term_height(void)
{
    int rows = size_of().ws_row;
    return rows > 0 ? rows : 24;
}
