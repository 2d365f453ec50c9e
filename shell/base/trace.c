// SPDX-License-Identifier: GPL-3.0-or-later
// The log. A line is one write(), so that those of several threads, and of several consoles, do not mix. See trace.h.
#include "base/trace.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/printable.h"
#include "base/units.h"

// Written before there are other threads.
static enum trace_level wanted = TRACE_NONE;
static int file = -1;
static void (*give)(const char *line);

void trace_start(enum trace_level level, int fd, void (*sink)(const char *line))
{
    wanted = level;
    file = fd;
    give = sink;
}

bool trace_is_on(void)
{
    return wanted <= TRACE_FAILED;
}

// On one line, and not all of a long script.
static void add_cut(struct buf *line, const char *text, size_t n)
{
    enum { MOST = 160 };
    _cleanup_buf_ struct buf words = BUF_INIT;
    bool blank = false;
    for (size_t i = 0; i < n && words.len < MOST; i++) {
        if (strchr(" \t\r\n", text[i])) {
            blank = words.len > 0;
            continue;
        }
        if (blank)
            buf_addc(&words, ' ');
        blank = false;
        buf_addc(&words, text[i]);
    }
    buf_add_line(line, buf_str(&words));
    if (words.len >= MOST)
        buf_adds(line, "…");
}

static void write_line(struct buf *line)
{
    if (file < 0) {
        give(buf_str(line));
        return;
    }
    _cleanup_buf_ struct buf whole = BUF_INIT;
    _cleanup_free_ char *now = clock_text(clock_real_s());
    buf_addf(&whole, "%s.%03d %s\n", now, (int)(clock_real_ns() / 1000000 % 1000), buf_str(line));
    if (write(file, buf_str(&whole), whole.len) < 0)
        return; // nothing fails by a log
}

void trace_call(const struct trace_call *call)
{
    const double slow_ms = 1000;
    double ms = clock_mono_ms() - call->began_ms;
    enum trace_level level = call->failure                              ? TRACE_FAILED
                             : ms > slow_ms && call->level < TRACE_SLOW ? TRACE_SLOW
                                                                        : call->level;
    char took[UNITS_TEXT];
    if (level < wanted)
        return;
    _cleanup_buf_ struct buf line = BUF_INIT;
    buf_addf(&line, "%s ", call->kind);
    buf_add_line(&line, *call->where ? call->where : "-");
    buf_addc(&line, ' ');
    add_cut(&line, call->what, call->n);
    buf_addf(&line, " (%s): ", units_duration(ms, took));
    if (call->failure)
        buf_adds(&line, "failed: ");
    add_cut(&line, call->failure ? call->failure : call->outcome,
            strlen(call->failure ? call->failure : call->outcome));
    write_line(&line);
}

void trace_error(const char *command, const char *text)
{
    // Without a file it would be told twice.
    if (wanted > TRACE_ERROR || file < 0)
        return;
    _cleanup_buf_ struct buf line = BUF_INIT;
    buf_adds(&line, "error ");
    if (command)
        buf_addf(&line, "%s: ", command);
    add_cut(&line, text, strlen(text));
    write_line(&line);
}
