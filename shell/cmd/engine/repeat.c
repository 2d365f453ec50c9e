// SPDX-License-Identifier: GPL-3.0-or-later
// Lines that are run again and again. Main thread; waits in the loop. See repeat.h.
#include "cmd/engine/repeat.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/printable.h"
#include "core/console/out.h"
#include "io/loop.h"

struct repeat {
    struct ctx *ctx;
    char *text, *every;
    int pause_ms;
    long long left; // < 0: for ever
    struct batch_opts opts;
    struct batch *running;
    int timer; // waiting for the next time; -1: not
    bool again, is_shown, is_ending;
    int status;
    bool quit;
    batch_done_fn *done;
    void *data;
};

static struct repeat *on_screen; // the one that has cleared it last

bool repeat_has_screen(void)
{
    return on_screen && !out_is_behind(on_screen->opts.line);
}

static void end(void *data)
{
    struct repeat *r = data;
    if (on_screen == r)
        on_screen = NULL;
    r->done(r->is_ending ? 0 : r->status, r->quit, r->data);
    free(r->text);
    free(r->every);
    free(r);
}

static void begin_screen(struct repeat *r)
{
    _cleanup_free_ char *now = clock_text(clock_real_s());
    _cleanup_buf_ struct buf head = BUF_INIT;
    on_screen = r;
    buf_addf(&head, "%s   every %s: ", now, r->every);
    buf_add_line(&head, r->text);
    buf_adds(&head, "\n\n");
    if (!r->opts.quiet)
        out_write(buf_str(&head), head.len);
}

static bool shows(struct repeat *r)
{
    if (r->is_ending || r->is_shown)
        return !r->is_ending;
    r->is_shown = true;
    if (r->opts.json)
        return true;
    if (!out_is_behind(r->opts.line) && out_clear())
        begin_screen(r);
    else if (r->again)
        out_write("\n", 1);
    return true;
}

static void run(struct repeat *r);

static void on_timer(int id, void *data)
{
    struct repeat *r = data;
    loop_remove_timer(id);
    r->timer = -1;
    run(r);
}

// What nobody can run will not be run the next time either.
static bool is_last(const struct repeat *r)
{
    return r->quit || r->is_ending || !r->left || r->status == err_exit_status(ERR_USAGE) ||
           (r->status && on_screen != r);
}

static void on_done(int status, bool quit, void *data)
{
    struct repeat *r = data;
    r->running = NULL;
    r->status = status;
    r->quit = quit;
    if (!quit)
        shows(r); // where nothing was: what the time before has shown is not true any more
    if (is_last(r))
        loop_post(end, r);
    else
        r->timer = loop_add_timer(r->pause_ms, on_timer, r);
}

static void run(struct repeat *r)
{
    r->again = r->is_shown;
    r->is_shown = false;
    r->left -= r->left > 0;
    r->running = batch_line(r->ctx, r->text, &r->opts, on_done, r);
}

static struct repeat *start(struct ctx *ctx, const struct repeat_what *what, const struct batch_opts *opts,
                            batch_done_fn *done, void *data)
{
    struct repeat *r = xnew(struct repeat);
    r->ctx = ctx;
    r->text = xstrdup(what->text);
    r->every = xstrdup(what->every);
    r->pause_ms = (int)what->pause_ms;
    r->left = what->count ? what->count : -1;
    r->timer = -1;
    r->opts = *opts;
    r->opts.depth++;
    r->opts.part = true;
    r->opts.repeat = r;
    r->done = done;
    r->data = data;
    run(r);
    return r;
}

static void cancel(struct repeat *r)
{
    r->is_ending = true;
    if (r->running) {
        batch_cancel(r->running);
    } else if (r->timer >= 0) {
        loop_remove_timer(r->timer);
        r->timer = -1;
        loop_post(end, r);
    }
}

void repeat_init(void)
{
    static const struct batch_again all = {start, cancel, shows};
    batch_set_again(&all);
}
