// SPDX-License-Identifier: GPL-3.0-or-later
// Options, then one of: the prompt, a command, commands from -c, -f or standard input, a script. Main thread. Owns the
// console's one ctx and the exit status. Must not know a single command.
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <jansson.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/strv.h"
#include "base/trace.h"
#include "cmd/commands.h"
#include "cmd/engine/batch.h"
#include "cmd/engine/complete_args.h"
#include "cmd/engine/jobs.h"
#include "cmd/engine/recipe.h"
#include "cmd/engine/repeat.h"
#include "cmd/engine/usage.h"
#include "cmd/node/nodes_file.h"
#include "core/console/ctx.h"
#include "core/console/out.h"
#include "io/file.h"
#include "io/file_trusted.h"
#include "io/job.h"
#include "io/local.h"
#include "io/loop.h"
#include "io/xml.h"
#include "lua/lua.h"
#include "ui/oneshot.h"
#include "ui/out_tty.h"
#include "ui/repl.h"
#include "ui/signals.h"
#include "ui/term.h"

// A larger file is no inventory, and reading it whole would only hurt.
enum { INVENTORY_MAX = 4 << 20 };

struct app {
    struct ctx *ctx;
    struct batch_opts opts;
    const char *connect, *inventory, *file, *debug, *log;
    bool readonly, no_color, interactive;
    struct buf commands; // of all -c
    bool have_commands;
    struct batch *batch;
    struct source *source;
    struct repl *repl;
    char *what; // what runs, for notices about it
    bool ended;
    int status;
};

static void print_usage(void)
{
    _cleanup_buf_ struct buf text = BUF_INIT;
    usage_text(&text);
    fputs(buf_str(&text), stdout);
}

static void on_batch_done(int status, bool quit, void *data)
{
    (void)quit;
    struct app *app = data;
    app->status = status;
    app->ended = true;
    app->batch = NULL;
    app->source = NULL;
}

static void cancel_running(void *data)
{
    struct app *app = data;
    if (app->batch)
        batch_cancel(app->batch);
    else if (app->source)
        source_cancel(app->source);
}

// A missing file is an empty inventory: node-add will make it.
static int load_inventory(struct ctx *ctx, struct err *e)
{
    const char *path = inventory_path(ctx_inventory(ctx));
    _cleanup_free_ char *text = NULL;
    if (file_trusted_read(path, INVENTORY_MAX, &text, NULL, e) < 0) {
        if (e->code != ERR_NOT_FOUND)
            return -1;
        err_release(e);
        return 0;
    }
    return nodes_file_load(ctx, text, path, e);
}

static bool is_uri(const char *text)
{
    size_t scheme = strspn(text, "abcdefghijklmnopqrstuvwxyz+");
    return scheme && str_starts(text + scheme, "://") && !text[strcspn(text, " \t\n")];
}

// -1: go on; otherwise the exit status.
static int parse_options(struct app *app, int argc, char **argv)
{
    _cleanup_buf_ struct buf letters = BUF_INIT;
    _cleanup_free_ struct option *rows = usage_getopt(&letters);
    int c;
    while ((c = getopt_long(argc, argv, buf_str(&letters), rows, NULL)) != -1) {
        switch (c) {
        case 'c':
            if (is_uri(optarg)) { // virsh's word for -C
                app->connect = optarg;
                break;
            }
            buf_adds(&app->commands, optarg);
            buf_addc(&app->commands, '\n');
            app->have_commands = true;
            break;
        case 'f':
            app->file = optarg;
            break;
        case 'C':
            app->connect = optarg;
            break;
        case 'i':
            app->inventory = optarg;
            break;
        case 'r':
            app->readonly = true;
            break;
        case 'k':
            app->opts.keep_going = true;
            break;
        case 'j':
            app->opts.json = true;
            break;
        case 'q':
            app->opts.quiet = true;
            break;
        case 't':
            app->opts.timing = true;
            break;
        case 'd':
            app->debug = optarg;
            break;
        case 'l':
            app->log = optarg;
            break;
        case USAGE_ENVELOPE:
            app->opts.envelope = true;
            app->opts.json = true;
            break;
        case USAGE_VERTICAL:
            app->opts.vertical = true;
            break;
        case USAGE_HUMAN:
            app->opts.human = true;
            break;
        case USAGE_NO_COLOR:
            app->no_color = true;
            break;
        case 'V':
            printf("migsh %s\n", MIGSH_VERSION);
            return 0;
        case 'h':
            print_usage();
            return 0;
        default:
            fputs("Try 'migsh --help'.\n", stderr);
            return 2;
        }
    }
    return -1;
}

