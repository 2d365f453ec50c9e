// SPDX-License-Identifier: GPL-3.0-or-later
// Which performance events are counted for a domain.
#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "cmd/commands.h"
#include "cmd/domain/power.h"
#include "cmd/rows.h"
#include "cmd/tune/tune.h"

enum { DOMAIN, ENABLE, DISABLE, CONFIG, LIVE, CURRENT };

static void complete_event(struct ctx *ctx, const char *prefix, struct strv *out)
{
    (void)ctx;
    (void)prefix;
    for (const char *const *name = virt_perf_names(); *name; name++)
        strv_add(out, *name);
}

static const struct opt_def opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [ENABLE] = {"enable", OPT_STRING, OPTF_POS | OPTF_LIST, "perf events which will be enabled, with commas between",
                .complete = complete_event},
    [DISABLE] = {"disable", OPT_STRING, OPTF_POS | OPTF_LIST, "perf events which will be disabled, with commas between",
                 .complete = complete_event},
    TUNE_AFFECT_ROWS,
    {NULL},
};

static void add_events(struct cmd_call *c, int opt, struct strv *settings)
{
    for (size_t i = 0; i < c->vals[opt].list.n; i++) {
        strv_take(settings, xasprintf("%s=%d", c->vals[opt].list.s[i], opt == ENABLE));
        json_object_set_new(c->result, c->vals[opt].list.s[i], json_boolean(opt == ENABLE));
    }
}

static int run(struct cmd_call *c, struct err *e)
{
    _cleanup_strv_ struct strv settings = STRV_INIT;
    struct virt_dom *dom = c->vals[DOMAIN].dom;
    if (!c->vals[ENABLE].given && !c->vals[DISABLE].given)
        return virt_dom_tuning(dom, VIRT_TUNE_PERF, NULL, cmd_bits(c), &c->result, e) < 0
                   ? tune_failed(dom, "get the perf events of", e)
                   : 0;
    c->result = json_object();
    add_events(c, ENABLE, &settings);
    add_events(c, DISABLE, &settings);
    if (virt_dom_tune(dom, VIRT_TUNE_PERF, NULL, &settings, cmd_bits(c), e) == 0)
        return 0;
    json_decref(steal(&c->result)); // a failed command's result would be shown
    return tune_failed(dom, "set the perf events of", e);
}

static void render(const json_t *value, struct buf *out)
{
    const char *name;
    json_t *on;
    json_object_foreach((json_t *)value, name, on)
        buf_addf(out, "%-15s: %s\n", name, json_is_true(on) ? "enabled" : "disabled");
}

const struct cmd_def cmd_perf = {.name = "perf",
                                 .group = "Tuning",
                                 .summary = "get or set perf event",
                                 .help = "What is enabled, domstats --perf counts.",
                                 .example = "perf share\nperf share --enable cpu_cycles,instructions --live",
                                 .opts = opts,
                                 .flags = CMD_CONN,
                                 .view = {VIEW_CUSTOM, .render = render},
                                 .run = run};
