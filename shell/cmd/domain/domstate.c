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

static void render_state(const json_t *value, struct buf *out)
{
    buf_addf(out, "%s\n", json_text_at(value, "state"));
}

static void render_reason(const json_t *value, struct buf *out)
{
    buf_addf(out, "%s (%s)\n", json_text_at(value, "state"), json_text_at(value, "reason"));
}

static const struct view reason_view = {VIEW_CUSTOM, .render = render_reason};

static int run(struct cmd_call *c, struct err *e)
{
    const char *state, *reason;
    if (virt_dom_state(c->vals[DOMAIN].dom, &state, &reason, e) < 0)
        return -1;
    c->result = json_pack("{s:o, s:o}", "state", json_text(state), "reason", json_text(reason));
    c->view = c->vals[REASON].b ? &reason_view : NULL;
    return 0;
}

const struct cmd_def cmd_domstate = {.name = "domstate",
                                     .group = "Domains",
                                     .summary = "domain state",
                                     .example = "domstate share --reason\ndomstate share@dest",
                                     .opts = opts,
                                     .flags = CMD_CONN | CMD_READS,
                                     .view = {VIEW_CUSTOM, .render = render_state},
                                     .run = run};
