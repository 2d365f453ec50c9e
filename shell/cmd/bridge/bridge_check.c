// SPDX-License-Identifier: GPL-3.0-or-later
// The bridges of nodes, and what guests want of them.
#include <string.h>

#include "base/json.h"
#include "base/strv.h"
#include "base/table.h"
#include "cmd/commands.h"
#include "cmd/engine/render.h"
#include "cmd/rows.h"
#include "core/bridge/nets.h"

enum { NODES };

static const struct opt_def opts[] = {
    [NODES] = {"nodes", OPT_NODES, OPTF_POS | OPTF_MULTI | OPTF_HYPERVISORS, "which nodes", .def = "all"},
    {NULL},
};

static int run(struct cmd_call *c, struct err *e)
{
    const struct opt_val *v = &c->vals[NODES];
    json_auto_t *nets = NULL;
    if (bridge_nets(c->ctx, c->job, v->nodes, v->n_nodes, &nets, e) < 0)
        return -1;
    c->result = bridge_judge_nets(nets);
    size_t i, bad = 0;
    json_t *row;
    json_array_foreach(json_object_get(c->result, "unknown"), i, row)
    {
        _cleanup_err_ struct err one = ERR_INIT;
        err_set(&one, err_code_from_name(json_text_at(row, "code")), "%s", json_text_at(row, "why"));
        err_join(e, &one);
    }
    json_array_foreach(json_object_get(c->result, "findings"), i, row) bad +=
        strcmp(json_text_at(row, "level"), "fail") == 0;
    if (err_is_set(e))
        return -1;
    return bad ? err_set(e, ERR_VERDICT, "%zu bridge%s that guests need %s not there, or down", bad,
                         bad == 1 ? "" : "s", bad == 1 ? "is" : "are")
               : 0;
}

// The guests' bridges by nodes.
static void add_matrix(const json_t *matrix, struct buf *out)
{
    _cleanup_free_ const char **titles = NULL;
    size_t n = 2, i, k;
    const char *node;
    json_t *row, *one, *first = json_object_get(json_array_get(matrix, 0), "nodes");
    titles = xcalloc(json_object_size(first) + 3, sizeof(*titles));
    titles[0] = "Bridge";
    titles[1] = "Guests";
    json_object_foreach(first, node, one) titles[n++] = node;
    struct table *t = table_new(n, titles);
    json_array_foreach(matrix, i, row)
    {
        _cleanup_buf_ struct buf guests = BUF_INIT;
        json_array_foreach(json_object_get(row, "guests"), k, one)
            buf_addf(&guests, "%s%s@%s", k ? "," : "", json_text_at(one, "name"), json_text_at(one, "node"));
        titles[0] = json_text_at(row, "bridge");
        titles[1] = buf_str(&guests);
        for (k = 2; k < n; k++)
            titles[k] = NULL;
        k = 2;
        json_object_foreach(json_object_get(row, "nodes"), node, one) titles[k++] = json_string_value(one);
        table_row(t, titles);
    }
    render_table(t, out);
    table_free(t);
}

static void render(const json_t *value, struct buf *out)
{
    static const struct view_col bridge_cols[] = {{"node", "Node"},
                                                  {"bridge", "Bridge"},
                                                  {"type", "Type"},
                                                  {"up", "State", .yes = "up", .no = "down"},
                                                  {"uplinks", "Uplink"},
                                                  {"ports", "Ports"},
                                                  {"stp", "STP"},
                                                  {"forward_delay_s", "Delay", .suffix = " s"},
                                                  {"mtu", "MTU"},
                                                  {"vlan_filtering", "VLANs"},
                                                  {"addresses", "Addresses"},
                                                  {NULL}};
    static const struct view_col finding_cols[] = {{"level", "Level"},   {"node", "Node"},     {"seen", "Seen"},
                                                   {"wanted", "Wanted"}, {"remedy", "Remedy"}, {NULL}};
    static const struct view_col unknown_cols[] = {{"node", "Node"}, {"why", "Not known, as"}, {NULL}};
    static const struct view bridges = {VIEW_TABLE, bridge_cols}, findings = {VIEW_TABLE, finding_cols},
                             unknown = {VIEW_TABLE, unknown_cols};
    const json_t *matrix = json_object_get(value, "matrix");
    render_view(&bridges, json_object_get(value, "bridges"), out);
    if (json_array_size(matrix)) {
        buf_addc(out, '\n');
        add_matrix(matrix, out);
    }
    if (json_array_size(json_object_get(value, "findings"))) {
        buf_addc(out, '\n');
        render_view(&findings, json_object_get(value, "findings"), out);
    }
    if (json_array_size(json_object_get(value, "unknown"))) {
        buf_addc(out, '\n');
        render_view(&unknown, json_object_get(value, "unknown"), out);
    }
}

const struct cmd_def cmd_bridge_check = {
    .name = "bridge-check",
    .group = "Networks",
    .summary = "show the bridges of nodes, and which guests lack theirs",
    .help =
        "Of each hypervisor its bridges (of Linux and of Open vSwitch): ports and those that lead out, STP and "
        "forward\n"
        "delay, MTU, addresses, whether it filters VLANs. Then each bridge that a guest of any of them is in, and on\n"
        "which nodes it is. At last what is wrong: a guest's bridge that is missing or down, one without a way out, a\n"
        "forward delay that a moved guest would wait for, MTUs that differ, an address left on a port; with what is\n"
        "wanted, and the line that mends it. Fails where a guest lacks its bridge on its own node, or a node does not\n"
        "answer. JSON: {\"bridges\", \"matrix\", \"findings\", \"unknown\"}.",
    .example = "bridge-check\nbridge-check source dest",
    .opts = opts,
    .flags = CMD_READS,
    .view = {VIEW_CUSTOM, .render = render},
    .run = run};
