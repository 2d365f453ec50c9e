// SPDX-License-Identifier: GPL-3.0-or-later
// A domain's scheduler parameters, shown and set.
#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "cmd/commands.h"
#include "cmd/domain/power.h"
#include "cmd/rows.h"
#include "cmd/tune/tune.h"
#include "io/virt/sched.h"

enum { DOMAIN, SET, WEIGHT, CAP, CONFIG, LIVE, CURRENT };

static const struct opt_def opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [SET] = {"set", OPT_STRING, OPTF_POS | OPTF_MULTI, "parameter=value"},
    [WEIGHT] = {"weight", OPT_INT, 0, "weight for XEN_CREDIT", .min = 0, .max = 65535},
    [CAP] = {"cap", OPT_INT, 0, "cap for XEN_CREDIT", .min = 0, .max = 65535},
    TUNE_AFFECT_ROWS,
    {NULL},
};

static int run(struct cmd_call *c, struct err *e)
{
    struct virt_dom *dom = c->vals[DOMAIN].dom;
    unsigned affect = cmd_bits(c);
    _cleanup_strv_ struct strv settings = STRV_INIT;
    strv_copy(&settings, &c->vals[SET].list);
    if (c->vals[WEIGHT].given)
        strv_take(&settings, xasprintf("weight=%lld", c->vals[WEIGHT].i));
    if (c->vals[CAP].given)
        strv_take(&settings, xasprintf("cap=%lld", c->vals[CAP].i));
    if (settings.n && virt_dom_set_sched(dom, &settings, affect, e) < 0)
        return domain_failed(dom, "set the scheduler parameters of", NULL, e);
    return virt_dom_sched(dom, virt_affect_asked(affect), &c->result, e);
}

static void render(const json_t *value, struct buf *out)
{
    buf_addf(out, "%-15s: %s\n", "Scheduler", json_text_at(value, "scheduler"));
    tune_render(json_object_get(value, "parameters"), out);
}

const struct cmd_def cmd_schedinfo = {.name = "schedinfo",
                                      .group = "Tuning",
                                      .summary = "show or set scheduler parameters",
                                      .example = "schedinfo share\nschedinfo share cpu_shares=512 --config",
                                      .opts = opts,
                                      .flags = CMD_CONN,
                                      .view = {VIEW_CUSTOM, .render = render},
                                      .run = run};
