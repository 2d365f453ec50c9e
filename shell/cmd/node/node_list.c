// SPDX-License-Identifier: GPL-3.0-or-later
// Show the inventory, and one node of it.
#include "base/clock.h"
#include "base/json.h"
#include "cmd/commands.h"
#include "cmd/node/node_json.h"
#include "cmd/rows.h"
#include "core/console/silence.h"

json_t *node_json(const struct node *n)
{
    json_t *v = json_object(), *roles = json_array();
    json_object_set_new(v, "name", json_text(n->name));
    if (n->address)
        json_object_set_new(v, "address", json_text(n->address));
    if (n->user)
        json_object_set_new(v, "user", json_text(n->user));
    if (n->port)
        json_object_set_new(v, "port", json_integer(n->port));
    json_object_set_new(v, "uri", json_text(n->uri));
    for (size_t i = 0; i < n->roles.n; i++)
        json_array_append_new(roles, json_text(n->roles.s[i]));
    json_object_set_new(v, "roles", roles);
    json_object_set_new(v, "hypervisor", json_boolean(node_is_hypervisor(n)));
    double silent = silence_since(n->uri, NULL);
    _cleanup_free_ char *since = silent > 0 ? clock_text(silent) : NULL;
    if (since)
        json_object_set_new(v, "silent_since", json_text(since));
    if (n->fingerprint)
        json_object_set_new(v, "fingerprint", json_text(n->fingerprint));
    return v;
}

static const struct view_col columns[] = {{"name", "Name"}, {"address", "Address"}, {"user", "User"},
                                          {"port", "Port"}, {"roles", "Roles"},     {"uri", "URI"},
                                          {NULL, NULL}};
// While there is one that does not answer.
static const struct view_col silent_columns[] = {
    {"name", "Name"}, {"address", "Address"},           {"user", "User"}, {"port", "Port"}, {"roles", "Roles"},
    {"uri", "URI"},   {"silent_since", "Silent since"}, {NULL, NULL}};
static const struct view silent_view = {VIEW_TABLE, silent_columns};

static int run_list(struct cmd_call *c, struct err *e)
{
    (void)e;
    size_t n;
    struct node **all = inventory_all(ctx_inventory(c->ctx), &n);
    c->result = json_array();
    for (size_t i = 0; i < n; i++) {
        json_array_append_new(c->result, node_json(all[i]));
        if (json_object_get(json_array_get(c->result, i), "silent_since"))
            c->view = &silent_view;
    }
    node_list_free(all, n);
    return 0;
}

const struct cmd_def cmd_node_list = {
    .name = "node-list",
    .group = "Nodes",
    .summary = "list the inventory",
    .example = "node-list",
    .flags = CMD_MAIN,
    .view = {VIEW_TABLE, columns, .empty = "no nodes: node-add NAME USER@HOST adds one"},
    .run = run_list};

enum { NODE };

static const struct opt_def show_opts[] = {
    [NODE] = NODE_ROW("a node of the inventory"),
    {NULL},
};

static int run_show(struct cmd_call *c, struct err *e)
{
    (void)e;
    c->result = node_json(c->vals[NODE].node);
    return 0;
}

static const struct view_col fields[] = {{"name", "Name"},
                                         {"address", "Address"},
                                         {"user", "User"},
                                         {"port", "Port"},
                                         {"uri", "URI"},
                                         {"roles", "Roles"},
                                         {"fingerprint", "Host key"},
                                         {"silent_since", "Silent since"},
                                         {NULL, NULL}};

const struct cmd_def cmd_node_show = {.name = "node-show",
                                      .group = "Nodes",
                                      .summary = "show what is known of a node",
                                      .example = "node-show source",
                                      .opts = show_opts,
                                      .flags = CMD_MAIN,
                                      .view = {VIEW_FIELDS, fields},
                                      .run = run_show};
