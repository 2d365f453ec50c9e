// SPDX-License-Identifier: GPL-3.0-or-later
// What every shell has: echo, and the directory that the files of commands are found from. Main thread.
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "cmd/commands.h"
#include "cmd/engine/jobs.h"
#include "core/console/out.h"
#include "io/ssh/remote.h"
#include "io/xml.h"

enum { SHELL, XML, SPLIT, TO_ERR, STRING };
enum { DIR };

static const struct opt_def echo_opts[] = {
    [SHELL] = {"shell", OPT_BOOL, 0, "escape for shell use", .excludes = "xml|split"},
    [XML] = {"xml", OPT_BOOL, 0, "escape for XML use", .excludes = "split"},
    [SPLIT] = {"split", OPT_BOOL, 0, "split each argument on ','; ',,' is an escape sequence"},
    [TO_ERR] = {"err", OPT_BOOL, 0, "output to stderr"},
    [STRING] = {"string", OPT_STRING, OPTF_POS | OPTF_MULTI, "arguments to echo"},
    {NULL},
};
static const struct opt_def cd_opts[] = {
    [DIR] = {"dir", OPT_PATH, OPTF_POS, "directory to switch to (default: home or else root)"},
    {NULL},
};

// A word as it is wanted; with --split each of its pieces is a line.
static int add_word(const struct cmd_call *c, const char *word, struct buf *out, struct err *e)
{
    if (c->vals[SHELL].b && word[0] && !strpbrk(word, " \t\r\n!\"#$&'()*;<>?[\\]^`{|}~")) {
        buf_adds(out, word);
        return 0;
    }
    if (c->vals[SHELL].b)
        return remote_quote(out, word, strlen(word), e);
    if (c->vals[XML].b) {
        xml_escape(out, word);
        return 0;
    }
    bool split = c->vals[SPLIT].b;
    for (const char *s = word; *s; s++) {
        bool comma = split && *s == ',', doubled = comma && s[1] == ',';
        buf_addc(out, comma && !doubled ? '\n' : *s);
        s += doubled;
    }
    if (split)
        buf_addc(out, '\n');
    return 0;
}

static int run_echo(struct cmd_call *c, struct err *e)
{
    static const struct view nothing = {VIEW_NONE};
    const struct strv *words = &c->vals[STRING].list;
    _cleanup_buf_ struct buf out = BUF_INIT;
    for (size_t i = 0; i < words->n; i++) {
        if (i)
            buf_addc(&out, ' ');
        if (add_word(c, words->s[i], &out, e) < 0)
            return -1;
    }
    if (c->vals[TO_ERR].b) {
        buf_addc(&out, '\n');
        out_stderr(buf_str(&out), out.len);
        c->view = &nothing;
    } else {
        c->result = json_text(buf_str(&out));
    }
    return 0;
}

static int run_cd(struct cmd_call *c, struct err *e)
{
    const char *home = getenv("HOME");
    if (jobs_beside()) { // they find their files from where they were begun
        err_set(e, ERR_STATE, "cd: other commands still run, and would find their files elsewhere");
        return err_hint(e, "wait waits until they have ended, jobs lists them");
    }
    const char *dir = c->vals[DIR].s ? c->vals[DIR].s : home && *home ? home : "/";
    return chdir(dir) < 0 ? err_set(e, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "cd: %s: %s", dir, strerror(errno))
                          : 0;
}

static int run_pwd(struct cmd_call *c, struct err *e)
{
    _cleanup_free_ char *dir = getcwd(NULL, 0);
    if (!dir)
        return err_set(e, ERR_IO, "pwd: %s", strerror(errno));
    c->result = json_text(dir);
    return 0;
}

const struct cmd_def cmd_cd = {
    .name = "cd",
    .group = "Console",
    .summary = "change the current directory",
    .help = "Where relative names of files are found from, on this machine. Not while commands run\n"
            "behind the prompt: they would find theirs elsewhere.",
    .example = "cd /srv/definitions",
    .opts = cd_opts,
    .flags = CMD_MAIN | CMD_NO_SCRIPT,
    .view = {VIEW_NONE},
    .run = run_cd};

const struct cmd_def cmd_echo = {.name = "echo",
                                 .group = "Console",
                                 .summary = "echo arguments",
                                 .example = "echo --shell \"a guest's name\"",
                                 .opts = echo_opts,
                                 .flags = CMD_MAIN | CMD_NO_SCRIPT,
                                 .view = {VIEW_TEXT},
                                 .run = run_echo};

const struct cmd_def cmd_pwd = {.name = "pwd",
                                .group = "Console",
                                .summary = "print the current directory",
                                .example = "pwd",
                                .flags = CMD_MAIN | CMD_NO_SCRIPT,
                                .view = {VIEW_TEXT},
                                .run = run_pwd};
