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
    const char *node = c->vals[NODE].node->name, *user = c->vals[USER].s;
    if (access_check_user(user, e) < 0)
        return -1;
    return apply_node(c, c->vals[NODE].node, json_pack("{s:o, s:o}", "node", json_text(node), "user", json_text(user)),
                      make, NULL, e);
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
