// SPDX-License-Identifier: GPL-3.0-or-later
// How many CPUs a domain has, and what they do: setvcpus, setvcpu, vcpucount, vcpuinfo.
#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "cmd/commands.h"
#include "cmd/domain/power.h"
#include "cmd/rows.h"
#include "cmd/tune/tune.h"
#include "io/virt/info.h"
#include "io/virt/vcpu.h"

// ---- setvcpus

enum { DOMAIN, COUNT, MAXIMUM, CONFIG, LIVE, CURRENT, GUEST, HOTPLUGGABLE };

static const struct opt_def count_opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [COUNT] = {"count", OPT_INT, OPTF_POS | OPTF_REQ, "number of virtual CPUs", .min = 1, .max = 65535},
    [MAXIMUM] = {"maximum", OPT_BOOL, 0, "set maximum limit on next boot", .bits = VIRT_VCPU_MAXIMUM, .needs = "config",
                 .excludes = "guest"},
    TUNE_AFFECT_ROWS,
    [GUEST] = {"guest", OPT_BOOL, 0, "modify cpu state in the guest", .bits = VIRT_VCPU_GUEST, .excludes = "config"},
    [HOTPLUGGABLE] = {"hotpluggable", OPT_BOOL, 0, "make added vcpus hot(un)pluggable", .bits = VIRT_VCPU_HOTPLUGGABLE},
    {NULL},
};

static int run_setvcpus(struct cmd_call *c, struct err *e)
{
    struct virt_dom *dom = c->vals[DOMAIN].dom;
    if (virt_dom_set_vcpus(dom, (unsigned)c->vals[COUNT].i, device_affects(c), e) < 0)
        return tune_failed(dom, "set the CPUs of", e);
    return tune_done(c);
}

const struct cmd_def cmd_setvcpus = {
    .name = "setvcpus",
    .group = "Tuning",
    .summary = "change number of virtual CPUs",
    .help =
        "A running guest can get as many as its maximum, and loses those that it got while it ran; with --guest its\n"
        "agent takes them out of use, and they stay there.",
    .example = "setvcpus share 2\nsetvcpus share 4 --maximum --config\nsetvcpus share 1 --guest",
    .opts = count_opts,
    .flags = CMD_CONN,
    .view = {VIEW_NONE},
    .run = run_setvcpus};

// ---- setvcpu

enum { VCPULIST = COUNT, ENABLE, DISABLE, VCPU_CONFIG, VCPU_LIVE, VCPU_CURRENT };

static const struct opt_def vcpu_opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [VCPULIST] = {"vcpulist", OPT_STRING, OPTF_POS | OPTF_REQ, "ids of vcpus to manipulate"},
    [ENABLE] = {"enable", OPT_BOOL, 0, "enable cpus specified by vcpulist", .excludes = "disable"},
    [DISABLE] = {"disable", OPT_BOOL, 0, "disable cpus specified by vcpulist"},
    [VCPU_CONFIG] = AFFECT_CONFIG_ROW,
    [VCPU_LIVE] = AFFECT_LIVE_ROW,
    [VCPU_CURRENT] = AFFECT_CURRENT_ROW,
    {NULL},
};

static int run_setvcpu(struct cmd_call *c, struct err *e)
{
    struct virt_dom *dom = c->vals[DOMAIN].dom;
    if (!c->vals[ENABLE].b && !c->vals[DISABLE].b)
        return err_set(e, ERR_USAGE, "--enable or --disable is needed");
    if (virt_dom_set_vcpu(dom, c->vals[VCPULIST].s, c->vals[ENABLE].b, cmd_bits(c), e) < 0)
        return tune_failed(dom, "change a CPU of", e);
    return tune_done(c);
}

const struct cmd_def cmd_setvcpu = {.name = "setvcpu",
                                    .group = "Tuning",
                                    .summary = "attach/detach vcpu or groups of threads",
                                    .example = "setvcpu share 2 --enable\nsetvcpu share 2-3 --disable --config",
                                    .opts = vcpu_opts,
                                    .flags = CMD_CONN,
                                    .view = {VIEW_NONE},
                                    .run = run_setvcpu};

// ---- vcpucount

enum { OF_MAXIMUM = 1, OF_ACTIVE, OF_LIVE, OF_CONFIG, OF_CURRENT, OF_GUEST };

static const struct opt_def vcpucount_opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [OF_MAXIMUM] = {"maximum", OPT_BOOL, 0, "get maximum count of vcpus", .bits = VIRT_VCPU_MAXIMUM},
    [OF_ACTIVE] = {"active", OPT_BOOL, 0, "get number of currently active vcpus", .excludes = "maximum"},
    [OF_LIVE] = {"live", OPT_BOOL, 0, "get value from running domain", .bits = VIRT_AFFECT_LIVE, .excludes = "config"},
    [OF_CONFIG] = {"config", OPT_BOOL, 0, "get value to be used on next boot", .bits = VIRT_AFFECT_CONFIG},
    [OF_CURRENT] = {"current", OPT_BOOL, 0, "get value according to current domain state"},
    [OF_GUEST] = {"guest", OPT_BOOL, 0, "retrieve vcpu count from the guest instead of the hypervisor",
                  .bits = VIRT_VCPU_GUEST, .excludes = "config"},
    {NULL},
};

