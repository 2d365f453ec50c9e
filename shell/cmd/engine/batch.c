// SPDX-License-Identifier: GPL-3.0-or-later
// A logical line of commands, run one after the other and shown. Main thread. See batch.h; sources of lines are in
// source.c.
#include "cmd/engine/batch.h"

#include <ctype.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/trace.h"
#include "cmd/engine/alias.h"
#include "cmd/engine/dispatch.h"
#include "cmd/engine/parse.h"
#include "cmd/engine/render.h"
#include "cmd/engine/table.h"
#include "core/console/out.h"
#include "core/console/outlet.h"
#include "core/console/pager.h"
#include "core/console/script.h"
#include "core/explain/last.h"
#include "io/job.h"
#include "io/loop.h"
#include "io/ssh/remote.h"
#include "io/virt/conn.h"

struct batch {
    struct ctx *ctx;
    struct batch_opts opts;
    struct parsed parsed;
    size_t next;
    struct cmd_run *run;
    uint64_t calls, commands; // virt_calls() and remote_commands() when it began
    struct script_run *script;
    struct source *nested; // the text of the last command …
    struct repeat *repeat; // … or that is run again and again
    struct job *outlet;    // has the last result: the pager, or what it was led to
    struct file_new file;  // open for the result of what runs, or fd -1
    bool cancelled;
    int status;
    bool quit;
    batch_done_fn *done;
    void *data;
};

static const struct batch_beside *beside;
static const struct batch_nested *nested;
static const struct batch_again *again;

static void step(struct batch *b);

void batch_set_beside(const struct batch_beside *b)
{
    beside = b;
}

void batch_set_nested(const struct batch_nested *n)
{
    nested = n;
}

void batch_set_again(const struct batch_again *a)
{
    again = a;
}

static void about_to_end(const struct batch *b, int status)
{
    if (beside && !b->opts.part)
        beside->about_to_end(b->opts.line, status);
}

// What is run again and again begins a screen, and shows nothing more of what was cancelled.
static bool is_shown(const struct batch *b)
{
    return !b->opts.repeat || again->shows(b->opts.repeat);
}

static bool is_over(const struct batch *b)
{
    return b->status || b->quit || b->next == b->parsed.n;
}

static void end(void *data)
{
    struct batch *b = data;
    file_new_release(&b->file);
    parsed_release(&b->parsed);
    b->done(b->status, b->quit, b->data);
    free(b);
}

// What was mistyped, or stopped by the operator, needs no explanation, and leaves the last error as it is.
static void remember(const struct batch *b, const char *command, const struct err *err)
{
    bool asked = command && strcmp(command, "explain") == 0;
    if (err->code != ERR_USAGE && !asked && !b->cancelled)
        last_error_note(command, err);
}

static void show_error(const struct batch *b, const char *command, const char *node, const struct err *err)
{
    remember(b, command, err);
    trace_error(command, err->msg);
    if (!is_shown(b))
        return;
    if (!b->opts.json) {
        out_error(err);
        return;
    }
    _cleanup_buf_ struct buf out = BUF_INIT;
    if (b->opts.envelope)
        render_envelope(command, node, NULL, err, &out);
    else
        render_error_json(err, &out);
    out_write(buf_str(&out), out.len);
}

static void fail(struct batch *b, const struct err *err)
{
    b->status = err_exit_status(err->code);
    about_to_end(b, b->status);
    show_error(b, NULL, NULL, err);
}

static void pager_left(void *data)
{
    struct batch *b = data;
    b->outlet = NULL;
    step(b);
}

static void outlet_left(const struct remote_result *result, const struct err *err, void *data)
{
    struct batch *b = data;
    b->outlet = NULL;
    int status = err_is_set(err) ? err_exit_status(err->code) : result->status;
    b->status = b->status ? b->status : status;
    if (is_over(b))
        about_to_end(b, b->status);
    if (is_shown(b))
        out_write(buf_str(&result->out), result->out.len);
    if (result->err.len && b->opts.json)
        out_notice(OUT_WARN, "%s", buf_str(&result->err));
    else if (result->err.len)
        out_stderr(buf_str(&result->err), result->err.len);
    if (err_is_set(err))
        show_error(b, NULL, NULL, err);
    step(b);
}

