// SPDX-License-Identifier: GPL-3.0-or-later
// Drives io/remote from the command line, for the tests that need a real sshd: what `migsh exec` shows, and what it
// cannot (times of each step, cancellation at a given moment, a scripted answer to every question). Exit status: the
// command's, or 100 + the error's exit status.
//     remote_driver [-F config] [-p port] [-l user] [-f fingerprint] [-a answer]… [-c cancel_ms] [-s stall_ms] [-t]
//     [-i]
//                   [-n repeats] HOST COMMAND
// With -k LINE the command is a script for a shell that is kept: LINE becomes it.
// With -q the words after HOST are quoted and joined.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "io/job.h"
#include "io/loop.h"
#include "io/ssh/remote.h"

struct drive {
    struct remote_options o;
    struct strv answers;
    size_t asked;
    const char *command, *shell;
    bool timing, read_stdin, quote;
    int repeats;
    int status;
    bool finished;
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int scripted(void *data, struct job *job, enum remote_ask_kind kind, const char *question, char **ret,
                    struct err *e)
{
    (void)job;
    struct drive *d = data;
    fprintf(stderr, "asked[%d]: %s\n", (int)kind, question);
    if (d->asked >= d->answers.n)
        return err_set(e, ERR_AUTH, "no answer left");
    *ret = xstrdup(d->answers.s[d->asked++]);
    return 0;
}

static ssize_t feed(void *data, void *buf, size_t n, struct err *e)
{
    (void)data;
    (void)e;
    return read(STDIN_FILENO, buf, n);
}

static int run_commands(struct job *job, struct drive *d, struct remote *r, struct err *e)
{
    for (int i = 0; i < d->repeats; i++) {
        double start = now();
        struct remote_exec spec = {.command = d->command, .shell = d->shell, .feed = d->read_stdin ? feed : NULL};
        _cleanup_(remote_result_release) struct remote_result result = REMOTE_RESULT_INIT;
        int status = remote_exec(job, r, &spec, &result, e);
        fwrite(buf_str(&result.out), 1, result.out.len, stdout);
        fwrite(buf_str(&result.err), 1, result.err.len, stderr);
        if (d->timing)
            fprintf(stderr, "exec_ms %.2f\n", now() - start);
        if (result.signal)
            fprintf(stderr, "signal %s\n", result.signal);
        if (status < 0)
            return -1;
        d->status = result.status;
    }
    return 0;
}

static void run(struct job *job, void *arg)
{
    struct drive *d = arg;
    _cleanup_err_ struct err e = ERR_INIT;
    double start = now();
    _cleanup_(remote_close_p) struct remote *r = NULL;
    int status = remote_open(job, &d->o, &r, &e);
    if (d->timing)
        fprintf(stderr, "login_ms %.2f\n", now() - start);
    if (status == 0)
        status = run_commands(job, d, r, &e);
    if (status < 0 && r && !remote_broken(r)) { // after a cancelled command the session must still be good
        _cleanup_err_ struct err again = ERR_INIT;
        fprintf(stderr, "usable %s\n", remote_ping(NULL, r, 2000, &again) == 0 ? "yes" : again.msg);
    }
    if (status < 0) {
        fprintf(stderr, "error %s: %s\n", err_code_name(e.code), e.msg);
        if (e.hint)
            fprintf(stderr, "hint: %s\n", e.hint);
        d->status = 100 + err_exit_status(e.code);
    }
}

static void done(struct job *job, void *arg)
{
    (void)job;
    ((struct drive *)arg)->finished = true;
}

static void cancel(int id, void *data)
{
    loop_remove_timer(id);
    job_cancel(data);
}

int main(int argc, char **argv)
{
    struct drive d = {.repeats = 1};
    int cancel_ms = 0;
    for (int c; (c = getopt(argc, argv, "+F:p:l:f:a:c:s:tin:qk:")) != -1;) {
        switch (c) {
        case 'F':
            d.o.config_file = optarg;
            break;
        case 'p':
            d.o.port = atoi(optarg);
            break;
        case 'l':
            d.o.user = optarg;
            break;
        case 'f':
            d.o.fingerprint = optarg;
            break;
        case 'a':
            strv_add(&d.answers, optarg);
            d.o.ask = scripted;
            break;
        case 'c':
            cancel_ms = atoi(optarg);
            break;
        case 's':
            d.o.stall_ms = d.o.connect_ms = atoi(optarg);
            break;
        case 'k':
            d.shell = optarg;
            break;
        case 'q':
            d.quote = true;
            break;
        case 't':
            d.timing = true;
            break;
        case 'i':
            d.read_stdin = true;
            break;
        case 'n':
            d.repeats = atoi(optarg);
            break;
        default:
            return 99;
        }
    }
    if (optind + 2 > argc || (optind + 2 != argc && !d.quote))
        return 99;
    d.o.host = argv[optind];
    _cleanup_buf_ struct buf quoted = BUF_INIT;
    remote_quote_words(&quoted, (const char *const *)argv + optind + 1, (size_t)(argc - optind - 1));
    d.command = d.quote ? buf_str(&quoted) : argv[optind + 1];
    d.o.ask_data = &d;
    _cleanup_err_ struct err e = ERR_INIT;
    if (loop_init(&e) < 0)
        return 99;
    struct job *job = job_start("drive", run, done, &d, &(struct err)ERR_INIT);
    if (cancel_ms)
        loop_add_timer(cancel_ms, cancel, job);
    loop_run_until(&d.finished);
    strv_release(&d.answers);
    return d.status;
}
