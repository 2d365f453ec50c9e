// SPDX-License-Identifier: GPL-3.0-or-later
// Forget a node.
#include "base/json.h"
#include "cmd/commands.h"
#include "cmd/rows.h"

enum { NODE };

static const struct opt_def opts[] = {
    [NODE] = NODE_ROW("a node of the inventory"),
    {NULL},
};

static int run(struct cmd_call *c, struct err *e)
{
    struct inventory *inv = ctx_inventory(c->ctx);
    if (inventory_remove(inv, c->vals[NODE].node->name, e) < 0)
        return -1;
    c->result = json_object();
    json_object_set_new(c->result, "name", json_text(c->vals[NODE].node->name));
    return inventory_save(inv, e);
}

const struct cmd_def cmd_node_remove = {.name = "node-remove",
                                        .group = "Nodes",
                                        .summary = "remove a node from the inventory",
                                        .help = "Nothing is changed on the node itself.",
                                        .example = "node-remove source",
                                        .opts = opts,
                                        .flags = CMD_MAIN,
                                        .view = {VIEW_NONE, .message = "Node '{name}' removed"},
                                        .run = run};
