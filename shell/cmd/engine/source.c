// SPDX-License-Identifier: GPL-3.0-or-later
// Sources of lines: a text (-c, -f, the inventory) or a file descriptor (stdin). Lines are joined while they are
// incomplete, and run one after the other. Main thread; reading never blocks the loop. See batch.h.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "cmd/engine/batch.h"
#include "cmd/engine/jobs.h"
#include "cmd/engine/render.h"
#include "core/console/out.h"
#include "io/file.h"
#include "io/file_trusted.h"
#include "io/loop.h"

// Joining looks at the whole command again with each line: more than this is a quote that was never closed.
enum { COMMAND_MAX = 64 * 1024 };

struct source {
    struct ctx *ctx;
    struct batch_opts opts;
    struct buf input; // what has been read and not run
    size_t at;        // of input, already run
    size_t joined;    // bytes behind `at` that are known to be no whole command
    int watch;        // -1: all is in `input`
    bool eof, stopped, ending, quit;
    char *file;  // nested; NULL: it is all that this program does
    bool nul;    // the input goes on behind a NUL byte, and is not read
    bool posted; // pump(), to the loop: nothing goes on before
    struct batch *running;
    int status;
    batch_done_fn *done;
    void *data;
};

static void pump(struct source *s);

static void end_now(void *data)
{
    struct source *s = data;
    if (!s->file && !s->opts.prompt && !s->status)
        s->status = jobs_left_status();
    buf_release(&s->input);
    free(s->file);
    s->done(s->status, s->quit, s->data);
    free(s);
}

// What the source itself has sent behind ends before it does: with it the program would end.
static void end(struct source *s, bool quit)
{
    if (s->watch >= 0)
        loop_remove_fd(s->watch);
    s->watch = -1;
    s->ending = true;
    s->quit = quit;
    if (s->file || s->opts.prompt || !jobs_count())
        end_now(s);
    else
        jobs_when_idle(end_now, s);
}

static void tell_place(const struct source *s)
{
    size_t line = 1;
    for (size_t i = 0; i + 1 < s->at; i++)
        line += buf_str(&s->input)[i] == '\n';
    out_notice(OUT_WARN, "%s:%zu: the rest of the file is not run", s->file, line);
}

static void line_done(int status, bool quit, void *data)
{
    struct source *s = data;
    s->running = NULL;
    if (status) {
        s->status = status;
        if (!s->opts.keep_going)
            s->stopped = true;
        if (s->file && s->stopped)
            tell_place(s);
    }
    if (quit)
        end(s, true);
    else
        pump(s);
}

// The command at s->at, of as many lines as it takes; NULL when the input ends before a newline (and is not at eof).
static char *logical_line(struct source *s)
{
    const char *text = buf_str(&s->input) + s->at;
    for (;;) {
        const char *nl = strchr(text + s->joined, '\n');
        if (!nl && !s->eof)
            return NULL;
        size_t n = nl ? (size_t)(nl - text) : s->joined + strlen(text + s->joined);
        _cleanup_free_ char *line = xstrndup(text, n);
        if (!nl || n > COMMAND_MAX || !batch_incomplete(line)) {
            s->at += n + (nl ? 1 : 0);
            s->joined = 0;
            return steal(&line);
        }
        s->joined = n + 1;
    }
}

// Nothing behind this is read any more.
static void refuse(struct source *s, struct err *e)
{
    _cleanup_buf_ struct buf out = BUF_INIT;
    s->status = err_exit_status(e->code);
    s->stopped = true;
    if (s->opts.json) {
        render_error_json(e, &out);
        out_write(buf_str(&out), out.len);
    } else {
        out_error(e);
    }
}

// No text holds one. The line that it is in is not run, not even up to it.
static void refuse_nul(struct source *s)
{
    _cleanup_err_ struct err e = ERR_INIT;
    err_set(&e, ERR_USAGE, "standard input holds a NUL byte: no more commands are read");
    refuse(s, &e);
}

