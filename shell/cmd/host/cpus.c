// SPDX-License-Identifier: GPL-3.0-or-later
// How many CPUs a host has, and what they do; its sleep: maxvcpus, nodecpumap, nodecpustats, nodesuspend.
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "cmd/commands.h"
#include "cmd/host/host.h"
#include "cmd/objects.h"
#include "io/job.h"
#include "io/virt/caps.h"
#include "io/virt/host.h"
#include "io/virt/xml.h"
#include "io/xml.h"

// ---- maxvcpus

static const struct opt_def max_opts[] = {
    {"type", OPT_STRING, OPTF_POS, "domain type", .complete = host_complete_virttype}, {NULL}};

// The hypervisor's own limit; an older call knows libvirt's, where there are no capabilities.
static int run_max(struct cmd_call *c, struct err *e)
{
    _cleanup_err_ struct err ignored = ERR_INIT;
    _cleanup_(xml_free_p) struct xml_doc *doc = NULL;
    _cleanup_free_ char *xml = NULL;
    long long n;
    int old;
    if (virt_domcapabilities(c->conn, NULL, NULL, NULL, c->vals[0].s, &xml, &ignored) == 0 &&
        xml_parse(xml, &doc, &ignored) == 0) {
        _cleanup_free_ char *text = xml_string(doc, NULL, "/domainCapabilities/vcpu/@max");
        if (text && str_to_int(text, 0, 0x7fffffff, &n) == 0) {
            c->result = json_integer(n);
            return 0;
        }
    }
    if (virt_max_vcpus(c->conn, c->vals[0].s, &old, e) < 0)
        return -1;
    c->result = json_integer(old);
    return 0;
}

const struct cmd_def cmd_maxvcpus = {.name = "maxvcpus",
                                     .group = "Hosts",
                                     .summary = "show maximum number of virtual CPUs for guests on this connection",
                                     .example = "maxvcpus\nmaxvcpus kvm --node all",
                                     .opts = max_opts,
                                     .flags = CMD_CONN | CMD_EACH,
                                     .view = {VIEW_TEXT},
                                     .run = run_max};

// ---- nodecpumap

static const struct opt_def map_opts[] = {{"pretty", OPT_BOOL, 0, "return human readable output"}, {NULL}};
static const struct view_col map_cols[] = {
    {"present", "CPUs present"}, {"online", "CPUs online"}, {"map", "CPU map"}, {NULL}};
static const struct view_col list_cols[] = {
    {"present", "CPUs present"}, {"online", "CPUs online"}, {"list", "CPU map"}, {NULL}};

static int run_map(struct cmd_call *c, struct err *e)
{
    static const struct view pretty = {VIEW_FIELDS, list_cols};
    if (c->vals[0].b)
        c->view = &pretty;
    return virt_node_cpu_map(c->conn, &c->result, e);
}

const struct cmd_def cmd_nodecpumap = {.name = "nodecpumap",
                                       .group = "Hosts",
                                       .summary = "node cpu map",
                                       .help = "How many CPUs the host has, how many are online, and which.",
                                       .example = "nodecpumap --pretty",
                                       .opts = map_opts,
                                       .flags = CMD_CONN | CMD_EACH,
                                       .view = {VIEW_FIELDS, map_cols},
                                       .run = run_map};

// ---- nodecpustats

enum { CPU, PERCENT };

static const struct opt_def stats_opts[] = {
    [CPU] = {"cpu", OPT_INT, OPTF_POS, "statistics of this CPU only", .min = -1, .max = 0x7fffffff},
    [PERCENT] = {"percent", OPT_BOOL, 0, "by percentage, during 1 second"},
    {NULL},
};
static const char *const kinds[] = {"user", "system", "idle", "iowait", "intr"};

static void render_stats(const json_t *value, struct buf *out)
{
    const json_t *all = json_object_get(value, "utilization");
    if (all)
        buf_addf(out, "%-15s %20.1f%%\n", "utilization:", json_number_value(all));
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        const json_t *v = json_object_get(value, kinds[i]);
        _cleanup_free_ char *title = xasprintf("%s:", kinds[i]);
        if (v)
            buf_addf(out, "%-15s %20lld\n", title, json_integer_value(v));
    }
}

