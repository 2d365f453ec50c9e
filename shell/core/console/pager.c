// SPDX-License-Identifier: GPL-3.0-or-later
// The pager. See pager.h.
#include "core/console/pager.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strv.h"
#include "core/console/out.h"
#include "core/console/outlet.h"
#include "core/console/settings.h"
#include "io/job.h"

struct pager {
    struct buf text, plain; // for the pager, and as it was
    struct paint paint;
    bool shown;
    void (*done)(void *data);
    void *data;
};

static const char *program(void)
{
    const char *own = getenv("MIGSH_PAGER"), *common = getenv("PAGER");
    return own ? own : common ? common : "less -FRX";
}

// How many rows of a terminal the text takes.
static size_t rows_of(const char *text, size_t columns)
{
    size_t rows = 0;
    while (*text) {
        size_t n = strcspn(text, "\n");
        _cleanup_free_ char *line = xstrndup(text, n);
        size_t w = str_columns(line);
        rows += w > columns ? (w + columns - 1) / columns : 1;
        text += n + (text[n] == '\n');
    }
    return rows;
}

bool pager_wants(const char *text)
{
    struct out_screen screen = out_screen();
    const char *pager = program();
    return settings()->pager && screen.rows > 1 && screen.columns > 0 && *pager && strcmp(pager, "cat") != 0 &&
           rows_of(text, (size_t)screen.columns) >= (size_t)screen.rows;
}

static void run(struct job *job, void *arg)
{
    enum { NO_PROGRAM = 127 };
    struct pager *p = arg;
    _cleanup_err_ struct err e = ERR_INIT; // the text is printed then
    int status = NO_PROGRAM;
    if (out_lend(false, &e) < 0)
        return;
    if (outlet_on_terminal(job, program(), &p->text, &status, &e) < 0)
        status = e.code == ERR_CANCELLED ? 0 : NO_PROGRAM;
    out_take_back();
    p->shown = status != NO_PROGRAM;
}

static void ended(struct job *job, void *arg)
{
    (void)job;
    struct pager *p = arg;
    if (!p->shown)
        out_show(buf_str(&p->plain), p->plain.len, &p->paint);
    p->done(p->data);
    buf_release(&p->text);
    buf_release(&p->plain);
    paint_release(&p->paint);
    free(p);
}

struct job *pager_start(const char *text, size_t n, const struct paint *paint, void (*done)(void *data), void *data)
{
    struct pager *p = xnew(struct pager);
    _cleanup_err_ struct err e = ERR_INIT;
    p->done = done;
    p->data = data;
    buf_add(&p->plain, text, n);
    paint_copy(&p->paint, paint);
    buf_add_painted(&p->text, text, n, out_screen().color ? paint : NULL);
    struct job *job = job_start("pager", run, ended, p, &e);
    if (!job) {
        buf_release(&p->text);
        buf_release(&p->plain);
        paint_release(&p->paint);
        free(p);
    }
    return job;
}