static void render_counts(const json_t *value, struct buf *out)
{
    const char *what, *when;
    json_t *of, *n;
    json_object_foreach((json_t *)value, what, of)
    {
        json_object_foreach(of, when, n) buf_addf(out, "%-12s %-12s %3lld\n", what, when, json_integer_value(n));
    }
}

// What is to be had: a running domain's own, and the configuration of one that has any.
static int count_all(struct cmd_call *c, struct err *e)
{
    static const struct view all = {VIEW_CUSTOM, .render = render_counts};
    struct virt_dom *dom = c->vals[DOMAIN].dom;
    int persistent = virt_dom_is_persistent(dom, e), active = persistent < 0 ? -1 : virt_dom_is_active(dom, e);
    if (active < 0)
        return -1;
    json_t *result = json_pack("{s:{}, s:{}}", "maximum", "current");
    for (unsigned i = 0; i < 4; i++) {
        bool maximum = i < 2, config = i % 2 == 0;
        int n;
        if (!(config ? persistent : active))
            continue;
        unsigned flags = (maximum ? VIRT_VCPU_MAXIMUM : 0) | (config ? VIRT_AFFECT_CONFIG : VIRT_AFFECT_LIVE);
        if (virt_dom_vcpu_count(dom, flags, &n, e) < 0) {
            json_decref(result);
            return -1;
        }
        json_t *of = json_object_get(result, maximum ? "maximum" : "current");
        json_object_set_new(of, config ? "config" : "live", json_integer(n));
    }
    c->view = &all;
    c->result = result;
    return 0;
}

static int run_vcpucount(struct cmd_call *c, struct err *e)
{
    struct virt_dom *dom = c->vals[DOMAIN].dom;
    const struct opt_val *v = c->vals;
    int n;
    // Once --current meant what --active means; so "--current --live" is that.
    if (v[OF_CURRENT].b && (v[OF_MAXIMUM].b || v[OF_ACTIVE].b) && (v[OF_LIVE].b || v[OF_CONFIG].b))
        return err_set(e, ERR_USAGE, "--current and --%s are mutually exclusive", v[OF_LIVE].b ? "live" : "config");
    if (!cmd_bits(c) && !v[OF_ACTIVE].b && !v[OF_CURRENT].b)
        return count_all(c, e);
    if (virt_dom_vcpu_count(dom, cmd_bits(c), &n, e) < 0)
        return domain_failed(dom, "count the CPUs of", NULL, e);
    c->result = json_integer(n);
    return 0;
}

const struct cmd_def cmd_vcpucount = {.name = "vcpucount",
                                      .group = "Tuning",
                                      .summary = "domain vcpu counts",
                                      .example = "vcpucount share\nvcpucount share --maximum --config",
                                      .opts = vcpucount_opts,
                                      .flags = CMD_CONN | CMD_READS,
                                      .view = {VIEW_TEXT},
                                      .run = run_vcpucount};

// ---- vcpuinfo

enum { PRETTY = 1 };

static const struct opt_def info_opts[] = {
    [DOMAIN] = DOMAIN_ROW, [PRETTY] = {"pretty", OPT_BOOL, 0, "return human readable output"}, {NULL}};

static void render_vcpus(const json_t *value, bool pretty, struct buf *out)
{
    long long cpus = json_integer_value(json_object_get(value, "host_cpus"));
    size_t i;
    json_t *v;
    json_array_foreach(json_object_get(value, "vcpus"), i, v)
    {
        const char *state = json_text_at(v, "state");
        const json_t *cpu = json_object_get(v, "cpu");
        buf_addf(out, "%s%-15s %lld\n", i ? "\n" : "", "VCPU:", json_integer_value(json_object_get(v, "vcpu")));
        if (json_is_null(cpu))
            buf_addf(out, "%-15s %s\n%-15s %s\n%-15s %s\n", "CPU:", "N/A", "State:", "N/A", "CPU time", "N/A");
        else
            buf_addf(out, "%-15s %lld\n%-15s %s\n%-15s %.1fs\n", "CPU:", json_integer_value(cpu),
                     "State:", state ? state : "no state",
                     "CPU time:", json_number_value(json_object_get(v, "cpu_time_s")));
        buf_addf(out, "%-15s %s", "CPU Affinity:", json_text_at(v, pretty ? "affinity" : "map"));
        if (pretty)
            buf_addf(out, " (out of %lld)", cpus);
        buf_addc(out, '\n');
    }
}

static void render_plain(const json_t *value, struct buf *out)
{
    render_vcpus(value, false, out);
}

static void render_pretty(const json_t *value, struct buf *out)
{
    render_vcpus(value, true, out);
}

static int run_vcpuinfo(struct cmd_call *c, struct err *e)
{
    static const struct view pretty = {VIEW_CUSTOM, .render = render_pretty};
    if (c->vals[PRETTY].b)
        c->view = &pretty;
    return virt_dom_vcpus(c->vals[DOMAIN].dom, &c->result, e);
}

const struct cmd_def cmd_vcpuinfo = {
    .name = "vcpuinfo",
    .group = "Tuning",
    .summary = "detailed domain vcpu information",
    .help =
        "On which of the host's CPUs each runs, how long it has run, and on which it may: a letter for each of the\n"
        "host's, or with --pretty a list.",
    .example = "vcpuinfo share --pretty",
    .opts = info_opts,
    .flags = CMD_CONN | CMD_READS,
    .view = {VIEW_CUSTOM, .render = render_plain},
    .run = run_vcpuinfo};