static int set_connect(struct app *app, struct err *e)
{
    const char *where = app->connect;
    if (!where)
        where = getenv("VIRSH_DEFAULT_CONNECT_URI");
    if (!where || !*where)
        where = getenv("LIBVIRT_DEFAULT_URI");
    if (!where || !*where)
        return 0;
    _cleanup_target_ struct target t = {NULL, NULL};
    if (ctx_target(app->ctx, where, &t, e) < 0)
        return -1;
    ctx_set_current(app->ctx, t.node, t.uri);
    return 0;
}

static void on_repl_done(int status, void *data)
{
    struct app *app = data;
    app->status = status;
    app->ended = true;
}

static void on_repl_signal(int signo, void *data)
{
    repl_signal(data, signo);
}

static void start_repl(struct app *app)
{
    _cleanup_free_ char *history = file_xdg("STATE", "history");
    term_restore_at_exit();
    out_can_ask();
    app->repl = repl_start(app->ctx, &app->opts, history, on_repl_done, app);
    signals_handle(on_repl_signal, app->repl);
}

// Commands from standard input. Nobody but they may read it, so on a terminal (-f -) keys stay the terminal's affair.
static void start_stdin(struct app *app)
{
    app->source = source_fd(app->ctx, STDIN_FILENO, &app->opts, on_batch_done, app);
    oneshot_start("the commands of standard input", isatty(STDOUT_FILENO) && !isatty(STDIN_FILENO), cancel_running,
                  app);
}

// Our own keys only where our output is the terminal's: a pager behind a pipe reads it too.
static void start_oneshot(struct app *app, const char *what)
{
    app->what = xstrdup(what);
    oneshot_start(app->what, isatty(STDOUT_FILENO), cancel_running, app);
}

static int start_file(struct app *app, struct err *e)
{
    _cleanup_free_ char *text = NULL;
    if (strcmp(app->file, "-") == 0) {
        start_stdin(app);
        return 0;
    }
    if (source_read(app->file, &text, e) < 0) {
        struct stat st;
        bool pipe = e->code == ERR_UNSAFE && stat(app->file, &st) == 0 && S_ISFIFO(st.st_mode);
        return pipe ? err_hint(e, "-f - reads commands from standard input, which may be a pipe") : -1;
    }
    app->source = source_text(app->ctx, text, &app->opts, on_batch_done, app);
    start_oneshot(app, app->file);
    return 0;
}

static void start_words(struct app *app, int argc, char **argv)
{
    _cleanup_strv_ struct strv words = STRV_INIT;
    _cleanup_buf_ struct buf what = BUF_INIT;
    for (int i = 0; i < argc; i++) {
        strv_add(&words, argv[i]);
        buf_addf(&what, "%s%s", i ? " " : "", argv[i]);
    }
    if (argc == 1 && !str_ends(argv[0], ".lua")) // as virsh: one word is a line
        app->source = source_text(app->ctx, argv[0], &app->opts, on_batch_done, app);
    else
        app->batch = batch_words(app->ctx, &words, NULL, &app->opts, on_batch_done, app);
    start_oneshot(app, buf_str(&what));
}

// Starts what the command line asks for; app->ended is set when it has ended.
static int start_work(struct app *app, int argc, char **argv, struct err *e)
{
    if (app->have_commands + (app->file != NULL) + (argc > 0) > 1)
        return err_set(e, ERR_USAGE, "-c, -f and a command are mutually exclusive");
    if (app->file)
        return start_file(app, e);
    if (app->have_commands) {
        app->source = source_text(app->ctx, buf_str(&app->commands), &app->opts, on_batch_done, app);
        start_oneshot(app, buf_str(&app->commands));
    } else if (argc > 0) {
        start_words(app, argc, argv);
    } else if (app->interactive) {
        start_repl(app);
    } else {
        start_stdin(app);
    }
    return 0;
}

static void show_trace(const char *line)
{
    out_notice(OUT_INFO, "%s", line);
}

// Before another thread is there.
static int start_trace(const struct app *app, struct err *e)
{
    long long level = TRACE_CALL;
    int fd = -1;
    if (!app->debug && !app->log)
        return 0;
    if (app->debug && str_to_int(app->debug, TRACE_CALL, TRACE_ERROR, &level) < 0)
        return err_set(e, ERR_USAGE, "--debug: '%s' is no level from 0 (all) to 4 (errors)", app->debug);
    if (app->log) {
        _cleanup_free_ char *path = file_expand_home(app->log);
        fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0600);
        if (fd < 0)
            return err_errno(e, errno, "cannot write the log %s", path);
    }
    trace_start((enum trace_level)level, fd, show_trace);
    return 0;
}

