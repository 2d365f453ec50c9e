// SPDX-License-Identifier: GPL-3.0-or-later
// Output on a terminal. Main thread. See out_tty.h.
#include "ui/out_tty.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "ui/ask.h"
#include "ui/live.h"
#include "ui/term.h"

static const struct out_ops *plain;
static bool json_lines, can_redraw;
static struct out_screen screen;

static struct out_screen tty_screen(void)
{
    struct out_screen now = screen;
    now.columns = term_width();
    now.rows = screen.rows ? term_height() : 0;
    return now;
}

static void tty_write(const char *text, size_t n)
{
    live_hide();
    plain->write(text, n);
    // Whatever comes next begins at the left edge, the prompt above all.
    if (text[n - 1] != '\n' && isatty(STDOUT_FILENO))
        plain->write("\n", 1);
    live_show();
}

static void tty_show(const char *text, size_t n, const struct paint *paint)
{
    live_hide();
    plain->show(text, n, paint);
    if (text[n - 1] != '\n' && isatty(STDOUT_FILENO))
        plain->write("\n", 1);
    live_show();
}

static void tty_clear(void)
{
    live_hide();
    fputs("\033[H\033[2J", stdout);
    fflush(stdout);
    live_show();
}

static void tty_print(const char *text, size_t n)
{
    live_hide();
    plain->print(text, n);
    if (text[n - 1] != '\n' && isatty(STDOUT_FILENO))
        plain->print("\n", 1);
    live_show();
}

static void tty_stderr(const char *text, size_t n)
{
    live_hide();
    plain->write_stderr(text, n);
    if (text[n - 1] != '\n' && isatty(STDERR_FILENO))
        plain->write_stderr("\n", 1);
    live_show();
}

static void tty_error(const struct err *err)
{
    live_hide();
    plain->error(err);
    live_show();
}

static void tty_notice(enum out_level level, const char *text)
{
    live_hide();
    plain->notice(level, text);
    live_show();
}

static void tty_event(const json_t *value)
{
    live_hide();
    plain->event(value);
    live_show();
}

static void tty_progress(const json_t *value, bool done)
{
    if (!json_lines && live_redraws()) {
        live_progress(value, done);
        return;
    }
    live_hide();
    plain->progress(value, done);
    live_show();
}

// Quiet means results only: not a bar either.
static void no_progress(const json_t *value, bool done)
{
    (void)value;
    (void)done;
}

static struct out_ops ops;

void out_choose(bool json, bool quiet, bool color, bool prompt)
{
    bool out = isatty(STDOUT_FILENO), err = isatty(STDERR_FILENO);
    const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");
    bool dumb = !term || !*term || strcmp(term, "dumb") == 0;
    color = color && !dumb && !(no_color && *no_color);
    struct out_style style = {json, quiet, color && out, color && err};
    plain = out_plain(&style);
    ops = *plain;
    json_lines = json;
    can_redraw = !dumb;
    FILE *tty = prompt && out ? stdout : err ? stderr : out ? stdout : prompt ? fopen("/dev/tty", "we") : NULL;
    if (tty) {
        live_init(tty, can_redraw);
        ops = (struct out_ops){.write = tty_write,
                               .show = tty_show,
                               .error = tty_error,
                               .write_stderr = tty_stderr,
                               .print = tty_print,
                               .notice = tty_notice,
                               .progress = quiet ? no_progress : tty_progress,
                               .event = tty_event};
    }
    screen = (struct out_screen){.rows = prompt && out && can_redraw, .color = style.color_out};
    ops.screen = out ? tty_screen : NULL;
    ops.clear = out && can_redraw && !json ? tty_clear : NULL;
    out_set_ops(&ops);
}

// Not while the operator types at our prompt, or answers a question.
static bool tty_lend(bool raw)
{
    if (live_has_prompt() || !term_lend(raw))
        return false;
    live_hide();
    return true;
}

// A program may have left the cursor behind the last of its words, and nobody can be asked where it is. As many blanks
// as the screen is wide go on to the next row from there, and from the left edge they leave the cursor in its row.
static void begin_row(void)
{
    if (can_redraw && live_stream())
        fprintf(live_stream(), "%*s\r\033[K", term_width(), "");
}

static void tty_take_back(void)
{
    term_take_back();
    begin_row();
    live_show();
}

void out_can_ask(void)
{
    if (json_lines)
        return;         // a program reads us; it cannot be asked
    if (!live_stream()) // all three are redirected, but somebody sits there
        live_init(fopen("/dev/tty", "we"), can_redraw);
    ops.ask = ask_put;
    ops.ask_withdraw = ask_withdraw;
    ops.lend = tty_lend;
    ops.take_back = tty_take_back;
}
