// SPDX-License-Identifier: GPL-3.0-or-later
// Completion for bash, zsh and fish. Main thread. See complete_args.h.
#include "cmd/engine/complete_args.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/printable.h"
#include "base/strv.h"
#include "cmd/engine/complete.h"
#include "cmd/engine/recipe.h"
#include "core/console/ctx.h"
#include "core/console/names_watch.h"
#include "io/job.h"
#include "io/loop.h"

// A shell's prompt waits for us, a second at most. First hosts tell what they have, then what their guests and pools
// have; the last round takes it.
static const int round_ms[] = {600, 400, 0};

// Where the command begins among the words: behind the program's own options, as main() reads them. *ret_pending: the
// option whose value the last word is.
static int command_at(const struct option *options, int n, char **words, int *ret_pending, const char **inventory,
                      const char **connect)
{
    _cleanup_buf_ struct buf letters = BUF_INIT;
    _cleanup_free_ char **argv = xcalloc((size_t)n + 1, sizeof(*argv)); // getopt_long() begins at the second
    char program[] = "migsh";
    int c;
    buf_adds(&letters, "+:");
    for (const struct option *o = options; o->name; o++) {
        if (o->val <= UCHAR_MAX)
            buf_addf(&letters, "%c%s", o->val, o->has_arg ? ":" : "");
    }
    argv[0] = program;
    memcpy(argv + 1, words, (size_t)(n - 1) * sizeof(*argv));
    *ret_pending = 0;
    optind = 0;
    while ((c = getopt_long(n, argv, buf_str(&letters), options, NULL)) != -1) {
        if (c == ':')
            *ret_pending = optopt;
        else if (c == 'i')
            *inventory = optarg;
        else if (c == 'C')
            *connect = optarg;
    }
    return optind - 1;
}

static void add_all(const struct completion *c, struct buf *out)
{
    for (size_t i = 0; i < c->n; i++) {
        const struct candidate *k = &c->list[i];
        buf_adds(out, k->word);
        if (k->help) {
            buf_addc(out, '\t');
            buf_add_line(out, k->help);
        }
        buf_addc(out, '\n');
    }
}

static void complete_option(const struct option *options, const char *prefix, struct buf *out)
{
    for (const struct option *o = options; o->name; o++) {
        _cleanup_free_ char *name = xasprintf("--%s", o->name);
        if (str_starts(name, prefix))
            buf_addf(out, "%s\n", name);
    }
}

static void on_deadline(int id, void *data)
{
    loop_remove_timer(id);
    *(bool *)data = true;
}

// ssh must not ask for a password in the middle of somebody's line. (Who leads the session would be hung up.)
static void leave_terminal(void)
{
    int tty = getsid(0) != getpid() ? open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY) : -1;
    if (tty < 0)
        return;
    ioctl(tty, TIOCNOTTY);
    close(tty);
}

static void ask_around(struct ctx *ctx, const struct strv *command, struct completion *c)
{
    _cleanup_err_ struct err ignored = ERR_INIT;
    if (loop_init(&ignored) < 0)
        return;
    leave_terminal();
    names_watch_start(ctx);
    for (size_t i = 0; i < ARRAY_SIZE(round_ms); i++) {
        bool over = round_ms[i] == 0;
        int timer = over ? -1 : loop_add_timer(round_ms[i], on_deadline, &over);
        completion_release(c);
        complete_words(ctx, command, c);
        while (job_count() && !over)
            loop_run_once();
        if (!over)
            loop_remove_timer(timer);
    }
}

void complete_args(const struct option *options, const char *inventory,
                   void (*prepare)(struct ctx *ctx, const char *connect), int n, char **words, struct buf *out)
{
    int pending;
    const char *connect = NULL;
    if (n == 0)
        return;
    int at = command_at(options, n, words, &pending, &inventory, &connect);
    if (!pending && at == n - 1 && words[at][0] == '-') {
        complete_option(options, words[at], out);
        return;
    }
    if (pending && pending != 'C')
        return;
    struct ctx *ctx = ctx_new(inventory);
    prepare(ctx, connect);
    struct completion c;
    _cleanup_strv_ struct strv command = STRV_INIT;
    if (pending) // --connect takes what the command connect takes
        strv_add(&command, "connect");
    for (int i = at; i < n; i++)
        strv_add(&command, words[i]);
    complete_words(ctx, &command, &c);
    if (c.remote)
        ask_around(ctx, &command, &c);
    if (!c.aside) // a shell would insert what they have in common
        add_all(&c, out);
    completion_release(&c);
    recipe_forget();
    if (!job_count()) // else they have it still
        ctx_free(ctx);
}
