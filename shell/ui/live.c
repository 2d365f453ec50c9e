// SPDX-License-Identifier: GPL-3.0-or-later
// Progress lines and what is below them. Main thread. See live.h.
//
// On the screen each progress line ends in a newline, so the cursor (or the prompt) is on the row below the last.
#include "ui/live.h"

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/strv.h"
#include "core/console/out.h"
#include "io/loop.h"
#include "ui/progress.h"
#include "ui/term.h"

enum { REDRAW_MS = 100 };

struct line {
    struct line *next;
    char *key;
    json_t *value;
    size_t columns; // on the screen; 0: not drawn
};

static FILE *tty;
static bool can_redraw;
static int hidden;
static const struct live_prompt *prompt;
static struct line *lines;
static int timer = -1; // running: something was drawn less than REDRAW_MS ago
static bool stale;     // a line has changed since

void live_init(FILE *stream, bool redraw)
{
    tty = stream;
    can_redraw = redraw;
}

FILE *live_stream(void)
{
    return tty;
}

bool live_redraws(void)
{
    return can_redraw;
}

void live_set_prompt(const struct live_prompt *p)
{
    prompt = p;
}

bool live_has_prompt(void)
{
    return prompt != NULL;
}

// Rows that the drawn lines take: a terminal made narrower has wrapped them.
static size_t rows_drawn(void)
{
    size_t width = (size_t)term_width(), rows = 0;
    for (const struct line *l = lines; l; l = l->next)
        rows += l->columns ? (l->columns + width - 1) / width : 0;
    return rows;
}

static void erase_lines(void)
{
    size_t rows = rows_drawn();
    if (rows)
        fprintf(tty, "\r\033[%zuA\033[J", rows);
    for (struct line *l = lines; l; l = l->next)
        l->columns = 0;
}

static void draw_lines(void)
{
    _cleanup_buf_ struct buf all = BUF_INIT;
    int width = term_width() - 1; // the last column would make some terminals wrap
    int room = term_height() - 2;
    for (struct line *l = lines; l && room > 0; l = l->next, room--) {
        _cleanup_buf_ struct buf one = BUF_INIT;
        progress_line(l->value, width, &one);
        l->columns = str_columns(buf_str(&one));
        l->columns = l->columns ? l->columns : 1;
        buf_addf(&all, "%s\n", buf_str(&one));
    }
    fwrite(buf_str(&all), 1, all.len, tty);
    stale = false;
}

void live_hide(void)
{
    if (hidden++ || !tty)
        return;
    if (prompt && can_redraw)
        prompt->clear();
    else if (prompt)
        fputc('\n', tty);
    if (can_redraw)
        erase_lines();
    fflush(tty);
}

void live_show(void)
{
    if (--hidden || !tty)
        return;
    if (can_redraw)
        draw_lines();
    fflush(tty);
    if (prompt)
        prompt->draw();
}

void live_freeze(void)
{
    if (!lines || !can_redraw || !prompt) {
        hidden++;
        return;
    }
    live_hide();
    prompt->draw();
}

void live_thaw(void)
{
    const struct live_prompt *p = prompt;
    prompt = NULL;
    live_show();
    prompt = p;
}

static void redraw(void)
{
    live_hide();
    live_show();
}

static void on_timer(int id, void *data)
{
    (void)data;
    if (stale) {
        redraw();
        return;
    }
    loop_remove_timer(id);
    timer = -1;
}

static void changed(void)
{
    stale = true;
    if (timer >= 0 || hidden)
        return;
    redraw();
    timer = loop_add_timer(REDRAW_MS, on_timer, NULL);
}

static void remove_line(struct line **at)
{
    struct line *l = *at;
    live_hide();
    *at = l->next;
    live_show();
    json_decref(l->value);
    free(l->key);
    free(l);
}

void live_progress(const json_t *value, bool done)
{
    _cleanup_free_ char *key = out_progress_key(value);
    struct line **at = &lines;
    while (*at && strcmp((*at)->key, key) != 0)
        at = &(*at)->next;
    if (done) {
        if (*at)
            remove_line(at);
        return;
    }
    if (!*at) {
        *at = xnew(struct line);
        (*at)->key = steal(&key);
    }
    json_decref((*at)->value);
    (*at)->value = json_deep_copy(value); // lent to us; its owner may change it
    changed();
}

void live_resized(void)
{
    if (lines && !hidden)
        redraw();
}

void live_end(void)
{
    if (lines)
        live_hide();
    if (timer >= 0)
        loop_remove_timer(timer);
    timer = -1;
    while (lines) {
        struct line *l = lines;
        lines = l->next;
        json_decref(l->value);
        free(l->key);
        free(l);
    }
    tty = NULL;
}
