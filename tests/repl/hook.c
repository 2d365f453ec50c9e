// SPDX-License-Identifier: GPL-3.0-or-later
// The real prompt with a second way in: each line read from the FIFO argv[1] makes something happen behind it, at the
// moment the test chooses (a notice, an event, progress, a question, the end of a command), for the command that was
// begun last, if it still runs. Commands typed as Lua ("=wait", "=stubborn") run until they are cancelled or told to
// finish. argv[2]: history file. argv[3]: where answers to questions are written. Main thread, but for the asking jobs.
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "cmd/commands.h"
#include "cmd/engine/jobs.h"
#include "cmd/engine/recipe.h"
#include "cmd/engine/repeat.h"
#include "core/console/out.h"
#include "core/console/script.h"
#include "io/job.h"
#include "io/loop.h"
#include "ui/out_tty.h"
#include "ui/repl.h"
#include "ui/signals.h"
#include "ui/term.h"

static const char *answers;
static bool ended;
static int status;

// ---- commands that last

struct script_run {
    script_done_fn *done;
    void *data;
    unsigned line;
    bool stubborn;
};
static struct script_run *last;

static void finish(struct script_run *run, enum err_code code)
{
    if (run == last)
        last = NULL;
    struct err e = ERR_INIT;
    if (code)
        err_set(&e, code, "it was cancelled");
    run->done(run->data, NULL, code ? NULL : "finished\n", code ? &e : NULL);
    err_release(&e);
    free(run);
}

static struct script_run *run_text(const char *text, bool expression, script_done_fn *done, void *data, struct err *e)
{
    (void)expression;
    bool stubborn = strcmp(text, "stubborn") == 0;
    if (!stubborn && strcmp(text, "wait") != 0) {
        err_set(e, ERR_USAGE, "[%s] is nothing that lasts", text);
        return NULL;
    }
    out_notice(OUT_INFO, "begun: %s", stubborn ? "stubborn" : "wait");
    last = xnew(struct script_run);
    *last = (struct script_run){done, data, job_line(), stubborn};
    return last;
}

static void cancel(struct script_run *run)
{
    if (!run->stubborn)
        finish(run, ERR_CANCELLED);
}

static bool is_incomplete(const char *text, bool expression)
{
    (void)expression;
    int open = 0;
    for (; *text; text++)
        open += (*text == '(') - (*text == ')');
    return open > 0;
}

static int list(const struct script_recipe **ret, size_t *ret_n, struct err *e)
{
    (void)e;
    *ret = NULL;
    *ret_n = 0;
    return 0;
}

static void complete(const char *text, struct strv *out)
{
    static const char *const names[] = {"mig.list", "mig.migrate"};
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (str_starts(names[i], text))
            strv_add(out, names[i]);
    }
}

static const struct script_ops scripts = {
    .list = list, .run_text = run_text, .is_incomplete = is_incomplete, .complete = complete, .cancel = cancel};

// ---- questions

struct question {
    enum out_ask_kind kind;
    char *text;
};

static void ask_job(struct job *job, void *arg)
{
    struct question *q = arg;
    struct err e = ERR_INIT;
    char *answer = NULL;
    FILE *f = fopen(answers, "ae");
    if (!f)
        abort();
    if (out_ask(job, q->kind, q->text, &answer, &e) < 0)
        fprintf(f, "%s -> error %s\n", q->text, err_code_name(e.code));
    else
        fprintf(f, "%s -> %s\n", q->text, answer);
    fclose(f);
    free(answer);
    err_release(&e);
}

static void ask_done(struct job *job, void *arg)
{
    (void)job;
    struct question *q = arg;
    free(q->text);
    free(q);
}

static void ask(enum out_ask_kind kind, const char *text)
{
    struct question *q = xnew(struct question);
    *q = (struct question){kind, xstrdup(text)};
    for (char *c = q->text; (c = strchr(c, '\001')); c++) // the FIFO's lines hold none
        *c = '\n';
    job_start("ask", ask_job, ask_done, q, &(struct err)ERR_INIT);
}