// A command that has failed, and has nothing to tell, leaves what the file held.
static void lead_away(struct batch *b, const struct redirect *to, const struct buf *text, bool failed)
{
    _cleanup_err_ struct err e = ERR_INIT;
    struct outlet_to where = {b->file, to->to};
    if (failed && !text->len)
        return;
    b->file = (struct file_new){-1, NULL, NULL};
    unsigned before = job_set_line(b->opts.line);
    b->outlet = outlet_start(&where, text, outlet_left, b, &e);
    job_set_line(before);
    if (!b->outlet)
        fail(b, &e);
}

// What failed is not taken into a pager: the error stands below it.
static void show_text(struct batch *b, const struct buf *text, const struct paint *paint, bool failed)
{
    unsigned before = job_set_line(b->opts.line);
    if (!b->opts.json && !failed && !b->opts.repeat && !out_is_behind(b->opts.line) && pager_wants(buf_str(text)))
        b->outlet = pager_start(buf_str(text), text->len, paint, pager_left, b);
    job_set_line(before);
    if (!b->outlet)
        out_show(buf_str(text), text->len, paint);
}

static void show_run(struct batch *b, const struct cmd_run *run)
{
    if (!is_shown(b))
        return;
    _cleanup_buf_ struct buf out = BUF_INIT;
    _cleanup_paint_ struct paint paint = {0};
    const struct err *err = cmd_run_err(run);
    json_t *value = cmd_run_result(run);
    const struct redirect *to = &b->parsed.to[b->next - 1];
    size_t width = to->kind ? 0 : (size_t)out_screen().columns;
    struct render_how how = {b->opts.quiet, b->opts.vertical, b->opts.human, width, &paint};
    bool has_value = value || !err_is_set(err);
    if (b->opts.json && has_value && b->opts.envelope)
        render_envelope(cmd_run_def(run)->name, cmd_run_node(run), value, NULL, &out);
    else if (b->opts.json && has_value)
        render_json(value, &out);
    else if (!b->opts.json)
        cmd_run_render(run, &how, &out);
    if (to->kind)
        lead_away(b, to, &out, err_is_set(err));
    buf_truncate(&out, to->kind ? 0 : out.len);
    if (b->opts.timing && !b->opts.json)
        buf_addf(&out, "\n(Time: %.3f ms)\n\n", cmd_run_seconds(run) * 1e3);
    if (!to->kind)
        show_text(b, &out, &paint, err_is_set(err));
    else if (out.len)
        out_write(buf_str(&out), out.len);
    if (!b->opts.json && !b->opts.quiet && cmd_run_empty(run))
        out_notice(OUT_INFO, "%s", cmd_run_empty(run));
    if (err_is_set(err))
        show_error(b, cmd_run_def(run)->name, cmd_run_node(run), err);
    if (b->opts.timing && b->opts.json)
        out_event(json_pack("{s:o, s:o, s:f, s:I, s:I}", "event", json_text("timing"), "command",
                            json_text(cmd_run_def(run)->name), "ms", cmd_run_seconds(run) * 1e3, "calls",
                            (json_int_t)(virt_calls() - b->calls), "commands",
                            (json_int_t)(remote_commands() - b->commands)));
}

static void nested_done(int status, bool quit, void *data)
{
    struct batch *b = data;
    b->nested = NULL;
    b->repeat = NULL;
    b->status = status;
    b->quit = quit;
    if (is_over(b))
        about_to_end(b, status);
    step(b);
}

static void run_nested(struct batch *b, const json_t *value)
{
    enum { DEEPEST = 16 };
    _cleanup_err_ struct err e = ERR_INIT;
    const char *file = json_text_at(value, "file"), *text = json_text_at(value, "text");
    struct repeat_what what = {text, json_text_at(value, "every"),
                               json_number_value(json_object_get(value, "pause_ms")),
                               json_integer_value(json_object_get(value, "count"))};
    if (b->cancelled)
        err_set(&e, ERR_CANCELLED, "cancelled before the first line of %s", file ? file : text);
    else if (!nested || b->opts.depth == DEEPEST)
        err_set(&e, ERR_USAGE, "%s: files of commands name one another without an end", file ? file : text);
    else if (file)
        b->nested = nested->run(b->ctx, text, file, &b->opts, nested_done, b);
    else
        b->repeat = again->run(b->ctx, &what, &b->opts, nested_done, b);
    if (err_is_set(&e)) {
        fail(b, &e);
        step(b);
    }
}

