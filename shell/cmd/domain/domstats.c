// SPDX-License-Identifier: GPL-3.0-or-later
// Statistics of one, several or all domains.
#include <string.h>

#include "base/buf.h"
#include "base/printable.h"
#include "cmd/commands.h"
#include "cmd/engine/render.h"
#include "io/virt/list.h"
#include "io/virt/stats.h"

enum {
    STATE,
    CPU_TOTAL,
    BALLOON,
    VCPU,
    INTERFACE,
    BLOCK,
    PERF,
    IOTHREAD,
    MEMORY,
    DIRTYRATE,
    VM,
    LIST_ACTIVE,
    LIST_INACTIVE,
    LIST_PERSISTENT,
    LIST_TRANSIENT,
    LIST_RUNNING,
    LIST_PAUSED,
    LIST_SHUTOFF,
    LIST_OTHER,
    RAW,
    ENFORCE,
    BACKING,
    NOWAIT,
    DOMAINS
};

static const struct opt_def opts[] = {
    [STATE] = {"state", OPT_BOOL, 0, "report domain state", .bits = VIRT_STATS_STATE},
    [CPU_TOTAL] = {"cpu-total", OPT_BOOL, 0, "report domain physical cpu usage", .bits = VIRT_STATS_CPU_TOTAL},
    [BALLOON] = {"balloon", OPT_BOOL, 0, "report domain balloon statistics", .bits = VIRT_STATS_BALLOON},
    [VCPU] = {"vcpu", OPT_BOOL, 0, "report domain virtual cpu information", .bits = VIRT_STATS_VCPU},
    [INTERFACE] = {"interface", OPT_BOOL, 0, "report domain network interface information",
                   .bits = VIRT_STATS_INTERFACE},
    [BLOCK] = {"block", OPT_BOOL, 0, "report domain block device statistics", .bits = VIRT_STATS_BLOCK},
    [PERF] = {"perf", OPT_BOOL, 0, "report domain perf event statistics", .bits = VIRT_STATS_PERF},
    [IOTHREAD] = {"iothread", OPT_BOOL, 0, "report domain IOThread information", .bits = VIRT_STATS_IOTHREAD},
    [MEMORY] = {"memory", OPT_BOOL, 0, "report domain memory usage", .bits = VIRT_STATS_MEMORY},
    [DIRTYRATE] = {"dirtyrate", OPT_BOOL, 0, "report domain dirty rate information", .bits = VIRT_STATS_DIRTYRATE},
    [VM] = {"vm", OPT_BOOL, 0, "report hypervisor-specific statistics", .bits = VIRT_STATS_VM},
    [LIST_ACTIVE] = {"list-active", OPT_BOOL, 0, "list only active domains", .bits = VIRT_LIST_ACTIVE},
    [LIST_INACTIVE] = {"list-inactive", OPT_BOOL, 0, "list only inactive domains", .bits = VIRT_LIST_INACTIVE},
    [LIST_PERSISTENT] = {"list-persistent", OPT_BOOL, 0, "list only persistent domains", .bits = VIRT_LIST_PERSISTENT},
    [LIST_TRANSIENT] = {"list-transient", OPT_BOOL, 0, "list only transient domains", .bits = VIRT_LIST_TRANSIENT},
    [LIST_RUNNING] = {"list-running", OPT_BOOL, 0, "list only running domains", .bits = VIRT_LIST_RUNNING},
    [LIST_PAUSED] = {"list-paused", OPT_BOOL, 0, "list only paused domains", .bits = VIRT_LIST_PAUSED},
    [LIST_SHUTOFF] = {"list-shutoff", OPT_BOOL, 0, "list only shutoff domains", .bits = VIRT_LIST_SHUTOFF},
    [LIST_OTHER] = {"list-other", OPT_BOOL, 0, "list only domains in other states", .bits = VIRT_LIST_OTHER},
    [RAW] = {"raw", OPT_BOOL, 0, "do not pretty-print the fields (they never are, as in virsh)"},
    [ENFORCE] = {"enforce", OPT_BOOL, 0, "enforce requested stats parameters", .bits = VIRT_STATS_ENFORCE},
    [BACKING] = {"backing", OPT_BOOL, 0, "add backing chain information to block stats", .bits = VIRT_STATS_BACKING},
    [NOWAIT] = {"nowait", OPT_BOOL, 0, "report only stats that are accessible instantly", .bits = VIRT_STATS_NOWAIT},
    [DOMAINS] = {"domain", OPT_DOMAIN, OPTF_POS | OPTF_MULTI, "domains to get stats for",
                 .excludes = "list-active|list-inactive|list-persistent|list-transient|"
                             "list-running|list-paused|list-shutoff|list-other"},
    {NULL},
};

static int run(struct cmd_call *c, struct err *e)
{
    unsigned which = cmd_bits_between(c, STATE, VM), filter = cmd_bits_between(c, LIST_ACTIVE, LIST_OTHER);
    unsigned how = cmd_bits_between(c, ENFORCE, NOWAIT);
    const struct opt_val *doms = &c->vals[DOMAINS];
    if (!doms->n_doms)
        return virt_stats(c->conn, which, filter | how, &c->result, e);
    c->result = json_array();
    for (size_t i = 0; i < doms->n_doms; i++) {
        json_t *one;
        if (virt_dom_stats(doms->doms[i], which, how, &one, e) < 0)
            return err_wrap(e, "domain '%s'", virt_dom_name(doms->doms[i]));
        json_array_extend(c->result, one);
        json_decref(one);
    }
    return 0;
}

// virsh's shape: a line for each field, a blank line between domains.
static void render(const json_t *value, struct buf *out)
{
    size_t i;
    json_t *record;
    json_array_foreach(value, i, record)
    {
        const json_t *node = json_object_get(record, "node");
        _cleanup_free_ char *name = render_cell(json_object_get(record, "name"));
        buf_addf(out, "%sDomain: '", i ? "\n" : "");
        buf_add_line(out, name);
        buf_addf(out, "'%s%s\n", node ? " on " : "", node ? json_string_value(node) : "");
        const char *key;
        json_t *v;
        json_object_foreach(json_object_get(record, "stats"), key, v)
        {
            _cleanup_free_ char *cell = render_cell(v);
            buf_adds(out, "  ");
            buf_add_line(out, key);
            buf_addc(out, '=');
            buf_add_line(out, cell);
            buf_addc(out, '\n');
        }
    }
}

const struct cmd_def cmd_domstats = {
    .name = "domstats",
    .group = "Domains",
    .summary = "get statistics about one or multiple domains",
    .help = "All groups of statistics unless some are chosen; all domains unless some are named.",
    .example = "domstats share --balloon --block\ndomstats --list-running --state --node all",
    .opts = opts,
    .flags = CMD_CONN | CMD_READS | CMD_EACH,
    .view = {VIEW_CUSTOM, .render = render},
    .run = run};
