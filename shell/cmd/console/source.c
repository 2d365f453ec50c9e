// SPDX-License-Identifier: GPL-3.0-or-later
// The commands of a file. Main thread; the file is on a local disk.
#include "base/json.h"
#include "base/mem.h"
#include "cmd/commands.h"
#include "cmd/engine/batch.h"

enum { TEXT_FILE };

static const struct opt_def opts[] = {
    [TEXT_FILE] = {"file", OPT_PATH, OPTF_POS | OPTF_REQ, "a text of commands, as -f takes it"},
    {NULL},
};

static int run(struct cmd_call *c, struct err *e)
{
    const char *path = c->vals[TEXT_FILE].s;
    _cleanup_free_ char *text = NULL;
    if (source_read(path, &text, e) < 0)
        return -1;
    c->result = json_pack("{s:o, s:o}", "file", json_text(path), "text", json_text(text));
    return 0;
}

const struct cmd_def cmd_source = {
    .name = "source",
    .group = "Console",
    .summary = "run the commands of a file",
    .help =
        "One after the other, until one fails: then nothing more of the file is run, nor of the line that names it.\n"
        "Nobody but you and root may be able to change the file or its directories. It is a script: nothing is asked\n"
        "before something is destroyed, and names of commands are not shortened. The prompt begins with the file\n"
        "$XDG_CONFIG_HOME/migsh/init (~/.config/migsh/init), if there is one.",
    .example = "source morning.migsh",
    .opts = opts,
    .flags = CMD_MAIN | CMD_NO_SCRIPT | CMD_TEXT,
    .view = {VIEW_NONE},
    .run = run};
