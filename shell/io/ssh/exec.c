// SPDX-License-Identifier: GPL-3.0-or-later
// Running a command on an open session: one channel for each, or that of a shell that is kept for the next script;
// output by callbacks, stdin as the window allows. Job threads. Never calls a libssh function that could wait:
// ssh_channel_write() is given no more than the peer's window takes.
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/printable.h"
#include "base/token.h"
#include "base/trace.h"
#include "io/ssh/priv.h"

enum { CHUNK = 64 * 1024, DEFAULT_MAX_OUTPUT = 64 << 20, GRACE_MS = 2000, TICK_MS = 1000 };

struct run {
    struct job *job;
    struct remote *r;
    const struct remote_exec *spec;
    struct remote_result *result;
    struct err *e;
    ssh_channel channel;
    struct ssh_channel_callbacks_struct callbacks;
    bool has_status, closed;
    double heard; // when the command last printed something
    bool failed;  // the caller's output() or feed() said no, or there was too much: e is set
    bool input_ended;
    bool waiting;      // feed() has nothing yet
    size_t input_sent; // of spec->input
    char *chunk;       // bytes of feed() that the window had no room for yet
    size_t chunk_len, chunk_sent;

    struct remote_kept *kept; // NULL: a channel of its own
    struct part {
        bool begun, ended; // its marks have come
        size_t from, to;   // what stands between them
    } part[2];             // of stdout, stderr
};

// A shell that reads scripts from its stdin. Each is a line that begins it, ( SCRIPT ), and a line that ends it; a
// script that did not arrive whole is no command, so nothing of it is run.
struct remote_kept {
    struct remote_kept *next;
    char *shell;
    char mark[24]; // what no output can contain by chance
    ssh_channel channel;
    struct ssh_channel_callbacks_struct callbacks;
    struct run idle; // takes what comes while no script runs
    struct remote_result last_words;
};

void remote_result_release(struct remote_result *result)
{
    free(result->signal);
    buf_release(&result->out);
    buf_release(&result->err);
    *result = (struct remote_result)REMOTE_RESULT_INIT;
}

static void find_marks(struct run *run, bool is_stderr, size_t before)
{
    struct part *part = &run->part[is_stderr];
    const struct buf *b = is_stderr ? &run->result->err : &run->result->out;
    const char *mark = run->kept->mark;
    size_t n = strlen(mark);
    const char *at;
    if (!part->begun) {
        char begin[sizeof(run->kept->mark) + 4];
        snprintf(begin, sizeof(begin), "B%s\n", mark);
        if (!(at = memmem(b->s, b->len, begin, n + 2)))
            return;
        part->begun = run->result->started = true;
        part->from = before = (size_t)(at - b->s) + n + 2;
    }
    size_t from = before > part->from + n + 8 ? before - n - 8 : part->from; // a mark may come in pieces
    char end[sizeof(run->kept->mark) + 4];
    snprintf(end, sizeof(end), "E%s ", mark);
    if (!part->ended && (at = memmem(b->s + from, b->len - from, end, n + 2)) &&
        memchr(at, '\n', b->len - (size_t)(at - b->s))) {
        part->ended = true;
        part->to = (size_t)(at - b->s);
        run->has_status = true;
        run->result->status = (int)strtol(at + n + 2, NULL, 10);
    }
}

static int on_data(ssh_session session, ssh_channel channel, void *data, uint32_t len, int is_stderr, void *userdata)
{
    (void)session;
    (void)channel;
    struct run *run = userdata;
    const struct remote_exec *spec = run->spec;
    run->heard = clock_mono_ms();
    if (run->failed)
        return (int)len; // taken and dropped, so that the channel can still be closed in order
    if (spec->output) {
        run->failed = spec->output(spec->data, is_stderr, data, len, run->e) < 0;
        return (int)len;
    }
    size_t max = spec->max_output ? spec->max_output : DEFAULT_MAX_OUTPUT;
    if (run->result->out.len + run->result->err.len + len > max) {
        err_set(run->e, ERR_FAILED, "%s: the command printed more than %zu bytes", run->r->label, max);
        run->failed = true;
        return (int)len;
    }
    struct buf *b = is_stderr ? &run->result->err : &run->result->out;
    size_t before = b->len;
    buf_add(b, data, len);
    if (run->kept)
        find_marks(run, is_stderr, before);
    return (int)len;
}

static void on_exit_status(ssh_session session, ssh_channel channel, int status, void *userdata)
{
    (void)session;
    (void)channel;
    struct run *run = userdata;
    run->result->status = status;
    run->has_status = true;
}

