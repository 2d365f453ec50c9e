// SPDX-License-Identifier: GPL-3.0-or-later
// Let a user of a node use libvirt.
#include "base/json.h"
#include "cmd/commands.h"
#include "cmd/engine/apply.h"
#include "cmd/rows.h"
#include "core/access/access.h"

enum { NODE, USER, POLKIT };

static const struct opt_def opts[] = {
    [NODE] = NODE_ROW("where"),
    [USER] = {"user", OPT_STRING, OPTF_POS | OPTF_REQ, "whom"},
    [POLKIT] = {"polkit", OPT_BOOL, 0, "by a rule of polkit for this user alone, not by the group"},
    APPLY_ROWS,
    {NULL},
};

static int make(struct cmd_call *c, enum apply_mode mode, void *data, struct plan *p, struct err *e)
{
    (void)mode;
    (void)data;
    return access_grant_plan(c->ctx, c->job, p, c->vals[NODE].node, c->vals[USER].s, c->vals[POLKIT].b, e);
}

static int run(struct cmd_call *c, struct err *e)
{
    static const struct apply_stage stage = {make};
    const char *node = c->vals[NODE].node->name;
    if (access_check_user(c->vals[USER].s, e) < 0)
        return -1;
    _cleanup_strv_ struct strv nodes = STRV_INIT;
    strv_add(&nodes, node);
    json_auto_t *about = json_pack("{s:o, s:o}", "node", json_text(node), "user", json_text(c->vals[USER].s));
    const struct apply a = {.title = "access-grant", .about = about, .nodes = &nodes, .stages = &stage, .n_stages = 1};
    return apply_run(c, apply_mode_of(c), &a, e);
}

const struct cmd_def cmd_access_grant = {
    .name = "access-grant",
    .group = "Nodes",
    .summary = "let a user of a node use libvirt",
    .help =
        "Puts the user into the group that libvirt's socket or polkit's rule asks for (libvirt, mostly). With --polkit "
        "a\n"
        "file in /etc/polkit-1/rules.d lets in this user and nobody else. Whoever may use qemu:///system can do there\n"
        "what root can. Afterwards the connection is opened as that user. Sessions that are open already keep their "
        "old\n"
        "groups: log in anew. A user that libvirt lets in already is left as it is; --revert takes back what was done.",
    .example = "access-grant source alice --plan\naccess-grant source alice --apply\n"
               "access-grant dest alice --polkit --apply\naccess-grant source alice --revert",
    .opts = opts,
    .view = {VIEW_CUSTOM, .render = apply_render},
    .run = run};