// ---- the second way in

static json_t *object(const char *text)
{
    json_t *v = json_loads(text, 0, NULL);
    if (!v)
        abort();
    return v;
}

static void obey(const char *line)
{
    const char *arg = strchrnul(line, ' ');
    size_t n = (size_t)(arg - line);
    arg += *arg != '\0';
    job_set_line(last ? last->line : 0);
    if (strncmp(line, "notice", n) == 0)
        out_notice(OUT_INFO, "%s", arg);
    else if (strncmp(line, "warn", n) == 0)
        out_notice(OUT_WARN, "%s", arg);
    else if (strncmp(line, "event", n) == 0)
        out_event(object(arg));
    else if (strncmp(line, "progress", n) == 0)
        out_progress(object(arg), false);
    else if (strncmp(line, "done", n) == 0)
        out_progress(object(arg), true);
    else if (strncmp(line, "text?", n) == 0)
        ask(OUT_ASK_TEXT, arg);
    else if (strncmp(line, "secret?", n) == 0)
        ask(OUT_ASK_SECRET, arg);
    else if (strncmp(line, "yesno?", n) == 0)
        ask(OUT_ASK_YESNO, arg);
    else if (strncmp(line, "finish", n) == 0 && last)
        finish(last, ERR_NONE);
    else if (strncmp(line, "finish", n) != 0)
        abort();
    job_set_line(0);
}

static void on_line(int fd, int events, void *data)
{
    (void)events;
    static struct buf in;
    (void)data;
    char chunk[512];
    ssize_t n = read(fd, chunk, sizeof(chunk));
    if (n > 0)
        buf_add(&in, chunk, (size_t)n);
    char *nl;
    while (in.len && (nl = memchr(in.s, '\n', in.len))) {
        *nl = '\0';
        obey(in.s);
        size_t used = (size_t)(nl + 1 - in.s);
        memmove(in.s, nl + 1, in.len - used + 1);
        in.len -= used;
    }
    if (!in.len)
        buf_release(&in);
}

static void on_done(int s, void *data)
{
    (void)data;
    status = s;
    ended = true;
}

static void on_signal(int signo, void *data)
{
    repl_signal(data, signo);
}

static void add_node(struct ctx *ctx, const char *name)
{
    struct node *n;
    struct err e = ERR_INIT;
    if (node_new(name, NULL, 0, "qemu:///system?socket=/no/such", NULL, NULL, &n, &e) < 0 ||
        inventory_add(ctx_inventory(ctx), n, &e) < 0)
        abort();
}

int main(int argc, char **argv)
{
    if (argc < 4)
        return 2;
    setlocale(LC_CTYPE, "");
    commands_register();
    struct err e = ERR_INIT;
    answers = argv[3];
    if (!term_open(true) || loop_init(&e) < 0 || signals_start(&e) < 0)
        return 2;
    out_choose(false, false, true, true);
    commands_register();
    script_set_ops(&scripts);
    jobs_init();
    source_init();
    repeat_init();
    struct ctx *ctx = ctx_new(NULL);
    static const char *const domains[] = {"web one", "web two", "db", "it's", "caf\xc3\xa9"};
    for (size_t i = 0; i < ARRAY_SIZE(domains); i++)
        ctx_names_add(ctx, "domain", "source", domains[i]);
    add_node(ctx, "source");
    add_node(ctx, "dest");
    int fd = open(argv[1], O_RDWR | O_NONBLOCK | O_CLOEXEC); // RDWR: no end of file between two writers
    if (fd < 0)
        return 2;
    loop_add_fd(fd, LOOP_READ, on_line, NULL);
    term_restore_at_exit();
    out_can_ask();
    struct batch_opts opts = {0};
    struct repl *r = repl_start(ctx, &opts, argv[2], on_done, NULL);
    signals_handle(on_signal, r);
    loop_run_until(&ended);
    while (job_count() > 0) { // refused questions come home
        loop_drain();
        usleep(1000);
    }
    ctx_free(ctx);
    recipe_forget();
    return status;
}
