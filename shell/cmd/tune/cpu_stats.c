// SPDX-License-Identifier: GPL-3.0-or-later
// How much of each of the host's CPUs a domain has used.
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "cmd/commands.h"
#include "cmd/domain/power.h"
#include "cmd/rows.h"
#include "core/console/out.h"
#include "io/virt/vcpu.h"

enum { DOMAIN, TOTAL, START, COUNT };

static const struct opt_def opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [TOTAL] = {"total", OPT_BOOL, 0, "show total statistics only"},
    [START] = {"start", OPT_INT, OPTF_POS, "show statistics from this CPU", .min = 0, .max = 0x7fffffff},
    [COUNT] = {"count", OPT_INT, OPTF_POS, "number of shown CPUs at most", .min = 0, .max = 0x7fffffff},
    {NULL},
};

static int run(struct cmd_call *c, struct err *e)
{
    struct virt_dom *dom = c->vals[DOMAIN].dom;
    bool some = c->vals[START].given || c->vals[COUNT].given;
    int there;
    json_t *part;
    json_auto_t *v = json_object();
    if (some || !c->vals[TOTAL].b) {
        int count = c->vals[COUNT].given ? (int)c->vals[COUNT].i : -1;
        if (virt_dom_cpu_stats(dom, (int)c->vals[START].i, count, &part, &there, e) < 0)
            return domain_failed(dom, "get the CPU statistics of", NULL, e);
        json_object_set_new(v, "cpus", part);
        if (count > there - (int)c->vals[START].i)
            out_notice(OUT_WARN, "there are only %d CPUs", there);
    }
    if (!some || c->vals[TOTAL].b) {
        if (virt_dom_cpu_total(dom, &part, e) < 0)
            return domain_failed(dom, "get the CPU statistics of", NULL, e);
        json_object_set_new(v, "total", part);
    }
    c->result = steal(&v);
    return 0;
}

static void add_times(const json_t *times, struct buf *out)
{
    const char *key;
    json_t *v;
    json_object_foreach((json_t *)times, key, v)
    {
        size_t len = strlen(key) - strlen("_ns");
        if (!str_ends(key, "_ns"))
            continue;
        long long ns = json_integer_value(v);
        _cleanup_free_ char *name = xstrndup(key, len);
        buf_addf(out, "\t%-12s %9lld.%09lld seconds\n", name, ns / 1000000000, ns % 1000000000);
    }
}

static void render(const json_t *value, struct buf *out)
{
    size_t i;
    json_t *cpu;
    json_array_foreach(json_object_get(value, "cpus"), i, cpu)
    {
        buf_addf(out, "CPU%lld:\n", json_integer_value(json_object_get(cpu, "cpu")));
        add_times(cpu, out);
    }
    if (json_object_get(value, "total"))
        buf_adds(out, "Total:\n");
    add_times(json_object_get(value, "total"), out);
}

const struct cmd_def cmd_cpu_stats = {.name = "cpu-stats",
                                      .group = "Tuning",
                                      .summary = "show domain cpu statistics",
                                      .example = "cpu-stats share --total\ncpu-stats share 0 4",
                                      .opts = opts,
                                      .flags = CMD_CONN | CMD_READS,
                                      .view = {VIEW_CUSTOM, .render = render},
                                      .run = run};
