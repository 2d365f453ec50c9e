// SPDX-License-Identifier: GPL-3.0-or-later
// Scripts on nodes and here, as root by sudo. Job threads. See place.h.
#include "core/node/place.h"

#include <string.h>

#include "base/printable.h"
#include "base/trace.h"
#include "core/console/out.h"
#include "core/console/passwords.h"
#include "core/console/session.h"
#include "core/node/tools_priv.h"
#include "io/job.h"
#include "io/local.h"

// tools/place_root.sh ends with this status, and these words behind all that a login shell may print, where sudo wants
// a password.
enum { NEEDS_PASSWORD = 119, TRY_MS = 60000, MAX_WORD = 16384 };
static const char needs_password[] = "migsh:auth: sudo wants a password";

const char *place_name(const struct node *node)
{
    return node ? node->name : "(admin)";
}

int place_unexpected(const struct node *node, const char *output, struct err *e)
{
    enum { SHOWN = 200 };
    _cleanup_buf_ struct buf b = BUF_INIT;
    if (!output || !*output)
        return err_set(e, ERR_FAILED, "no output from %s, although some was expected", place_name(node));
    _cleanup_free_ char *head = xstrndup(output, SHOWN);
    buf_add_line(&b, head);
    return err_set(e, ERR_FAILED, "unexpected output from %s: '%s%s'", place_name(node), buf_str(&b),
                   strlen(output) > SHOWN ? "…" : "");
}

static void add_script(struct buf *b, const struct place_exec *spec)
{
    _cleanup_free_ char *script =
        spec->input ? xasprintf("input() { head -c %zu; }\n%s", spec->input_len, spec->script) : xstrdup(spec->script);
    const char *const head[] = {script, "migsh"};
    remote_quote_words(b, head, 2);
    if (spec->n_args) {
        buf_addc(b, ' ');
        remote_quote_words(b, spec->args, spec->n_args);
    }
}

char *place_words(const struct place_exec *spec)
{
    struct buf b = BUF_INIT;
    buf_adds(&b, spec->root ? "sudo sh -c " : "sh -c ");
    add_script(&b, spec);
    return buf_steal(&b);
}

char *place_script(const char *script, const char *const *words, size_t n)
{
    struct buf b = BUF_INIT;
    buf_adds(&b, "set -- ");
    remote_quote_words(&b, words, n);
    buf_addf(&b, "\n%s", script);
    return buf_steal(&b);
}

// Of several tools in one script the last, which the others are for; NULL: there is none.
static char *tool_of(const char *script)
{
    char *name = NULL;
    for (const char *line = script; line; line = strchr(line, '\n'), line += line != NULL) {
        size_t n = str_starts(line, "# ") ? strspn(line + 2, "abcdefghijklmnopqrstuvwxyz0123456789_") : 0;
        if (!n || line[2 + n] != '\n')
            continue;
        free(name);
        name = xstrndup(line + 2, n);
    }
    return name;
}

// For the log: the input may be a key, and stands in the command where it is short.
static char *label(const struct place_exec *spec)
{
    enum { SHOWN = 80 }; // the words of a script tell more
    struct buf b = BUF_INIT;
    const char *script = spec->script + (str_starts(spec->script, ask_prelude) ? strlen(ask_prelude) : 0);
    _cleanup_free_ char *tool = tool_of(script);
    buf_addf(&b, "%s%.*s%s ", spec->root ? "sudo " : "", SHOWN, tool ? tool : script,
             !tool && strlen(script) > SHOWN ? "…" : "");
    remote_quote_words(&b, spec->args, spec->n_args);
    return buf_steal(&b);
}

static int run(struct ctx *ctx, struct job *job, struct node *node, const struct place_exec *spec,
               struct remote_exec *exec, struct remote_result *result, struct err *e)
{
    if (!node)
        return local_exec(job, exec, result, e) < 0 ? err_wrap(e, "(admin)") : 0;
    _cleanup_free_ char *what = trace_is_on() ? label(spec) : NULL;
    exec->what = what;
    return session_exec_lane(ctx, job, node, spec->lane, exec, result, e);
}

// The password and then the caller's own input.
struct feeder {
    const struct place_exec *spec;
    const char *password; // what is left of it
    bool newline;         // … is still to come
};

static ssize_t feed_behind_password(void *data, void *buf, size_t n, struct err *e)
{
    struct feeder *f = data;
    size_t len = strlen(f->password);
    if (len) {
        len = len < n ? len : n;
        memcpy(buf, f->password, len);
        f->password += len;
        return (ssize_t)len;
    }
    if (f->newline) {
        *(char *)buf = '\n';
        f->newline = false;
        return 1;
    }
    return f->spec->feed(f->spec->data, buf, n, e);
}

static int hand_output(void *data, bool is_stderr, const void *s, size_t n, struct err *e)
{
    const struct feeder *f = data;
    return f->spec->output(f->spec->data, is_stderr, s, n, e);
}

