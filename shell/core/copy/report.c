// SPDX-License-Identifier: GPL-3.0-or-later
// How far a copy has come, and its errors: what all files of it stand on. Job threads.
#include <string.h>

#include "base/clock.h"
#include "base/printable.h"
#include "base/strv.h"
#include "core/copy/priv.h"
#include "io/job.h"

int copy_at(const struct copy_side *s, struct err *e, enum err_code code, const char *what)
{
    _cleanup_buf_ struct buf path = BUF_INIT;
    buf_add_line(&path, s->end->path);
    return err_set(e, code, "%s:%s: %s", place_name(s->end->node), buf_str(&path), what);
}

// A line of our programs' own: "migsh: WORDS", or "migsh:CODE: WORDS" where it is no I/O error. NULL: of another's.
static const char *own_words(const char *line, enum err_code *ret_code)
{
    static const char mark[] = "migsh:";
    const char *end = strstr(line, ": ");
    if (!str_starts(line, mark) || !end)
        return NULL;
    const char *code = line + strlen(mark);
    _cleanup_free_ char *name = end > code ? xstrndup(code, (size_t)(end - code)) : NULL;
    *ret_code = name ? err_code_from_name(name) : ERR_IO;
    return end + 2;
}

int copy_failed(const struct copy_side *s, const char *said, struct err *e)
{
    _cleanup_strv_ struct strv lines = STRV_INIT;
    _cleanup_buf_ struct buf text = BUF_INIT;
    enum err_code code = ERR_IO;
    strv_split(&lines, said, '\n');
    const char *best = lines.n ? lines.s[lines.n - 1] : "it ended early";
    for (size_t i = 0; i < lines.n; i++) {
        const char *own = own_words(lines.s[i], &code);
        best = own ? own : best;
    }
    buf_add_line(&text, best);
    return copy_at(s, e, code, buf_str(&text));
}

// With the lock held.
static void report(struct copy *c)
{
    double now = clock_mono_s(), span = now - c->phase_began;
    double rate = span > 0 ? (double)c->phase_done / span : 0;
    bool eta = rate > 0 && c->phase_total >= c->phase_done;
    struct copy_progress p = {.phase = c->phase,
                              .done = c->phase_done,
                              .total = c->phase_total,
                              .rate = rate,
                              .eta_s = eta ? (double)(c->phase_total - c->phase_done) / rate : -1};
    c->last_report = now;
    if (c->o->progress)
        c->o->progress(c->o->data, &p);
}

void copy_phase(struct copy *c, const char *phase, uint64_t total)
{
    lock_acquire(c->lock);
    c->phase = phase;
    c->phase_began = clock_mono_s();
    c->phase_done = 0;
    c->phase_total = total;
    report(c);
    lock_release(c->lock);
}

void copy_count(struct copy *c, uint64_t n)
{
    lock_acquire(c->lock);
    c->phase_done += n;
    if (c->phase_done > c->phase_total)
        c->phase_done = c->phase_total;
    if (clock_mono_s() - c->last_report > 0.2)
        report(c);
    lock_release(c->lock);
}
