// SPDX-License-Identifier: GPL-3.0-or-later
// The pager. See pager.h.
#include "core/console/pager.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strv.h"
#include "core/console/out.h"
#include "io/job.h"
#include "io/local.h"

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
    return screen.rows > 1 && screen.columns > 0 && *pager && strcmp(pager, "cat") != 0 &&
           rows_of(text, (size_t)screen.columns) >= (size_t)screen.rows;
}

// In a file that nobody else can read; the shell takes its name away as soon as it has it open.
static int write_file(const struct buf *text, char **ret_path, struct err *e)
{
    const char *tmp = getenv("TMPDIR");
    _cleanup_free_ char *path = xasprintf("%s/migsh-page.XXXXXX", tmp && *tmp ? tmp : "/tmp");
    int fd = mkstemp(path);
    if (fd < 0)
        return err_errno(e, errno, "%s", path);
    size_t done = 0;
    while (done < text->len) {
        ssize_t n = write(fd, text->s + done, text->len - done);
        if (n < 0 && errno != EINTR)
            break;
        done += n > 0 ? (size_t)n : 0;
    }
    int saved = errno;
    close(fd);
    if (done < text->len) {
        unlink(path);
        return err_errno(e, saved, "%s", path);
    }
    *ret_path = steal(&path);
    return 0;
}

static void run(struct job *job, void *arg)
{
    enum { NO_PROGRAM = 127 };
    struct pager *p = arg;
    _cleanup_err_ struct err e = ERR_INIT; // the text is printed then
    _cleanup_free_ char *path = NULL;
    _cleanup_free_ char *script = xasprintf("exec 3<\"$1\"; rm -f -- \"$1\"; { %s; } <&3 3<&-", program());
    int status = NO_PROGRAM;
    if (write_file(&p->text, &path, &e) < 0)
        return;
    if (out_lend(false, &e) == 0) {
        if (local_on_terminal(job, script, path, &status, &e) < 0)
            status = e.code == ERR_CANCELLED ? 0 : NO_PROGRAM;
        out_take_back();
    }
    unlink(path); // if the shell has not begun
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
    for (size_t i = 0; i < paint->n; i++)
        paint_add(&p->paint, paint->spans[i].at, paint->spans[i].n, paint->spans[i].color);
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
