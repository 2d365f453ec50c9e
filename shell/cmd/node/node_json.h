// SPDX-License-Identifier: GPL-3.0-or-later
// What the node- commands share: a node as a result value, and a node from node-add's values.
#pragma once

#include <jansson.h>

#include "cmd/engine/cmd.h"
#include "core/console/inventory.h"

json_t *node_json(
    const struct node *n); // {name, address, user, port, uri, roles[], hypervisor, fingerprint}; absent where not set
int node_from_call(const struct cmd_call *node_add, struct node **ret, struct err *e);