static int run(struct app *app, int argc, char **argv, struct err *e)
{
    if (start_trace(app, e) < 0 || loop_init(e) < 0 || signals_start(e) < 0)
        return -1;
    _cleanup_free_ char *standard = file_xdg("CONFIG", "nodes");
    app->ctx = ctx_new(app->inventory ? app->inventory : standard);
    ctx_set_readonly(app->ctx, app->readonly);
    jobs_init();
    source_init();
    repeat_init();
    lua_engine_init(app->ctx);
    if (load_inventory(app->ctx, e) < 0 || set_connect(app, e) < 0 || start_work(app, argc, argv, e) < 0)
        return -1;
    loop_run_until(&app->ended);
    int signalled = app->repl ? 0 : oneshot_end();
    if (signalled && app->status) // a watch that is told to end has not failed
        app->status = 128 + signalled;
    return 0;
}

static void prepare_completion(struct ctx *ctx, const char *connect)
{
    _cleanup_err_ struct err ignored = ERR_INIT; // a faulty inventory is told of when a command is run
    struct app app = {.ctx = ctx, .connect = connect};
    if (load_inventory(ctx, &ignored) == 0)
        set_connect(&app, &ignored);
    lua_engine_init(ctx);
}

// For the shells' own completion; the words are those behind "migsh" up to the cursor.
static int complete(int n, char **words)
{
    _cleanup_free_ char *standard = file_xdg("CONFIG", "nodes");
    _cleanup_buf_ struct buf out = BUF_INIT, letters = BUF_INIT;
    _cleanup_free_ struct option *rows = usage_getopt(&letters);
    complete_args(rows, standard, prepare_completion, n, words, &out);
    fputs(buf_str(&out), stdout);
    fflush(stdout);
    if (job_count()) // a host keeps silent
        _exit(EXIT_SUCCESS);
    lua_engine_close(0);
    return 0;
}

// A descriptor that the caller closed would be the next one that we open, and our output would go into a connection.
// Writing to its stand-in fails, and is told of; reading is at its end.
static void fill_standard_fds(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY) != fd)
            _exit(EXIT_FAILURE);
    }
}

// A console with many nodes, jobs and probes needs more descriptors than the usual 1024; half of the limit is the
// probes'.
static void raise_limits(void)
{
    enum { ENOUGH = 65536 };
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= ENOUGH)
        return;
    limit.rlim_cur = limit.rlim_max < ENOUGH ? limit.rlim_max : ENOUGH;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

// Passwords are in our memory: no core file of it, and no other process of the user may read it. LeakSanitizer has to.
static void keep_memory_private(void)
{
    (void)setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
#ifndef __SANITIZE_ADDRESS__
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

// What nobody received is not done. A reader that has gone away (a pipe into head) knows why, so it is not told.
static int flush_output(int status)
{
    enum { READER_GONE = 128 + SIGPIPE };
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    struct pollfd p = {.fd = STDOUT_FILENO};
    if (poll(&p, 1, 0) == 1 && (p.revents & POLLERR))
        return status ? status : READER_GONE;
    fputs("error: cannot write to standard output\n", stderr);
    return status ? status : err_exit_status(ERR_IO);
}

static int start(int argc, char **argv)
{
    setlocale(LC_CTYPE, "");
    commands_register();
    if (argc > 1 && strcmp(argv[1], "--complete") == 0)
        return complete(argc - 2, argv + 2);
    struct app app = {0};
    int status = parse_options(&app, argc, argv);
    if (status >= 0)
        return status;
    json_object_seed(0); // before any thread: jansson would seed at the first object, unlocked
    xml_init();
    bool alone = optind == argc && !app.file && !app.have_commands;
    app.interactive = alone && isatty(STDIN_FILENO) && term_open(true);
    out_choose(app.opts.json, app.opts.quiet, !app.no_color, app.interactive);
    _cleanup_err_ struct err e = ERR_INIT;
    if (run(&app, argc - optind, argv + optind, &e) < 0) {
        out_error(&e);
        app.status = err_exit_status(e.code);
    }
    buf_release(&app.commands);
    free(app.what);
    // Scripts that go on behind the prompt get this long to clean up.
    enum { SCRIPT_PATIENCE_MS = 10000 };
    recipe_forget();
    if (!lua_engine_close(SCRIPT_PATIENCE_MS) || job_count() > 0 || !ctx_free(app.ctx)) {
        fflush(NULL);
        term_restore();
        local_end_children();
        _exit(flush_output(app.status)); // a thread hangs in a host that does not answer
    }
    return app.status;
}

int main(int argc, char **argv)
{
    fill_standard_fds();
    raise_limits();
    keep_memory_private();
    return flush_output(start(argc, argv));
}