static void command_done(struct cmd_run *run, void *data)
{
    struct batch *b = data;
    b->run = NULL;
    b->status = cmd_run_status(run);
    if (!b->status && cmd_run_def(run)->flags & CMD_TEXT) {
        run_nested(b, cmd_run_result(run));
        return;
    }
    b->quit = !b->status && (cmd_run_def(run)->flags & CMD_QUIT);
    if (is_over(b) && (b->status || !b->parsed.to[b->next - 1].kind))
        about_to_end(b, b->status);
    show_run(b, run);
    if (!b->outlet)
        step(b);
}

static void start_next(struct batch *b, struct err *e)
{
    b->calls = virt_calls();
    b->commands = remote_commands();
    const struct redirect *to = &b->parsed.to[b->next];
    if (to->kind > REDIRECT_PIPE && outlet_open(to->to, to->kind == REDIRECT_APPEND, &b->file, e) < 0)
        return;
    unsigned how = (b->opts.prompt ? CMD_TYPED : 0) | (to->kind ? CMD_LED_AWAY : 0);
    unsigned before = job_set_line(b->opts.line);
    b->run = cmd_start(b->ctx, &b->parsed.cmds[b->next++], how, command_done, b, e);
    job_set_line(before);
}

static void step(struct batch *b)
{
    while (!is_over(b) && !b->cancelled && b->parsed.behind[b->next]) {
        beside->run(b->ctx, b->parsed.behind[b->next], &b->parsed.cmds[b->next], &b->parsed.to[b->next], &b->opts);
        b->next++;
    }
    if (is_over(b)) {
        end(b);
        return;
    }
    _cleanup_err_ struct err e = ERR_INIT;
    if (b->cancelled) { // the rest of the line was wanted, and is not run
        err_set(&e, ERR_CANCELLED, "cancelled before '%s'", b->parsed.cmds[b->next].s[0]);
        fail(b, &e);
        end(b);
        return;
    }
    start_next(b, &e);
    if (!b->run) {
        fail(b, &e);
        end(b);
    }
}

const char *batch_lua_part(const char *text, bool *ret_expression)
{
    while (isspace((unsigned char)*text))
        text++;
    *ret_expression = *text == '=';
    if (*text == '=')
        return text + 1;
    if (strncmp(text, "lua", 3) == 0 && isspace((unsigned char)text[3]))
        return text + 4;
    return NULL;
}

const char *batch_shell_part(const char *text)
{
    while (isspace((unsigned char)*text))
        text++;
    return *text == '!' ? text + 1 : NULL;
}

static void script_done(void *data, json_t *result, const char *text, const struct err *err)
{
    struct batch *b = data;
    b->script = NULL;
    if (!(err && err_is_set(err)))
        about_to_end(b, 0);
    _cleanup_buf_ struct buf out = BUF_INIT;
    _cleanup_paint_ struct paint paint = {0};
    bool failed = err && err_is_set(err);
    if (!is_shown(b))
        ;
    else if (b->opts.json && !failed)
        render_json(result, &out);
    else if (text)
        buf_adds(&out, text);
    else if (!failed) // the value of a command that failed is for scripts
        render_any(result, &out);
    b->next = b->parsed.n;
    show_text(b, &out, &paint, failed);
    if (failed)
        fail(b, err);
    if (!b->outlet)
        loop_post(end, b);
}

static void start_text(struct batch *b, const char *source, bool expression, struct err *e)
{
    unsigned before = job_set_line(b->opts.line);
    b->script = script_ops()->run_text(source, expression, script_done, b, e);
    job_set_line(before);
}

static void run_lua(struct batch *b, const char *source, bool expression)
{
    _cleanup_err_ struct err e = ERR_INIT;
    const struct script_ops *ops = script_ops();
    const struct cmd_def *none;
    if (!ops)
        err_set(&e, ERR_UNSUPPORTED, "this migsh runs no Lua");
    else if (!expression && !source[strspn(source, " \t\r\n")])
        (void)cmd_lookup("lua", false, &none, &e); // it says what is wanted
    else
        start_text(b, source, expression, &e);
    if (err_is_set(&e)) {
        fail(b, &e);
        loop_post(end, b);
    }
}

// A script named on migsh's own command line, with its words.
static void run_script(void *data)
{
    struct batch *b = data;
    _cleanup_err_ struct err e = ERR_INIT;
    _cleanup_strv_ struct strv words = STRV_INIT;
    const struct strv *all = &b->parsed.cmds[0];
    for (size_t i = 1; i < all->n; i++)
        strv_add(&words, all->s[i]);
    const struct script_ops *ops = script_ops();
    if (!ops)
        err_set(&e, ERR_UNSUPPORTED, "this migsh runs no Lua");
    else if (!b->cancelled)
        b->script = ops->run_file(all->s[0], &words, script_done, b, &e);
    if (err_is_set(&e))
        fail(b, &e);
    if (!b->script)
        end(b);
}