static void add_percent(const json_t *value, const char *key, struct buf *out)
{
    const json_t *v = json_object_get(value, key);
    _cleanup_free_ char *title = xasprintf("%s:", key);
    if (json_is_number(v))
        buf_addf(out, "%-15s %5.1f%%\n", title, json_number_value(v));
    else
        buf_addf(out, "%-15s %6s\n", title, "-");
}

static void render_percent(const json_t *value, struct buf *out)
{
    add_percent(value, "usage", out);
    for (size_t i = 0; i < 4; i++) {
        if (json_object_get(value, kinds[i]))
            add_percent(value, kinds[i], out);
    }
}

static double spent(const json_t *before, const json_t *after, const char *key)
{
    return json_number_value(json_object_get(after, key)) - json_number_value(json_object_get(before, key));
}

// What happened in a second; null where a hypervisor's clocks stand still.
static json_t *percent(const json_t *before, const json_t *after)
{
    double total = 0, busy = spent(before, after, "user") + spent(before, after, "system");
    for (size_t i = 0; i < 4; i++)
        total += spent(before, after, kinds[i]);
    json_t *v = json_object();
    json_object_set_new(v, "usage", total > 0 ? json_real(busy / total * 100) : json_null());
    for (size_t i = 0; i < 4; i++)
        json_object_set_new(v, kinds[i],
                            total > 0 ? json_real(spent(before, after, kinds[i]) / total * 100) : json_null());
    return v;
}

static int run_stats(struct cmd_call *c, struct err *e)
{
    static const struct view percents = {VIEW_CUSTOM, .render = render_percent};
    int cpu = c->vals[CPU].given ? (int)c->vals[CPU].i : -1;
    json_auto_t *before = NULL, *after = NULL;
    if (!c->vals[PERCENT].b)
        return virt_node_cpu_stats(c->conn, cpu, &c->result, e);
    c->view = &percents;
    if (virt_node_cpu_stats(c->conn, cpu, &before, e) < 0)
        return -1;
    if (json_object_get(before, "utilization")) { // a percentage already
        c->result = json_pack("{s:O}", "usage", json_object_get(before, "utilization"));
        return 0;
    }
    if (job_sleep(c->job, 1000, e) < 0 || virt_node_cpu_stats(c->conn, cpu, &after, e) < 0)
        return -1;
    c->result = percent(before, after);
    return 0;
}

const struct cmd_def cmd_nodecpustats = {.name = "nodecpustats",
                                         .group = "Hosts",
                                         .summary = "print cpu stats of the node",
                                         .help = "In nanoseconds since its start, of all CPUs or of one.",
                                         .example = "nodecpustats --percent\nnodecpustats 0",
                                         .opts = stats_opts,
                                         .flags = CMD_CONN,
                                         .view = {VIEW_CUSTOM, .render = render_stats},
                                         .run = run_stats};

// ---- nodesuspend

enum { TARGET, DURATION };

static const char *const targets[] = {"mem", "disk", "hybrid", NULL}; // by enum virt_sleep
static const struct opt_def suspend_opts[] = {
    [TARGET] = {"target", OPT_ENUM, OPTF_POS | OPTF_REQ, "mem (suspend to RAM), disk, or hybrid", .choices = targets},
    [DURATION] = {"duration", OPT_DURATION, OPTF_POS | OPTF_REQ, "how long, at least 60 s", .unit = "s"},
    {NULL},
};

static int run_suspend(struct cmd_call *c, struct err *e)
{
    enum virt_sleep how = VIRT_SLEEP_MEMORY;
    while (strcmp(c->vals[TARGET].s, targets[how]) != 0)
        how++;
    unsigned long long seconds = (unsigned long long)(c->vals[DURATION].ms / 1000);
    if (virt_node_suspend(c->conn, how, seconds, e) < 0)
        return err_wrap(e, "the host was not suspended");
    c->result = json_object();
    object_add_node(c);
    return 0;
}

const struct cmd_def cmd_nodesuspend = {
    .name = "nodesuspend",
    .group = "Hosts",
    .summary = "suspend the host node for a given time duration",
    .help = "The whole host sleeps, and with it all of its guests; its clock wakes it up again.",
    .example = "nodesuspend mem 60",
    .opts = suspend_opts,
    .flags = CMD_CONN | CMD_DESTROYS,
    .view = {VIEW_NONE},
    .run = run_suspend};
