// SPDX-License-Identifier: GPL-3.0-or-later
// Forget a node's keys everywhere.
#include <string.h>

#include "base/json.h"
#include "cmd/commands.h"
#include "cmd/engine/apply.h"
#include "cmd/keys/keys_common.h"
#include "cmd/rows.h"
#include "io/job.h"

enum { NODE, USER };

static const struct opt_def opts[] = {
    [NODE] = NODE_ROW("whose keys: a node of the inventory"),
    [USER] = USER_ROW,
    APPLY_ROWS,
    {NULL},
};

struct revoke {
    struct keys *keys;
    struct node *node;
};

static struct keys_account *find(struct revoke *r)
{
    for (size_t i = 1; i < r->keys->n; i++) {
        if (r->keys->all[i].node == r->node)
            return &r->keys->all[i];
    }
    return NULL;
}

static int make(struct cmd_call *c, enum apply_mode mode, void *data, struct plan *p, struct err *e)
{
    (void)mode;
    struct revoke *r = data;
    keys_gather(r->keys, c->job);
    struct keys_account *gone = find(r);
    return job_check(c->job, e) < 0 ? -1 : keys_plan_revoke(r->keys, gone, p, e);
}

static int run(struct cmd_call *c, struct err *e)
{
    static const struct apply_stage stage = {make};
    enum apply_mode mode = apply_mode_of(c);
    struct revoke r = {NULL, c->vals[NODE].node};
    struct opt_val all = {0};
    all.nodes = inventory_all(ctx_inventory(c->ctx), &all.n_nodes);
    size_t n;
    _cleanup_free_ struct node **nodes = keys_nodes(&all, &n);
    bool there = false; // it may have no address, and so none to log in to; or have been removed meanwhile
    for (size_t i = 0; i < n; i++)
        there = there || nodes[i] == r.node;
    if (!there)
        nodes[n++] = r.node;
    int status = keys_new(c->ctx, nodes, n, c->vals[USER].s, false, &r.keys, e);
    node_list_free(all.nodes, all.n_nodes);
    if (status < 0)
        return -1;
    json_t *about = json_pack("{s:o}", "node", json_text(r.node->name));
    struct apply a = {.title = "key-revoke", .about = about, .stages = &stage, .n_stages = 1, .data = &r};
    status = keys_conclude(c, r.keys, apply_run(c, mode, &a, e), e);
    json_decref(about);
    keys_free(r.keys);
    return status;
}

const struct cmd_def cmd_key_revoke = {
    .name = "key-revoke",
    .group = "Nodes",
    .summary = "remove a node's keys from all other nodes",
    .help =
        "Its user key leaves everybody's authorized_keys, and its host keys everybody's known_hosts, yours included.\n"
        "If the node does not answer, its keys are known by the lines that key-exchange wrote, and by its names. What\n"
        "the node itself has is left alone. The backups that migsh kept beside the changed files go as well, for the "
        "keys are\n"
        "in them. --revert puts all lines back where they were: from the journal, which has them.",
    .example = "key-revoke dest --plan\nkey-revoke dest --apply\nkey-revoke dest --revert",
    .opts = opts,
    .view = {VIEW_CUSTOM, .render = apply_render},
    .run = run};