static int signal_number(const char *name)
{
    for (int i = 1; i < 32; i++) {
        const char *abbreviation = sigabbrev_np(i);
        if (abbreviation && strcmp(abbreviation, name) == 0)
            return i;
    }
    return 0;
}

static void on_exit_signal(ssh_session session, ssh_channel channel, const char *name, int core, const char *message,
                           const char *language, void *userdata)
{
    (void)session;
    (void)channel;
    (void)core;
    (void)message;
    (void)language;
    struct run *run = userdata;
    free(run->result->signal);
    run->result->signal = xstrdup(name);
    run->result->status = 128 + signal_number(name);
    run->has_status = true;
}

static void on_close(ssh_session session, ssh_channel channel, void *userdata)
{
    (void)session;
    (void)channel;
    ((struct run *)userdata)->closed = true;
}

static void drop_channel(struct run *run)
{
    if (!run->channel)
        return;
    ssh_remove_channel_callbacks(run->channel, &run->callbacks);
    ssh_channel_free(run->channel); // sends close if need be; the rest is libssh's when the peer confirms
    run->channel = NULL;
}

// Repeats a libssh call that may answer "again".
static int repeat(struct run *run, struct job *job, int (*call)(struct run *run), const char *what, struct err *e)
{
    int rc;
    while ((rc = call(run)) == SSH_AGAIN) {
        if (remote_wait(job, run->r, TICK_MS, e) < 0 || remote_process(run->r, e) < 0)
            return -1;
    }
    return rc == SSH_OK ? 0 : remote_fail(run->r, e, what);
}

static int call_open(struct run *run)
{
    return ssh_channel_open_session(run->channel);
}

static int call_exec(struct run *run)
{
    return ssh_channel_request_exec(run->channel, run->kept ? run->kept->shell : run->spec->command);
}

static int start(struct run *run, struct ssh_channel_callbacks_struct *callbacks)
{
    struct remote *r = run->r;
    if (remote_broken(r))
        return err_set(run->e, ERR_UNREACHABLE, "%s: the connection is lost", r->label);
    run->channel = ssh_channel_new(r->ssh);
    if (!run->channel)
        return remote_fail(r, run->e, "new channel");
    *callbacks = (struct ssh_channel_callbacks_struct){.userdata = run,
                                                       .channel_data_function = on_data,
                                                       .channel_close_function = on_close,
                                                       .channel_exit_status_function = on_exit_status,
                                                       .channel_exit_signal_function = on_exit_signal};
    ssh_callbacks_init(callbacks);
    ssh_set_channel_callbacks(run->channel, callbacks);
    remote_begin(r, "starting a command", r->stall_ms);
    if (repeat(run, run->job, call_open, "opening a channel", run->e) < 0) {
        r->broken = true; // a half-open channel cannot be told from the next one's
        return -1;
    }
    if (repeat(run, run->job, call_exec, "starting a command", run->e) == 0) {
        run->result->started = !run->kept; // a shell says so itself
        return 0;
    }
    // Cancelled while the request is on its way: it may well be running, so it has to be ended like any other.
    _cleanup_err_ struct err ignored = ERR_INIT;
    remote_begin(r, "ending a command", GRACE_MS);
    if (run->e->code != ERR_FAILED && repeat(run, NULL, call_exec, "starting a command", &ignored) == 0)
        run->result->started = true;
    else if (run->e->code != ERR_FAILED)
        r->broken = true;
    return -1;
}

// The next piece of stdin: *ret_n bytes at *ret, 0 at its end.
static int next_input(struct run *run, const char **ret, size_t *ret_n)
{
    const struct remote_exec *spec = run->spec;
    if (!spec->feed) {
        *ret = (const char *)spec->input + run->input_sent;
        *ret_n = spec->input ? spec->input_len - run->input_sent : 0;
        return 0;
    }
    if (run->chunk_sent == run->chunk_len) {
        if (!run->chunk)
            run->chunk = xcalloc(1, CHUNK);
        ssize_t n = spec->feed(spec->data, run->chunk, CHUNK, run->e);
        run->waiting = n == REMOTE_LATER;
        if (run->waiting)
            n = 0;
        if (n < 0) {
            run->failed = true;
            return -1;
        }
        run->chunk_len = (size_t)n;
        run->chunk_sent = 0;
    }
    *ret = run->chunk + run->chunk_sent;
    *ret_n = run->chunk_len - run->chunk_sent;
    return 0;
}

