// SPDX-License-Identifier: GPL-3.0-or-later
// Programs of this machine: any line for sh, and ssh to a node.
#include "core/console/here.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "cmd/commands.h"
#include "cmd/rows.h"
#include "core/console/out.h"

enum { COMMAND };
enum { NODE, SSH_COMMAND };

static const struct opt_def shell_opts[] = {
    [COMMAND] = {"command", OPT_WORDS, 0, "one word: a line for sh; several: taken literally; none: a shell"},
    {NULL},
};
static const struct opt_def ssh_opts[] = {
    [NODE] = NODE_ROW("the node"),
    [SSH_COMMAND] = {"command", OPT_WORDS, 0, "one word: a line for the remote shell; several: taken literally"},
    {NULL},
};

// Its status is the command's, as with exec.
static int run_line(struct cmd_call *c, const char *line, struct err *e)
{
    struct remote_result result = REMOTE_RESULT_INIT;
    bool shown;
    int r = here_run(c->job, line, c->led_away, &result, &shown, e);
    if (r == 0) {
        c->status = result.status;
        c->result = json_pack("{s:i}", "status", result.status);
        if (!shown) {
            json_object_set_new(c->result, "stdout", json_textn(buf_str(&result.out), result.out.len));
            json_object_set_new(c->result, "stderr", json_textn(buf_str(&result.err), result.err.len));
            out_stderr(buf_str(&result.err), result.err.len);
        }
    }
    remote_result_release(&result);
    return r;
}

static int run_shell(struct cmd_call *c, struct err *e)
{
    _cleanup_buf_ struct buf line = BUF_INIT;
    remote_add_line(&line, &c->vals[COMMAND].list);
    if (!buf_str(&line)[strspn(buf_str(&line), " \t")])
        buf_adds(&line, "exec \"${SHELL:-/bin/sh}\"");
    return run_line(c, buf_str(&line), e);
}

// What follows the name of the host is a command even if it looks like an option.
static int run_ssh(struct cmd_call *c, struct err *e)
{
    const struct node *n = c->vals[NODE].node;
    const struct strv *command = &c->vals[SSH_COMMAND].list;
    _cleanup_strv_ struct strv words = STRV_INIT;
    _cleanup_buf_ struct buf line = BUF_INIT, remote = BUF_INIT;
    if (!n->address)
        return err_set(e, ERR_UNSUPPORTED, "%s is known by its URI only: there is no address to log in to", n->name);
    strv_add(&words, "ssh");
    if (n->user) {
        strv_add(&words, "-l");
        strv_add(&words, n->user);
    }
    if (n->port) {
        strv_add(&words, "-p");
        strv_take(&words, xasprintf("%d", n->port));
    }
    strv_add(&words, n->address);
    if (command->n) {
        remote_add_line(&remote, command);
        strv_add(&words, "--");
        strv_add(&words, buf_str(&remote));
    }
    remote_quote_words(&line, (const char *const *)words.s, words.n);
    return run_line(c, buf_str(&line), e);
}

static void render(const json_t *value, struct buf *out)
{
    const json_t *text = json_object_get(value, "stdout");
    buf_add(out, json_string_value(text), json_string_length(text));
}

const struct cmd_def cmd_shell = {
    .name = "shell",
    .group = "Console",
    .summary = "run a command of this machine",
    .help = "A line that begins with \"!\" is that: all that follows goes to sh as it is typed. The command has the\n"
            "terminal; its exit status is passed on. Alone it opens a shell ($SHELL). Without a terminal it gets no\n"
            "input, and what it prints is passed on when it has ended.",
    .example = "!df -h /var/lib/libvirt\n!vi web.xml\nshell ls -l \"a name\" > list",
    .opts = shell_opts,
    .flags = CMD_NO_SCRIPT,
    .view = {VIEW_CUSTOM, .render = render},
    .run = run_shell};
const struct cmd_def cmd_ssh = {
    .name = "ssh",
    .group = "Nodes",
    .summary = "log in to a node",
    .help =
        "The system's ssh, on this terminal, with the user, address and port of the inventory; keys, jump hosts and\n"
        "known hosts are those of ssh's own configuration. With a command it runs that there: a single word is read\n"
        "by the remote shell, of several words each arrives literally. For commands on several nodes there is exec.",
    .example = "ssh dest\nssh dest 'journalctl -u libvirtd | tail'",
    .opts = ssh_opts,
    .flags = CMD_NO_SCRIPT,
    .view = {VIEW_CUSTOM, .render = render},
    .run = run_ssh};
