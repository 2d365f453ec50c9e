// SPDX-License-Identifier: GPL-3.0-or-later
// Close what firewall-open has opened on a node, whoever did, before its time.
#include <string.h>

#include "base/json.h"
#include "cmd/commands.h"
#include "cmd/engine/apply.h"
#include "cmd/rows.h"
#include "core/firewall/firewall.h"

enum { NODE, ID, ALL };

static const struct opt_def opts[] = {
    [NODE] = NODE_ROW("the node that was opened"),
    [ID] = {"id", OPT_INT, OPTF_POS, "the number that firewall-check tells", .min = FIREWALL_ID_MIN,
            .max = FIREWALL_ID_MAX},
    [ALL] = {"all", OPT_BOOL, 0, "everything that migsh has opened there", .excludes = "id"},
    APPLY_ROWS,
    {NULL},
};

static int make(struct cmd_call *c, enum apply_mode mode, void *data, struct plan *p, struct err *e)
{
    (void)mode;
    (void)data;
    struct node *node = c->vals[NODE].node;
    _cleanup_firewall_ struct firewall f = {0};
    _cleanup_strv_ struct strv ids = STRV_INIT;
    if (firewall_look(c->ctx, c->job, node, &f, e) < 0)
        return -1;
    for (size_t i = 0; i < f.n_ours; i++) {
        if (c->vals[ALL].b || strcmp(f.ours[i].id, c->vals[ID].s) == 0)
            strv_add(&ids, f.ours[i].id);
    }
    strv_sort_unique(&ids);
    for (size_t i = 0; i < ids.n; i++)
        firewall_close_plan(p, node, ids.s[i]);
    return 0;
}

static int run(struct cmd_call *c, struct err *e)
{
    const char *node = c->vals[NODE].node->name;
    if (apply_mode_of(c) != APPLY_MODE_REVERT && !c->vals[ID].given && !c->vals[ALL].b) {
        err_set(e, ERR_USAGE, "firewall-close needs ID or --all");
        return err_hint(e, "firewall-check %s tells what is open", node);
    }
    return apply_node(c, c->vals[NODE].node, json_pack("{s:o}", "node", json_text(node)), make, NULL, e);
}

const struct cmd_def cmd_firewall_close = {
    .name = "firewall-close",
    .group = "Nodes",
    .summary = "close what firewall-open has opened on a node",
    .help = "Closes it before its time, or what was to be kept, whoever opened it; firewall-check tells the numbers.\n"
            "Rules that are not migsh's are not touched. Closing cannot be taken back: firewall-open opens anew.",
    .example = "firewall-close dest 12345 --apply\nfirewall-close dest --all --plan",
    .opts = opts,
    .view = {VIEW_CUSTOM, .render = apply_render},
    .run = run};