static int send_input(struct run *run)
{
    if (run->input_ended || run->closed || (ssh_get_poll_flags(run->r->ssh) & SSH_WRITE_PENDING))
        return 0;
    size_t window = ssh_channel_window_size(run->channel);
    const char *s = NULL;
    size_t n = 0;
    if (next_input(run, &s, &n) < 0)
        return -1;
    if (run->waiting)
        return 0;
    if (n == 0) {
        run->input_ended = true;
        if (run->kept)
            return 0;
        return ssh_channel_send_eof(run->channel) == SSH_ERROR ? remote_fail(run->r, run->e, "sending input") : 0;
    }
    n = n < CHUNK ? n : CHUNK;
    n = n < window ? n : window;
    if (n == 0)
        return 0; // until the far side has read some
    int sent = ssh_channel_write(run->channel, s, (uint32_t)n);
    if (sent < 0 && run->has_status) {
        run->input_ended = true; // it has ended without reading all: its exit status says what that means
        return 0;
    }
    if (sent < 0)
        return remote_fail(run->r, run->e, "sending input");
    run->input_sent += (size_t)sent;
    run->chunk_sent += (size_t)sent;
    return 0;
}

static int pump(struct run *run)
{
    double forever = 1e15;
    remote_begin(run->r, "running a command", run->spec->timeout_ms > 0 ? run->spec->timeout_ms : forever);
    int r = 0;
    run->heard = clock_mono_ms();
    while (r == 0 && !run->closed && !run->failed && !(run->part[0].ended && run->part[1].ended)) {
        r = send_input(run);
        if (r == 0 && run->spec->idle_ms > 0 && clock_mono_ms() - run->heard > run->spec->idle_ms)
            r = err_set(run->e, ERR_TIMEOUT, "%s: a command has printed nothing for %.0f s", run->r->label,
                        run->spec->idle_ms / 1e3);
        run->r->wake_fd = run->waiting ? run->spec->wake_fd : 0;
        if (r == 0)
            r = remote_wait(run->job, run->r, TICK_MS, run->e);
        if (r == 0)
            r = remote_process(run->r, run->e);
    }
    run->r->wake_fd = 0;
    if (r < 0 || run->failed)
        return -1;
    if (!run->has_status)
        return err_set(run->e, ERR_FAILED, "%s: the command ended without an exit status", run->r->label);
    return 0;
}

// Ends a command that is not wanted any more, and waits a little for the peer's consent, after which the session is as
// good as before. Without it the session is given up: sshd then ends what it can reach.
static void abandon(struct run *run)
{
    struct remote *r = run->r;
    if (remote_broken(r) || run->closed)
        return;
    _cleanup_err_ struct err ignored = ERR_INIT;
    run->failed = true; // whatever still comes is dropped
    ssh_channel_request_send_signal(run->channel, "TERM");
    ssh_channel_send_eof(run->channel);
    ssh_channel_close(run->channel);
    remote_begin(r, "ending a command", GRACE_MS);
    while (!run->closed) {
        if (remote_wait(NULL, r, GRACE_MS, &ignored) < 0 || remote_process(r, &ignored) < 0) {
            r->broken = true;
            return;
        }
    }
}

static void kept_free(struct remote_kept *k)
{
    if (k->channel) {
        ssh_remove_channel_callbacks(k->channel, &k->callbacks);
        ssh_channel_free(k->channel);
    }
    remote_result_release(&k->last_words);
    free(k->shell);
    free(k);
}

static void kept_drop(struct remote *r, struct remote_kept *k)
{
    struct remote_kept **at = &r->kept;
    while (*at && *at != k)
        at = &(*at)->next;
    if (*at)
        *at = k->next;
    kept_free(k);
}

void remote_exec_release(struct remote *r)
{
    while (r->kept)
        kept_drop(r, r->kept);
}

// One that is there, and whose end has not been seen.
static struct remote_kept *kept_find(struct remote *r, const char *shell)
{
    struct remote_kept *k = r->kept;
    while (k && strcmp(k->shell, shell) != 0)
        k = k->next;
    if (!k || !k->idle.closed)
        return k;
    kept_drop(r, k);
    return NULL;
}

static struct remote_kept *kept_new(struct remote *r, const char *shell)
{
    _cleanup_free_ char *token = token_hex(8);
    struct remote_kept *k = xnew(struct remote_kept);
    snprintf(k->mark, sizeof(k->mark), "migsh%s", token);
    k->shell = xstrdup(shell);
    k->idle.failed = true; // so that what comes is dropped
    k->idle.result = &k->last_words;
    k->next = r->kept;
    r->kept = k;
    return k;
}

static void frame(const struct remote_kept *k, const char *script, struct buf *out)
{
    buf_addf(out, "echo B%s; echo B%s >&2\n(\n%s\n) </dev/null\n", k->mark, k->mark, script);
    buf_addf(out, "set -- $?; echo \"E%s $1\"; echo \"E%s $1\" >&2\n", k->mark, k->mark);
}

