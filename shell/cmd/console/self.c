// SPDX-License-Identifier: GPL-3.0-or-later
// What the program tells of itself to its own build and tests: hidden commands. Main thread.
#include "base/buf.h"
#include "base/json.h"
#include "cmd/commands.h"
#include "cmd/engine/man.h"
#include "cmd/engine/table.h"

enum { PAGE };

static const struct opt_def man_opts[] = {
    [PAGE] = {"page", OPT_ENUM, OPTF_POS, "which of them", .def = "migsh", .choices = man_pages},
    {NULL},
};

static int run_man(struct cmd_call *c, struct err *e)
{
    (void)e;
    _cleanup_buf_ struct buf out = BUF_INIT;
    man_page(c->vals[PAGE].s, &out);
    c->result = json_text(buf_str(&out));
    return 0;
}

static int run_table(struct cmd_call *c, struct err *e)
{
    (void)e;
    _cleanup_buf_ struct buf out = BUF_INIT;
    man_table(&out);
    c->result = json_text(buf_str(&out));
    return 0;
}

static int run_commands(struct cmd_call *c, struct err *e)
{
    (void)e;
    size_t n;
    _cleanup_free_ const struct cmd_def **all = cmd_all(&n);
    _cleanup_buf_ struct buf out = BUF_INIT;
    for (size_t i = 0; i < n; i++)
        buf_addf(&out, "%s\n", all[i]->name);
    c->result = json_text(buf_str(&out));
    return 0;
}

static int run_test(struct cmd_call *c, struct err *e)
{
    _cleanup_strv_ struct strv faults = STRV_INIT;
    _cleanup_buf_ struct buf out = BUF_INIT;
    cmd_table_check(&faults);
    for (size_t i = 0; i < faults.n; i++)
        buf_addf(&out, "%s\n", faults.s[i]);
    c->result = json_text(buf_str(&out));
    return faults.n ? err_set(e, ERR_FAILED, "%zu faults in the rows", faults.n) : 0;
}

enum { HIDDEN = CMD_MAIN | CMD_HIDDEN | CMD_NO_SCRIPT };

const struct cmd_def cmd_self_commands = {.name = "self-commands",
                                          .group = "Console",
                                          .summary = "print the name of every command",
                                          .example = "self-commands",
                                          .flags = HIDDEN,
                                          .view = {VIEW_TEXT},
                                          .run = run_commands};
const struct cmd_def cmd_self_man = {.name = "self-man",
                                     .group = "Console",
                                     .summary = "print a manual page",
                                     .example = "self-man lua",
                                     .opts = man_opts,
                                     .flags = HIDDEN,
                                     .view = {VIEW_TEXT},
                                     .run = run_man};
const struct cmd_def cmd_self_table = {.name = "self-table",
                                       .group = "Console",
                                       .summary = "print the table of commands",
                                       .example = "self-table",
                                       .flags = HIDDEN,
                                       .view = {VIEW_TEXT},
                                       .run = run_table};
const struct cmd_def cmd_self_test = {.name = "self-test",
                                      .group = "Console",
                                      .summary = "check every row",
                                      .example = "self-test",
                                      .flags = HIDDEN,
                                      .view = {VIEW_TEXT},
                                      .run = run_test};
