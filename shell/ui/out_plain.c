// SPDX-License-Identifier: GPL-3.0-or-later
// Plain output: results to stdout, the rest to stderr; with --json, everything but a fault of the program's own options
// as lines on stdout. Main thread. See out_plain.h.
#include "ui/out_plain.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/paint.h"
#include "base/printable.h"
#include "ui/progress.h"

// A log wants to know that it goes on, not every step.
enum { PROGRESS_EVERY_MS = 1000 };

#define RED "\033[31m"
#define YELLOW "\033[33m"
#define DIM "\033[2m"
#define OFF "\033[0m"

static struct out_style style;

// The one way of foreign text to a terminal, and to standard error in any case, which is for people and ends in logs
// that people look at. Only results into a pipe or a file stay as they are.
static void put(FILE *to, const char *text, size_t n)
{
    _cleanup_buf_ struct buf b = BUF_INIT;
    if (to == stdout && !isatty(STDOUT_FILENO)) {
        fwrite(text, 1, n, to);
    } else {
        buf_add_printable(&b, text, n);
        fwrite(buf_str(&b), 1, b.len, to);
    }
    fflush(to);
}

static void plain_write(const char *text, size_t n)
{
    put(stdout, text, n);
}

static void plain_show(const char *text, size_t n, const struct paint *paint)
{
    if (!style.color_out) {
        plain_write(text, n);
        return;
    }
    _cleanup_buf_ struct buf b = BUF_INIT;
    buf_add_painted(&b, text, n, paint);
    fwrite(buf_str(&b), 1, b.len, stdout);
    fflush(stdout);
}

static void plain_stderr(const char *text, size_t n)
{
    if (style.json)
        return; // it is in the value
    put(stderr, text, n);
}

// `color` NULL or a sequence: the whole line has it.
static void plain_line(FILE *to, const char *color, const char *prefix, const char *text)
{
    _cleanup_buf_ struct buf b = BUF_INIT;
    if (!(to == stdout ? style.color_out : style.color_err))
        color = NULL;
    buf_adds(&b, color ? color : "");
    buf_adds(&b, prefix);
    buf_add_message(&b, text);
    buf_adds(&b, color ? OFF : "");
    buf_addc(&b, '\n');
    fwrite(buf_str(&b), 1, b.len, to);
    fflush(to);
}

static void plain_error(const struct err *err)
{
    plain_line(stderr, RED, "error: ", err->msg ? err->msg : err_code_name(err->code));
    if (err->hint)
        plain_line(stderr, DIM, "hint: ", err->hint);
}

static void plain_json(const char *kind, const json_t *value)
{
    json_t *line = json_pack("{s:o}", "event", json_text(kind));
    json_object_update(line, (json_t *)value);
    _cleanup_free_ char *s = json_dump_printable(line, JSON_COMPACT);
    json_decref(line);
    fprintf(stdout, "%s\n", s ? s : "{}");
    fflush(stdout);
}

// With --json a script's print() is an event, so that every line stays JSON.
static void plain_print(const char *text, size_t n)
{
    if (!style.json) {
        plain_write(text, n);
        return;
    }
    json_t *v = json_object();
    json_object_set_new(v, "text", json_textn(text, n && text[n - 1] == '\n' ? n - 1 : n));
    plain_json("print", v);
    json_decref(v);
}

static void plain_notice(enum out_level level, const char *text)
{
    if (style.json) {
        json_t *v = json_object();
        json_object_set_new(v, "level", json_text(level == OUT_WARN ? "warn" : "info"));
        json_object_set_new(v, "text", json_text(text));
        plain_json("notice", v);
        json_decref(v);
    } else if (level == OUT_WARN) {
        plain_line(stderr, YELLOW, "warning: ", text);
    } else if (!style.quiet) {
        plain_line(stderr, NULL, "", text);
    }
}

struct seen {
    struct seen *next;
    char *key;
    double at_ms;
};

// Is this step of a job due for a line? The first and the last always are.
static bool progress_due(const json_t *value, bool done)
{
    static struct seen *jobs;
    _cleanup_free_ char *key = out_progress_key(value);
    struct seen **at = &jobs;
    while (*at && strcmp((*at)->key, key) != 0)
        at = &(*at)->next;
    struct seen *s = *at;
    bool due = done || !s || clock_mono_ms() - s->at_ms >= PROGRESS_EVERY_MS;
    if (done && s) {
        *at = s->next;
        free(s->key);
        free(s);
    } else if (due && !done) {
        if (!s) {
            s = *at = xnew(struct seen);
            s->key = steal(&key);
        }
        s->at_ms = clock_mono_ms();
    }
    return due;
}

static void plain_progress(const json_t *value, bool done)
{
    const char *text = json_text_at(value, "text");
    if (style.json)
        plain_json("progress", value);
    else if (text && !style.quiet && progress_due(value, done))
        plain_line(stderr, NULL, "", text);
}

static void plain_event(const json_t *value)
{
    const char *text = json_text_at(value, "text");
    if (style.json)
        plain_json("event", value);
    else if (text)
        plain_line(stdout, NULL, "", text);
}

const struct out_ops *out_plain(const struct out_style *s)
{
    static const struct out_ops ops = {
        .write = plain_write,
        .show = plain_show,
        .write_stderr = plain_stderr,
        .print = plain_print,
        .error = plain_error,
        .notice = plain_notice,
        .progress = plain_progress,
        .event = plain_event,
    };
    style = *s;
    return &ops;
}
