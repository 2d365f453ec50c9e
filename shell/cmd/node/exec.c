// SPDX-License-Identifier: GPL-3.0-or-later
// Run a command on nodes, by ssh, on all of them at once.
#include <string.h>

#include "base/json.h"
#include "base/printable.h"
#include "cmd/commands.h"
#include "cmd/rows.h"
#include "core/console/out.h"
#include "core/console/session.h"
#include "io/file.h"
#include "io/job.h"

enum { NODES, TIMEOUT, INPUT, COMMAND };
enum { INPUT_MAX = 256 << 20 };

static const struct opt_def opts[] = {
    [NODES] = NODES_ROW(OPTF_REQ, "where: NODE[,NODE…] or all"),
    [TIMEOUT] = {"timeout", OPT_DURATION, 0, "end the command after this time", .unit = "s"},
    [INPUT] = {"stdin", OPT_PATH, 0, "a file here that the command reads as its standard input"},
    [COMMAND] = {"command", OPT_WORDS, OPTF_REQ, "one word: a line for the remote shell; several: taken literally"},
    {NULL},
};

struct one {
    struct node *node;
    bool duplicate;
    struct remote_result result;
    struct err err;
};

struct fan {
    struct cmd_call *c;
    const char *command;
    char *input; // NULL: none
    size_t input_len;
    struct one *all;
};

static void run_one(struct job *job, size_t i, void *arg)
{
    struct fan *f = arg;
    struct one *o = &f->all[i];
    struct remote_exec spec = {
        .command = f->command, .timeout_ms = f->c->vals[TIMEOUT].ms, .input = f->input, .input_len = f->input_len};
    if (!o->duplicate)
        session_exec(f->c->ctx, job, o->node, &spec, &o->result, &o->err);
}

static json_t *one_json(const struct one *o)
{
    json_t *v = json_object();
    json_object_set_new(v, "node", json_text(o->node->name));
    if (err_is_set(&o->err)) {
        json_object_set_new(v, "error",
                            json_pack("{s:o, s:o, s:o}", "code", json_text(err_code_name(o->err.code)), "msg",
                                      json_text(o->err.msg), "hint", json_text(o->err.hint)));
    } else {
        json_object_set_new(v, "status", json_integer(o->result.status));
    }
    if (o->result.signal)
        json_object_set_new(v, "signal", json_text(o->result.signal));
    json_object_set_new(v, "stdout", json_textn(buf_str(&o->result.out), o->result.out.len));
    json_object_set_new(v, "stderr", json_textn(buf_str(&o->result.err), o->result.err.len));
    return v;
}

// One error for all nodes that could not run the command.
static int sum_up(struct fan *f, size_t n, struct err *e)
{
    for (size_t i = 0; i < n; i++) {
        struct one *o = &f->all[i];
        if (err_is_set(&o->err))
            err_join(e, &o->err);
        if (o->result.status && !f->c->status)
            f->c->status = o->result.status;
    }
    if (!err_is_set(e))
        return 0;
    f->c->status = 0; // the error's own
    return -1;
}

static int run(struct cmd_call *c, struct err *e)
{
    const struct opt_val *v = &c->vals[NODES];
    _cleanup_buf_ struct buf command = BUF_INIT;
    remote_add_line(&command, &c->vals[COMMAND].list);
    struct fan f = {c, buf_str(&command), NULL, 0, NULL};
    if (c->vals[INPUT].s && file_read(c->vals[INPUT].s, INPUT_MAX, &f.input, &f.input_len, e) < 0)
        return -1;
    f.all = xcalloc(v->n_nodes, sizeof(*f.all));
    size_t different = 0;
    for (size_t i = 0; i < v->n_nodes; i++) {
        f.all[i].node = v->nodes[i];
        for (size_t k = 0; k < i && !f.all[i].duplicate; k++)
            f.all[i].duplicate = v->nodes[k] == v->nodes[i];
        different += !f.all[i].duplicate;
    }
    job_each(c->job, v->n_nodes, run_one, &f);
    c->result = json_array();
    for (size_t i = 0; i < v->n_nodes; i++) {
        if (!f.all[i].duplicate)
            json_array_append_new(c->result, one_json(&f.all[i]));
    }
    if (different == 1)
        out_stderr(buf_str(&f.all[0].result.err), f.all[0].result.err.len);
    int r = sum_up(&f, v->n_nodes, e);
    for (size_t i = 0; i < v->n_nodes; i++) {
        remote_result_release(&f.all[i].result);
        err_release(&f.all[i].err);
    }
    free(f.all);
    if (f.input)
        mem_wipe(f.input, f.input_len);
    free(f.input);
    return r;
}

static void add_lines(const char *node, const char *mark, const json_t *text, struct buf *out)
{
    const char *s = json_string_value(text), *end = s + json_string_length(text);
    while (s < end) {
        const char *newline = memchr(s, '\n', (size_t)(end - s));
        const char *stop = newline ? newline : end;
        buf_addf(out, "%s: %s", node, mark);
        buf_add_printable(out, s, (size_t)(stop - s));
        buf_addc(out, '\n');
        s = stop + 1;
    }
}

// One node: what it printed, as it is. Several: each line with its node in front.
static void render(const json_t *value, struct buf *out)
{
    size_t i;
    json_t *one;
    if (json_array_size(value) == 1) {
        json_t *text = json_object_get(json_array_get(value, 0), "stdout");
        buf_add(out, json_string_value(text), json_string_length(text));
        return;
    }
    json_array_foreach(value, i, one)
    {
        const char *node = json_text_at(one, "node");
        long long status = json_integer_value(json_object_get(one, "status"));
        add_lines(node, "", json_object_get(one, "stdout"), out);
        add_lines(node, "stderr: ", json_object_get(one, "stderr"), out);
        if (status)
            buf_addf(out, "%s: exit status %lld\n", node, status);
    }
}

const struct cmd_def cmd_exec = {
    .name = "exec",
    .group = "Nodes",
    .summary = "run a command on nodes",
    .help =
        "The command runs on all the nodes at once, over the ssh connections that migsh keeps. A single word is read\n"
        "by the remote shell as a command line; of several words each arrives literally, whatever it contains.\n"
        "With one node its output and exit status are passed on; with several, each line begins with the node.\n"
        "Output is text: control bytes are shown as \\xNN. Ctrl-C ends the command on the nodes too.",
    .example = "exec source -- uname -r\nexec source,dest -- 'df -h /var/lib/libvirt | tail -1'\n"
               "exec source,dest --stdin motd -- 'cat >/etc/motd'",
    .opts = opts,
    .view = {VIEW_CUSTOM, .render = render},
    .run = run};
