// SPDX-License-Identifier: GPL-3.0-or-later
// A domain's scheduler parameters, shown and set.
#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "cmd/commands.h"
#include "cmd/domain/power.h"
#include "cmd/rows.h"
#include "io/virt/sched.h"

enum { DOMAIN, SET, WEIGHT, CAP, CURRENT, CONFIG, LIVE };

static const struct opt_def opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [SET] = {"set", OPT_STRING, OPTF_POS | OPTF_MULTI, "parameter=value"},
    [WEIGHT] = {"weight", OPT_INT, 0, "weight for XEN_CREDIT", .min = 0, .max = 65535},
    [CAP] = {"cap", OPT_INT, 0, "cap for XEN_CREDIT", .min = 0, .max = 65535},
    [CURRENT] = {"current", OPT_BOOL, 0, "get/set current scheduler info", .excludes = "config|live"},
    [CONFIG] = {"config", OPT_BOOL, 0, "get/set value to be used on next boot", .bits = VIRT_IMPACT_CONFIG},
    [LIVE] = {"live", OPT_BOOL, 0, "get/set value from running domain", .bits = VIRT_IMPACT_LIVE},
    {NULL},
};

static int run(struct cmd_call *c, struct err *e)
{
    struct virt_dom *dom = c->vals[DOMAIN].dom;
    unsigned impact = cmd_bits(c);
    _cleanup_strv_ struct strv settings = STRV_INIT;
    strv_copy(&settings, &c->vals[SET].list);
    if (c->vals[WEIGHT].given)
        strv_take(&settings, xasprintf("weight=%lld", c->vals[WEIGHT].i));
    if (c->vals[CAP].given)
        strv_take(&settings, xasprintf("cap=%lld", c->vals[CAP].i));
    if (settings.n && virt_dom_set_sched(dom, &settings, impact, e) < 0)
        return domain_failed(dom, "set the scheduler parameters of", NULL, e);
    // Both at once can be set, but not shown.
    return virt_dom_sched(dom, impact == (VIRT_IMPACT_LIVE | VIRT_IMPACT_CONFIG) ? VIRT_IMPACT_CONFIG : impact,
                          &c->result, e);
}

static void render(const json_t *value, struct buf *out)
{
    const char *name;
    json_t *v;
    buf_addf(out, "%-15s: %s\n", "Scheduler", json_text_at(value, "scheduler"));
    json_object_foreach(json_object_get(value, "parameters"), name, v)
    {
        _cleanup_free_ char *text = json_dump_printable(v, JSON_ENCODE_ANY);
        buf_addf(out, "%-15s: %s\n", name, text);
    }
}

const struct cmd_def cmd_schedinfo = {.name = "schedinfo",
                                      .group = "Domains",
                                      .summary = "show or set scheduler parameters",
                                      .example = "schedinfo share\nschedinfo share cpu_shares=512 --config",
                                      .opts = opts,
                                      .flags = CMD_CONN,
                                      .view = {VIEW_CUSTOM, .render = render},
                                      .run = run};
