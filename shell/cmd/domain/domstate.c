// SPDX-License-Identifier: GPL-3.0-or-later
// A domain's state.
#include "base/json.h"
#include "cmd/commands.h"
#include "cmd/rows.h"
#include "io/virt/dom.h"

enum { DOMAIN, REASON };

static const struct opt_def opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [REASON] = {"reason", OPT_BOOL, 0, "also print reason for the state"},
    {NULL},
};

static int run(struct cmd_call *c, struct err *e)
{
    const char *state, *reason;
    if (virt_dom_state(c->vals[DOMAIN].dom, &state, &reason, e) < 0)
        return -1;
    _cleanup_free_ char *text = c->vals[REASON].b ? xasprintf("%s (%s)", state, reason) : xstrdup(state);
    c->result = json_text(text);
    return 0;
}

const struct cmd_def cmd_domstate = {.name = "domstate",
                                     .group = "Domains",
                                     .summary = "domain state",
                                     .example = "domstate share --reason\ndomstate share@dest",
                                     .opts = opts,
                                     .flags = CMD_CONN | CMD_READS,
                                     .view = {VIEW_TEXT},
                                     .run = run};