static void refuse_long(struct source *s, const char *line)
{
    _cleanup_err_ struct err e = ERR_INIT;
    err_set(&e, ERR_USAGE, "a command of more than %d KiB, and no more are read; it begins with '%.*s'",
            COMMAND_MAX / 1024, (int)strcspn(line, "\n") < 60 ? (int)strcspn(line, "\n") : 60, line);
    err_hint(&e, "is a quote not closed?");
    refuse(s, &e);
}

static void pump(struct source *s)
{
    if (s->running || s->posted)
        return;
    if (!s->stopped && s->nul && s->at >= s->input.len) {
        s->nul = false;
        refuse_nul(s);
    }
    if (s->stopped || (s->eof && s->at >= s->input.len)) {
        end(s, false);
        return;
    }
    _cleanup_free_ char *line = logical_line(s);
    if (line && strlen(line) > COMMAND_MAX && strchr(line, '\n')) {
        refuse_long(s, line);
        end(s, false);
    } else if (line) {
        s->running = batch_line(s->ctx, line, &s->opts, line_done, s);
    }
}

static void on_readable(int fd, int events, void *data)
{
    (void)events;
    struct source *s = data;
    char chunk[4096];
    ssize_t n = read(fd, chunk, sizeof(chunk));
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    const char *nul = n > 0 ? memchr(chunk, '\0', (size_t)n) : NULL;
    if (n > 0)
        buf_add(&s->input, chunk, nul ? (size_t)(nul - chunk) : (size_t)n);
    if (nul) {
        s->nul = true;
        size_t whole = s->input.len;
        while (whole > s->at && buf_str(&s->input)[whole - 1] != '\n')
            whole--;
        buf_truncate(&s->input, whole);
    }
    if (n <= 0 || nul) {
        s->eof = true;
        loop_remove_fd(s->watch);
        s->watch = -1;
    }
    pump(s);
}

static struct source *source_new(struct ctx *ctx, const struct batch_opts *opts, batch_done_fn *done, void *data)
{
    struct source *s = xnew(struct source);
    s->ctx = ctx;
    s->opts = *opts;
    s->done = done;
    s->data = data;
    s->watch = -1;
    return s;
}

static void pump_posted(void *data)
{
    struct source *s = data;
    s->posted = false;
    pump(s);
}

// Once, however often: it may be the end of the source.
static void post_pump(struct source *s)
{
    if (!s->posted)
        loop_post(pump_posted, s);
    s->posted = true;
}

int source_read(const char *path, char **ret_text, struct err *e)
{
    enum { TEXT_MAX = 16 << 20 };
    _cleanup_free_ char *text = NULL;
    size_t n;
    if (file_trusted_read(path, TEXT_MAX, &text, &n, e) < 0 || file_is_text(path, text, n, e) < 0)
        return -1;
    *ret_text = steal(&text);
    return 0;
}

struct source *source_text(struct ctx *ctx, const char *text, const struct batch_opts *opts, batch_done_fn *done,
                           void *data)
{
    struct source *s = source_new(ctx, opts, done, data);
    buf_adds(&s->input, text);
    s->eof = true;
    post_pump(s);
    return s;
}

static struct source *run_nested(struct ctx *ctx, const char *text, const char *file, const struct batch_opts *opts,
                                 batch_done_fn *done, void *data)
{
    struct source *s = source_text(ctx, text, opts, done, data);
    s->file = xstrdup(file);
    s->opts.prompt = false;
    s->opts.keep_going = false;
    s->opts.depth++;
    s->opts.part = true;
    return s;
}

struct source *source_fd(struct ctx *ctx, int fd, const struct batch_opts *opts, batch_done_fn *done, void *data)
{
    struct source *s = source_new(ctx, opts, done, data);
    s->watch = loop_add_fd(fd, LOOP_READ, on_readable, s);
    return s;
}

void source_cancel(struct source *s)
{
    if (!s->file)
        jobs_cancel_all();
    if (s->ending)
        return;
    s->stopped = true;
    // Whoever stops us before the end has not got everything done, however well the last line went.
    if (!s->eof || s->at < s->input.len)
        s->status = err_exit_status(ERR_CANCELLED);
    if (s->running)
        batch_cancel(s->running);
    else
        post_pump(s);
}

void source_init(void)
{
    static const struct batch_nested nested = {run_nested, source_cancel};
    batch_set_nested(&nested);
}
