// SPDX-License-Identifier: GPL-3.0-or-later
// Preloaded into a console by tests: something happens to it exactly at one record of a journal, that is when it syncs
// the file. So a fault comes before or after a step acts, without a hook in the product. The environment says when:
//
//   MIGSH_FAULT_AT=N        at the Nth record, before the sync; -N: right behind it. Else:
//   MIGSH_FAULT_STEP=NAME   at a record of a step of this name …
//   MIGSH_FAULT_WHEN=intent    … behind its intent: the step is known to begin and has not acted (the default)
//   MIGSH_FAULT_WHEN=outcome   … at its outcome: it has acted, and nothing says so yet
//   MIGSH_FAULT_NTH=N       … the Nth of these (default 1)
//   MIGSH_FAULT_JOURNAL=TEXT   only in journals whose path contains the text
//
// and what:
//
//   MIGSH_FAULT_RUN=COMMAND   sh -c COMMAND, waited for
//   MIGSH_FAULT_SIGNAL=N    then this signal to itself (default 9 where nothing is run)
//
// It happens once. A console killed at an outcome leaves no record of it: as if it had died just before writing.
// Runs on whatever thread syncs; must not touch what the console has open, but for that one record.
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

extern char **environ;
int fdatasync(int fd);

// Is it a journal, and one that is meant?
static bool is_journal(int fd)
{
    char link[64], path[4096];
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof(path) - 1);
    if (n < 6)
        return false;
    path[n] = '\0';
    const char *part = getenv("MIGSH_FAULT_JOURNAL");
    return strcmp(path + n - 6, ".jsonl") == 0 && (!part || strstr(path, part));
}

// The whole text, NUL-terminated, for the caller to free; NULL if it cannot be read.
static char *read_all(int fd)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return NULL;
    char *text = calloc(1, (size_t)st.st_size + 1);
    if (text && pread(fd, text, (size_t)st.st_size, 0) != st.st_size) {
        free(text);
        text = NULL;
    }
    return text;
}

static bool begins(const char *line, const char *with)
{
    return strncmp(line, with, strlen(with)) == 0;
}

// The number of a record's step; records are written compactly, their members in order: see core/journal/read.c.
static int step_of(const char *line)
{
    const char *s = strstr(line, "\"step\":");
    return s ? atoi(s + 7) : 0;
}

// Is the last record, at `last`, one of the step's, of the kind that is waited for?
static bool is_record(const char *text, const char *last, const char *step, bool outcome)
{
    char name[128];
    snprintf(name, sizeof(name), "\"name\":\"%s\"", step);
    if (!begins(last, outcome ? "{\"rec\":\"outcome\"" : "{\"rec\":\"intent\""))
        return false;
    for (const char *line = text; line && *line; line = (line = strchr(line, '\n')) ? line + 1 : NULL) {
        if (!begins(line, "{\"rec\":\"intent\"") || step_of(line) != step_of(last))
            continue;
        const char *first = strstr(line, "\"name\":\"");
        return first && begins(first, name);
    }
    return false;
}

// Where the last record begins: behind the newline before its own.
static char *last_record(char *text)
{
    size_t n = strlen(text);
    if (n && text[n - 1] == '\n')
        n--;
    while (n && text[n - 1] != '\n')
        n--;
    return text + n;
}

// Waits by the end of a pipe, as the console may reap its children itself.
static void run(const char *command)
{
    int ends[2];
    pid_t pid;
    if (pipe2(ends, O_CLOEXEC) < 0)
        abort();
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 9);
    char *text = NULL;
    if (asprintf(&text, "unset LD_PRELOAD; %s", command) < 0)
        abort();
    char *argv[] = {(char[]){"sh"}, (char[]){"-c"}, text, NULL};
    if (posix_spawn(&pid, "/bin/sh", &actions, NULL, argv, environ) != 0)
        abort();
    close(ends[1]);
    char c;
    while (read(ends[0], &c, 1) > 0) {
    }
    close(ends[0]);
    free(text);
    posix_spawn_file_actions_destroy(&actions);
}

static int number(const char *name, int otherwise)
{
    const char *s = getenv(name);
    return s ? atoi(s) : otherwise;
}

// Takes the record away if the console dies of this.
static void strike(int fd, off_t cut)
{
    const char *command = getenv("MIGSH_FAULT_RUN");
    int sig = number("MIGSH_FAULT_SIGNAL", command ? 0 : SIGKILL);
    if (sig == SIGKILL && cut >= 0 && ftruncate(fd, cut) < 0)
        abort();
    if (command)
        run(command);
    if (sig)
        kill(getpid(), sig);
}

static int at_step(int fd, const char *step)
{
    static atomic_int seen;
    bool outcome = strcmp(getenv("MIGSH_FAULT_WHEN") ?: "intent", "outcome") == 0;
    char *text = read_all(fd), *last = text ? last_record(text) : NULL;
    bool now =
        last && is_record(text, last, step, outcome) && atomic_fetch_add(&seen, 1) + 1 == number("MIGSH_FAULT_NTH", 1);
    int r = (int)syscall(SYS_fdatasync, fd);
    if (now)
        strike(fd, outcome ? last - text : -1);
    free(text);
    return r;
}

__attribute__((visibility("default"))) int fdatasync(int fd)
{
    static atomic_int calls;
    if (!is_journal(fd))
        return (int)syscall(SYS_fdatasync, fd);
    const char *step = getenv("MIGSH_FAULT_STEP");
    if (step)
        return at_step(fd, step);
    int n = number("MIGSH_FAULT_AT", 0), call = atomic_fetch_add(&calls, 1) + 1;
    if (n == call)
        strike(fd, -1);
    int r = (int)syscall(SYS_fdatasync, fd);
    if (-n == call)
        strike(fd, -1);
    return r;
}