// By sudo, which reads the password from its stdin up to the newline; the rest is the script's. -k: a password that
// sudo does not ask for (it remembers an earlier one) would end up in the script's input.
static int run_with_password(struct ctx *ctx, struct job *job, struct node *node, const struct place_exec *spec,
                             const char *password, struct remote_result *result, struct err *e)
{
    _cleanup_buf_ struct buf command = BUF_INIT;
    buf_adds(&command, "exec sudo -k -S -p '' -- sh -c ");
    add_script(&command, spec);
    size_t len = strlen(password), total = len + 1 + spec->input_len;
    char *input = xcalloc(total + 1, 1); // not a buf: growing would leave copies behind
    memcpy(input, password, len + 1);
    input[len] = '\n';
    if (spec->input_len)
        memcpy(input + len + 1, spec->input, spec->input_len);
    struct feeder feeder = {spec, password, true};
    struct remote_exec exec = {.command = buf_str(&command),
                               .input = input,
                               .input_len = total,
                               .feed = spec->feed ? feed_behind_password : NULL,
                               .output = spec->output ? hand_output : NULL,
                               .data = &feeder,
                               .wake_fd = spec->wake_fd,
                               .max_output = spec->max_output,
                               .timeout_ms = spec->timeout_ms,
                               .idle_ms = spec->idle_ms};
    int r = run(ctx, job, node, spec, &exec, result, e);
    mem_wipe(input, len);
    free(input);
    return r;
}

static int ask_password(struct ctx *ctx, struct job *job, struct node *node, char **ret, struct err *e)
{
    const char *user = node ? node->user : NULL;
    _cleanup_free_ char *question =
        xasprintf("sudo password%s%s on %s: ", user ? " of " : "", user ? user : "", place_name(node));
    _cleanup_(mem_wipe_text_p) char *password = NULL;
    if (out_ask(job, OUT_ASK_SECRET, question, &password, e) < 0) {
        err_wrap(e, "%s: sudo wants a password", place_name(node));
        return e->code != ERR_AUTH
                   ? -1
                   : err_hint(e, "log in as root (node-add NAME root@ADDRESS), or allow sudo without a password");
    }
    // Tried alone, so that sudo cannot take the script's input for further attempts.
    struct place_exec trial = {.script = "true", .timeout_ms = TRY_MS};
    _cleanup_(remote_result_release) struct remote_result result = REMOTE_RESULT_INIT;
    if (run_with_password(ctx, job, node, &trial, password, &result, e) < 0)
        return -1;
    if (remote_result_output(place_name(node), &result, NULL, e) < 0) {
        e->code = ERR_AUTH;
        return err_wrap(e, "sudo refused");
    }
    password_remember(ctx, node, password);
    *ret = steal(&password);
    return 0;
}

char *place_command(const struct place_exec *spec)
{
    struct buf command = BUF_INIT;
    buf_adds(&command, "sh -c ");
    if (spec->root) {
        const char *const outer[] = {place_root, "migsh"};
        remote_quote_words(&command, outer, 2);
        buf_addc(&command, ' ');
    }
    add_script(&command, spec);
    return buf_steal(&command);
}

// By a shell that stays open on the node. The input is a word of the script then.
static int run_kept(struct ctx *ctx, struct job *job, struct node *node, const struct place_exec *spec,
                    struct remote_result *result, struct err *e)
{
    _cleanup_buf_ struct buf inner = BUF_INIT, script = BUF_INIT;
    if (spec->input) {
        buf_adds(&inner, "input() { printf %s ");
        remote_quote(&inner, spec->input, spec->input_len, NULL);
        buf_adds(&inner, "; }\n");
    }
    buf_adds(&inner, spec->script);
    const char *const head[] = {buf_str(&inner), "migsh"};
    buf_adds(&script, "set -- ");
    if (spec->root) {
        remote_quote_words(&script, head, 2);
        buf_addc(&script, ' ');
    }
    remote_quote_words(&script, spec->args, spec->n_args);
    buf_addf(&script, "\n%s", spec->root ? place_root : buf_str(&inner));
    struct remote_exec exec = {.command = buf_str(&script),
                               .shell = "cd / && exec sh",
                               .max_output = spec->max_output,
                               .timeout_ms = spec->timeout_ms};
    return run(ctx, job, node, spec, &exec, result, e);
}

// The kept shell reads its scripts from its stdin and frames what they print: nothing can be streamed through it.
static bool fits_kept(const struct node *node, const struct place_exec *spec)
{
    return node && !spec->feed && !spec->output &&
           (!spec->input || (spec->input_len <= MAX_WORD && !memchr(spec->input, 0, spec->input_len)));
}

static int run_plain(struct ctx *ctx, struct job *job, struct node *node, const struct place_exec *spec,
                     struct remote_result *result, struct err *e)
{
    if (fits_kept(node, spec))
        return run_kept(ctx, job, node, spec, result, e);
    _cleanup_free_ char *words = place_command(spec), *command = xasprintf("exec %s", words);
    struct remote_exec exec = {.command = command,
                               .input = spec->input,
                               .input_len = spec->input_len,
                               .feed = spec->feed,
                               .output = spec->output,
                               .data = spec->data,
                               .wake_fd = spec->wake_fd,
                               .max_output = spec->max_output,
                               .timeout_ms = spec->timeout_ms,
                               .idle_ms = spec->idle_ms};
    return run(ctx, job, node, spec, &exec, result, e);
}

int place_exec(struct ctx *ctx, struct job *job, struct node *node, const struct place_exec *spec,
               struct remote_result *result, struct err *e)
{
    _cleanup_(mem_wipe_text_p) char *password = spec->root ? password_known(ctx, node) : NULL;
    if (!password) {
        if (run_plain(ctx, job, node, spec, result, e) < 0)
            return -1;
        if (!spec->root || result->status != NEEDS_PASSWORD || !strstr(buf_str(&result->err), needs_password))
            return 0;
        remote_result_release(result);
        if (ask_password(ctx, job, node, &password, e) < 0 || !password)
            return -1;
    }
    return run_with_password(ctx, job, node, spec, password, result, e);
}
