// SPDX-License-Identifier: GPL-3.0-or-later
// The prompt's settings, and what was typed there.
#include <stddef.h>
#include <string.h>

#include "base/json.h"
#include "cmd/commands.h"
#include "core/console/settings.h"
#include "core/console/typed.h"

enum { NAME, VALUE };
enum { LINES };

static const struct setting {
    const char *name;
    size_t at;
    const char *help;
} all[] = {
    {"confirm", offsetof(struct settings, confirm), "ask before something is destroyed on a host that is only implied"},
    {"json", offsetof(struct settings, json), "results and errors as JSON"},
    {"pager", offsetof(struct settings, pager), "what is taller than the screen goes through a pager"},
    {"timing", offsetof(struct settings, timing), "tell how long each command took"},
    {"traceback", offsetof(struct settings, traceback), "tell where an error of Lua was raised"},
};

static const char *const names[] = {"confirm", "json", "pager", "timing", "traceback", NULL};
static const char *const on_off[] = {"on", "off", NULL};

static const struct opt_def set_opts[] = {
    [NAME] = {"name", OPT_ENUM, OPTF_POS, "which; nothing: all are shown", .choices = names},
    [VALUE] = {"value", OPT_ENUM, OPTF_POS, "nothing: it is shown", .choices = on_off},
    {NULL},
};
static const struct opt_def history_opts[] = {
    [LINES] = {"lines", OPT_INT, OPTF_POS, "how many", .def = "25", .min = 1, .max = 100000},
    {NULL},
};
static const struct view_col set_cols[] = {
    {"name", "Name"}, {"value", "Value", .yes = "on", .no = "off"}, {"help", "What it does"}, {NULL}};
static const struct view_col history_cols[] = {{"number", "Number"}, {"line", "Line"}, {NULL}};

static int run_set(struct cmd_call *c, struct err *e)
{
    static const struct view nothing = {VIEW_NONE};
    const char *name = c->vals[NAME].s, *value = c->vals[VALUE].s;
    json_t *list = json_array();
    (void)e;
    for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
        bool *setting = (bool *)((char *)settings() + all[i].at);
        if (name && strcmp(name, all[i].name) != 0)
            continue;
        if (value)
            *setting = strcmp(value, "on") == 0;
        json_array_append_new(list, json_pack("{s:o, s:b, s:o}", "name", json_text(all[i].name), "value", *setting,
                                              "help", json_text(all[i].help)));
    }
    if (value) {
        json_decref(list);
        c->view = &nothing;
    } else {
        c->result = list;
    }
    return 0;
}

static int run_history(struct cmd_call *c, struct err *e)
{
    c->result = typed_last((size_t)c->vals[LINES].i);
    return c->result ? 0 : err_set(e, ERR_UNSUPPORTED, "there is no prompt, and nothing was typed");
}

const struct cmd_def cmd_set = {
    .name = "set",
    .group = "Console",
    .summary = "show or change how the prompt behaves",
    .help =
        "For the lines that are typed from now on, until this migsh ends; ~/.config/migsh/init is the place for what\n"
        "you always want. Scripts, -c and -f do not obey it: they have the options of the program.",
    .example = "set\nset timing on\nset confirm off",
    .opts = set_opts,
    .flags = CMD_MAIN | CMD_NO_SCRIPT,
    .view = {VIEW_TABLE, .cols = set_cols},
    .run = run_set};
const struct cmd_def cmd_history = {.name = "history",
                                    .group = "Console",
                                    .summary = "list what was typed at the prompt",
                                    .help =
                                        "The newest last. Lines that begin with a blank or hold a secret are not kept.",
                                    .example = "history\nhistory 100 | grep migrate",
                                    .opts = history_opts,
                                    .flags = CMD_MAIN | CMD_NO_SCRIPT,
                                    .view = {VIEW_LINES, .cols = history_cols},
                                    .run = run_history};
