// SPDX-License-Identifier: GPL-3.0-or-later
// Signals from a signalfd. Main thread. See signals.h.
#include "ui/signals.h"

#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "io/loop.h"

static void (*handler)(int signo, void *data);
static void *handler_data;

static void on_readable(int fd, int events, void *data)
{
    (void)events;
    (void)data;
    struct signalfd_siginfo info;
    while (read(fd, &info, sizeof(info)) == sizeof(info)) {
        if (handler)
            handler((int)info.ssi_signo, handler_data);
    }
}

int signals_start(struct err *e)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGWINCH);
    sigaddset(&set, SIGCONT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    // A script's background jobs inherit an ignored SIGINT, and an ignored signal never reaches a signalfd: `kill -INT`
    // must abort a migration there, too. (SIGHUP stays as it is: nohup means it.)
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    signal(SIGCHLD, SIG_DFL); // ignored, nobody could learn how a command ended
    signal(SIGPIPE, SIG_IGN);
    signal(SIGTTOU, SIG_IGN); // a notice from the background must not stop a migration
    signal(SIGTTIN, SIG_IGN); // reading then fails, and ui/term waits
    int fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (fd < 0)
        return err_errno(e, errno, "signalfd");
    loop_add_fd(fd, LOOP_READ, on_readable, NULL);
    return 0;
}

void signals_handle(void (*fn)(int signo, void *data), void *data)
{
    handler = fn;
    handler_data = data;
}