static struct batch *batch_new(struct ctx *ctx, const struct batch_opts *opts, batch_done_fn *done, void *data)
{
    struct batch *b = xnew(struct batch);
    b->ctx = ctx;
    b->opts = *opts;
    b->file = (struct file_new){-1, NULL, NULL};
    b->done = done;
    b->data = data;
    return b;
}

// An unknown command anywhere on the line is found before the first one runs.
static int check_names(const struct batch *b, struct err *e)
{
    for (size_t i = 0; i < b->parsed.n; i++) {
        const struct cmd_def *def;
        if (cmd_lookup(b->parsed.cmds[i].s[0], b->opts.prompt, &def, e) < 0)
            return -1;
        if (b->parsed.to[i].kind && def->flags & CMD_TEXT)
            return err_set(e, ERR_USAGE, "%s itself shows nothing: '|' and '>' go inside, with its commands",
                           def->name);
        if (b->parsed.behind[i] && def->flags & CMD_FRONT)
            return err_set(e, ERR_USAGE, "%s does nothing behind the prompt", def->name);
    }
    return 0;
}

static int parse_line(struct batch *b, const char *text, struct err *e)
{
    if (parse_text(text, &b->parsed, NULL, e) < 0)
        return -1;
    for (size_t i = 0; i < b->parsed.n; i++)
        alias_expand(&b->parsed.cmds[i]);
    return check_names(b, e);
}

static void post_step(void *data)
{
    step(data);
}

// A line for the shell of this machine, as its one command.
static struct batch *shell_line(struct ctx *ctx, const char *text, const struct batch_opts *opts, batch_done_fn *done,
                                void *data)
{
    _cleanup_strv_ struct strv words = STRV_INIT;
    strv_add(&words, "shell");
    strv_add(&words, "--");
    strv_add(&words, text);
    return batch_words(ctx, &words, NULL, opts, done, data);
}

struct batch *batch_line(struct ctx *ctx, const char *text, const struct batch_opts *opts, batch_done_fn *done,
                         void *data)
{
    if (batch_shell_part(text))
        return shell_line(ctx, batch_shell_part(text), opts, done, data);
    struct batch *b = batch_new(ctx, opts, done, data);
    bool expression;
    const char *lua = batch_lua_part(text, &expression);
    if (lua) {
        run_lua(b, lua, expression);
        return b;
    }
    _cleanup_err_ struct err e = ERR_INIT;
    if (parse_line(b, text, &e) < 0) {
        fail(b, &e);
        loop_post(end, b);
    } else {
        loop_post(post_step, b);
    }
    return b;
}

struct batch *batch_words(struct ctx *ctx, const struct strv *words, const struct redirect *to,
                          const struct batch_opts *opts, batch_done_fn *done, void *data)
{
    struct batch *b = batch_new(ctx, opts, done, data);
    b->parsed.to = xnew(struct redirect);
    if (to)
        b->parsed.to[0] = (struct redirect){to->kind, xstrdup(to->to)};
    b->parsed.cmds = xnew(struct strv);
    b->parsed.behind = xnew(char *);
    b->parsed.n = 1;
    strv_copy(&b->parsed.cmds[0], words);
    loop_post(str_ends(words->s[0], ".lua") ? run_script : post_step, b);
    return b;
}

void batch_cancel(struct batch *b)
{
    b->cancelled = true;
    if (b->run)
        cmd_cancel(b->run);
    else if (b->script)
        script_ops()->cancel(b->script);
    else if (b->nested)
        nested->cancel(b->nested);
    else if (b->repeat)
        again->cancel(b->repeat);
    else if (b->outlet)
        job_cancel(b->outlet);
}

bool batch_incomplete(const char *text)
{
    bool expression;
    const char *lua = batch_lua_part(text, &expression);
    if (lua)
        return script_ops() && script_ops()->is_incomplete(lua, expression);
    if (batch_shell_part(text))
        return false;
    struct parsed p = {0};
    _cleanup_err_ struct err e = ERR_INIT;
    bool incomplete = false;
    parse_text(text, &p, &incomplete, &e);
    parsed_release(&p);
    return incomplete;
}
