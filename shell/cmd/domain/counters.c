// SPDX-License-Identifier: GPL-3.0-or-later
// What is counted of a running domain: its network cards, its memory; and whether its monitor answers.
#include "io/virt/counters.h"

#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/printable.h"
#include "cmd/commands.h"
#include "cmd/domain/power.h"
#include "cmd/engine/render.h"
#include "cmd/rows.h"

enum { DOMAIN, INTERFACE, PERIOD = INTERFACE, AFFECT };

static const struct opt_def if_opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [INTERFACE] = {"interface", OPT_STRING, OPTF_POS | OPTF_REQ, "interface device specified by name or MAC Address",
                   .of_domain = "card"},
    {NULL},
};
static const struct opt_def mem_opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [PERIOD] = {"period", OPT_INT, 0, "period in seconds to set collection", .max = 0x7fffffff},
    [AFFECT] = AFFECT_CURRENT_ROWS,
    {NULL},
};
static const struct opt_def control_opts[] = {[DOMAIN] = DOMAIN_ROW, {NULL}};

static int run_if(struct cmd_call *c, struct err *e)
{
    struct virt_dom *dom = c->vals[DOMAIN].dom;
    json_t *stats;
    if (virt_dom_card_stats(dom, c->vals[INTERFACE].s, &stats, e) < 0)
        return domain_failed(dom, "read the counters of an interface of", NULL, e);
    c->result = json_object();
    json_object_set_new(c->result, "interface", json_text(c->vals[INTERFACE].s));
    json_object_set_new(c->result, "stats", stats);
    return 0;
}

static int run_mem(struct cmd_call *c, struct err *e)
{
    static const struct view silent = {VIEW_NONE};
    struct virt_dom *dom = c->vals[DOMAIN].dom;
    if (!c->vals[PERIOD].given)
        return virt_dom_memory_stats(dom, &c->result, e) < 0
                   ? domain_failed(dom, "read the memory statistics of", NULL, e)
                   : 0;
    if (virt_dom_set_memory_period(dom, (int)c->vals[PERIOD].i, cmd_bits(c), e) < 0)
        return domain_failed(dom, "set how often memory statistics are collected of", NULL, e);
    domain_result(c, dom);
    c->view = &silent;
    return 0;
}

static int run_control(struct cmd_call *c, struct err *e)
{
    return virt_dom_control(c->vals[DOMAIN].dom, &c->result, e);
}

static void render_stats(const char *lead, const json_t *stats, struct buf *out)
{
    const char *key;
    json_t *v;
    json_object_foreach((json_t *)stats, key, v)
    {
        _cleanup_free_ char *cell = render_cell(v);
        buf_add_line(out, lead);
        buf_addf(out, "%s%s ", *lead ? " " : "", key);
        buf_add_line(out, cell);
        buf_addc(out, '\n');
    }
}

static void render_if(const json_t *value, struct buf *out)
{
    render_stats(json_text_at(value, "interface"), json_object_get(value, "stats"), out);
}

static void render_mem(const json_t *value, struct buf *out)
{
    render_stats("", value, out);
}

static void render_control(const json_t *value, struct buf *out)
{
    const char *reason = json_text_at(value, "reason");
    const json_t *ms = json_object_get(value, "for_ms");
    buf_addf(out, "%s%s%s", json_text_at(value, "state"), reason ? ": " : "", reason ? reason : "");
    if (ms)
        buf_addf(out, " (%.3fs)", json_number_value(ms) / 1e3);
    buf_addc(out, '\n');
}

const struct cmd_def cmd_domcontrol = {
    .name = "domcontrol",
    .group = "Domains",
    .summary = "domain control interface state",
    .help = "Whether QEMU's monitor can be spoken to: ok, a background job (such as a migration), occupied by another\n"
            "call, or an error; and for how long that has been so.",
    .example = "domcontrol share",
    .opts = control_opts,
    .flags = CMD_CONN | CMD_READS,
    .view = {VIEW_CUSTOM, .render = render_control},
    .run = run_control};

const struct cmd_def cmd_domifstat = {.name = "domifstat",
                                      .group = "Domains",
                                      .summary = "get network interface stats for a domain",
                                      .example = "domifstat share vnet0\ndomifstat share 52:54:00:12:34:56",
                                      .opts = if_opts,
                                      .flags = CMD_CONN | CMD_READS,
                                      .view = {VIEW_CUSTOM, .render = render_if},
                                      .run = run_if};

const struct cmd_def cmd_dommemstat = {
    .name = "dommemstat",
    .group = "Domains",
    .summary = "get memory statistics for a domain",
    .help =
        "In KiB, but for the faults, which are numbers, and last_update, in seconds of the epoch. With --period the\n"
        "guest is asked for them every so many seconds (0: never), and nothing is shown.",
    .example = "dommemstat share\ndommemstat share --period 10 --live",
    .opts = mem_opts,
    .flags = CMD_CONN,
    .view = {VIEW_CUSTOM, .render = render_mem},
    .run = run_mem};