static void cut(struct buf *b, const struct part *part)
{
    if (!part->begun)
        return;
    size_t n = (part->ended ? part->to : b->len) - part->from;
    memmove(b->s, b->s + part->from, n);
    buf_truncate(b, n);
}

// In a shell that is there or one that is opened now. 1: it was there, but had ended without beginning the script.
static int run_in_shell(struct run *run)
{
    struct remote *r = run->r;
    struct remote_kept *k = kept_find(r, run->spec->shell);
    bool is_new = !k;
    run->kept = k ? k : kept_new(r, run->spec->shell);
    k = run->kept;
    _cleanup_buf_ struct buf text = BUF_INIT;
    frame(k, run->spec->command, &text);
    struct remote_exec spec = *run->spec;
    spec.input = buf_str(&text);
    spec.input_len = text.len;
    run->spec = &spec;
    int status = 0;
    if (is_new) {
        status = start(run, &k->callbacks);
        k->channel = run->channel;
    } else if (remote_broken(r)) {
        status = err_set(run->e, ERR_UNREACHABLE, "%s: the connection is lost", r->label);
    } else {
        run->channel = k->channel;
        k->callbacks.userdata = run;
    }
    bool opened = status == 0;
    if (opened)
        status = pump(run);
    if (opened && status < 0)
        abandon(run);
    k->callbacks.userdata = &k->idle;
    if (status < 0 || run->closed)
        kept_drop(r, k);
    cut(&run->result->out, &run->part[0]);
    cut(&run->result->err, &run->part[1]);
    if (status < 0)
        return -1;
    return run->closed && !is_new && !run->result->started;
}

static atomic_ullong commands;

uint64_t remote_commands(void)
{
    return atomic_load(&commands);
}

static int run_command(struct job *job, struct remote *r, const struct remote_exec *spec, struct remote_result *result,
                       struct err *e)
{
    struct run run = {.job = job, .r = r, .spec = spec, .result = result, .e = e}, again = run;
    if (spec->shell) {
        int status = run_in_shell(&run);
        if (status == 1) {
            remote_result_release(result);
            status = run_in_shell(&again);
        }
        return status;
    }
    int status = start(&run, &run.callbacks);
    if (status == 0)
        status = pump(&run);
    if (status < 0 && result->started)
        abandon(&run);
    drop_channel(&run);
    free(run.chunk);
    return status;
}

int remote_exec(struct job *job, struct remote *r, const struct remote_exec *spec, struct remote_result *result,
                struct err *e)
{
    atomic_fetch_add_explicit(&commands, 1, memory_order_relaxed);
    double began_ms = clock_mono_ms();
    int ended = run_command(job, r, spec, result, e);
    char outcome[32];
    snprintf(outcome, sizeof(outcome), "status %d", result->status);
    trace_call(&(struct trace_call){.level = TRACE_COMMAND,
                                    .kind = "ssh",
                                    .where = r->label,
                                    .what = spec->what ? spec->what : spec->command,
                                    .n = strlen(spec->what ? spec->what : spec->command),
                                    .began_ms = began_ms,
                                    .outcome = outcome,
                                    .failure = ended < 0 ? e->msg : NULL});
    return ended;
}

// The end of what was said, whole lines.
static void add_tail(struct buf *out, const struct buf *said)
{
    enum { TAIL = 400 };
    const char *s = buf_str(said), *end = s + said->len;
    while (end > s && end[-1] == '\n')
        end--;
    if (end - s > TAIL) {
        const char *cut = end - TAIL, *newline = memchr(cut, '\n', TAIL);
        s = newline ? newline + 1 : cut;
    }
    buf_add_printable(out, s, (size_t)(end - s));
}

int remote_result_output(const char *who, struct remote_result *result, char **ret_out, struct err *e)
{
    if (result->status != 0) {
        _cleanup_buf_ struct buf said = BUF_INIT, text = BUF_INIT;
        add_tail(&said, &result->err);
        buf_add_message(&text, buf_str(&said));
        return err_set(e, ERR_FAILED, "%s: exit status %d%s%s", who, result->status, text.len ? ": " : "",
                       buf_str(&text));
    }
    if (ret_out)
        *ret_out = buf_steal(&result->out);
    return 0;
}

int remote_output(struct job *job, struct remote *r, const char *command, char **ret_out, struct err *e)
{
    struct remote_exec spec = {.command = command};
    _cleanup_(remote_result_release) struct remote_result result = REMOTE_RESULT_INIT;
    if (remote_exec(job, r, &spec, &result, e) < 0)
        return -1;
    return remote_result_output(r->label, &result, ret_out, e);
}
