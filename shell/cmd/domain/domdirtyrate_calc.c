// SPDX-License-Identifier: GPL-3.0-or-later
// How fast a domain changes its memory: begins to measure it.
#include <string.h>

#include "cmd/commands.h"
#include "cmd/domain/power.h"
#include "cmd/rows.h"
#include "io/virt/stats.h"

enum { DOMAIN, SECONDS, MODE };

static const char *const modes[] = {"page-sampling", "dirty-bitmap", "dirty-ring", NULL}; // by enum virt_dirtyrate_mode

static const struct opt_def opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [SECONDS] = {"seconds", OPT_INT, OPTF_POS, "measure for so many seconds", .def = "1", .min = 1, .max = 60},
    [MODE] = {"mode", OPT_ENUM, OPTF_POS, "how dirty pages are found", .def = "page-sampling", .choices = modes},
    {NULL},
};

static int run(struct cmd_call *c, struct err *e)
{
    enum virt_dirtyrate_mode mode = VIRT_DIRTYRATE_SAMPLING;
    while (modes[mode + 1] && strcmp(c->vals[MODE].s, modes[mode]) != 0)
        mode++;
    if (virt_dirtyrate_start(c->vals[DOMAIN].dom, (int)c->vals[SECONDS].i, mode, e) < 0)
        return -1;
    domain_result(c, c->vals[DOMAIN].dom);
    return 0;
}

const struct cmd_def cmd_domdirtyrate_calc = {
    .name = "domdirtyrate-calc",
    .group = "Domains",
    .summary = "calculate a vm's memory dirty rate",
    .help =
        "Begins to measure how fast a running domain changes its memory, and returns at once; domstats --dirtyrate\n"
        "shows the result when the time is over.\n"
        "page-sampling goes at any time, and sees nothing of memory in blocks of less than 128 MiB; dirty-bitmap\n"
        "slows the guest down a little; dirty-ring is for guests that have that feature of KVM's enabled. Do not\n"
        "measure while the domain is being migrated.",
    .example = "domdirtyrate-calc share --seconds 2\ndomstats share --dirtyrate",
    .opts = opts,
    .flags = CMD_CONN,
    .view = {VIEW_NONE, .message = "Start to calculate domain's memory dirty rate successfully."},
    .run = run};
