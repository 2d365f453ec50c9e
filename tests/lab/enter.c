// SPDX-License-Identifier: GPL-3.0-or-later
// Runs one command inside a lab host: enter PID LETTERS COMMAND [ARG...], LETTERS out of p m n u (pid, mount, net,
// uts). It exists because nsenter(1) has to fork to enter a pid namespace and then passes no signal on: a SIGTERM or a
// Ctrl-C would end the waiting parent and leave the command running. Here the command has a process group of its own,
// gets the terminal when the caller had it, and gets every signal that reaches the parent; the parent ends as the
// command ended. Single thread. It must not outlive the command, nor the command it (PDEATHSIG).
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct ns {
    char letter;
    const char *name;
    int type;
} namespaces[] = {
    // mount last: the paths under /proc of the others are opened before, but the order keeps errors readable
    {'p', "pid", CLONE_NEWPID},
    {'n', "net", CLONE_NEWNET},
    {'u', "uts", CLONE_NEWUTS},
    {'m', "mnt", CLONE_NEWNS},
};
enum { NS_COUNT = sizeof(namespaces) / sizeof(namespaces[0]) };

static void fail(const char *what)
{
    fprintf(stderr, "enter: %s: %s\n", what, strerror(errno));
    exit(125);
}

// All are opened before the first is entered, as /proc changes with the mount namespace.
static void enter_namespaces(const char *pid, const char *letters)
{
    int fds[NS_COUNT];
    for (int i = 0; i < NS_COUNT; i++) {
        char path[64];
        fds[i] = -1;
        if (!strchr(letters, namespaces[i].letter))
            continue;
        snprintf(path, sizeof(path), "/proc/%.20s/ns/%s", pid, namespaces[i].name);
        fds[i] = open(path, O_RDONLY | O_CLOEXEC);
        if (fds[i] < 0)
            fail(path);
    }
    for (int i = 0; i < NS_COUNT; i++) {
        if (fds[i] < 0)
            continue;
        if (setns(fds[i], namespaces[i].type) < 0)
            fail(namespaces[i].name);
        close(fds[i]);
    }
}

static bool owns_terminal(void)
{
    return isatty(STDIN_FILENO) && tcgetpgrp(STDIN_FILENO) == getpgrp();
}

static _Noreturn void run_command(char **argv, bool terminal, const sigset_t *mask)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setpgid(0, 0);
    // Before exec and with SIGTTOU still blocked: the command must never see itself in the background.
    if (terminal)
        tcsetpgrp(STDIN_FILENO, getpid());
    sigprocmask(SIG_SETMASK, mask, NULL);
    execvp(argv[0], argv);
    int code = errno == ENOENT ? 127 : 126;
    fprintf(stderr, "enter: %s: %s\n", argv[0], strerror(errno));
    _exit(code);
}

static _Noreturn void end_as(int status)
{
    if (WIFEXITED(status))
        exit(WEXITSTATUS(status));
    int sig = WTERMSIG(status);
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none); // a core of this process would tell nothing
    signal(sig, SIG_DFL);
    sigset_t one;
    sigemptyset(&one);
    sigaddset(&one, sig);
    raise(sig);
    sigprocmask(SIG_UNBLOCK, &one, NULL);
    exit(128 + sig);
}

// Does not return when the child has ended. One that is stopped stops this process too, so that a shell's job control
// keeps working; without a terminal nobody would let this process go on when the child does.
static void on_child(pid_t child, bool terminal)
{
    int status;
    while (waitpid(child, &status, WNOHANG | WUNTRACED) == child) {
        if (WIFSTOPPED(status)) {
            if (terminal) {
                tcsetpgrp(STDIN_FILENO, getpgrp());
                raise(SIGSTOP);
            }
            continue;
        }
        if (terminal)
            tcsetpgrp(STDIN_FILENO, getpgrp());
        end_as(status);
    }
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: enter PID LETTERS COMMAND [ARG...]\n");
        return 125;
    }
    char cwd[PATH_MAX];
    if (!getcwd(cwd, sizeof(cwd)))
        strcpy(cwd, "/");
    enter_namespaces(argv[1], argv[2]);
    if (chdir(cwd) < 0 && chdir("/") < 0)
        fail("chdir");

    bool terminal = owns_terminal();
    signal(SIGCHLD, SIG_DFL); // inherited SIG_IGN would hide the end of the child
    sigset_t all, before;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    pid_t child = fork();
    if (child < 0)
        fail("fork");
    if (child == 0)
        run_command(argv + 3, terminal, &before);

    for (;;) {
        int sig = sigwaitinfo(&all, NULL);
        if (sig == SIGCHLD) {
            on_child(child, terminal);
        } else if (sig == SIGCONT) {
            if (terminal && tcgetpgrp(STDIN_FILENO) == getpgrp())
                tcsetpgrp(STDIN_FILENO, child);
            kill(child, SIGCONT);
        } else if (sig > 0) {
            kill(child, sig);
        }
    }
}
