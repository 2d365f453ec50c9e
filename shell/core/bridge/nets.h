// SPDX-License-Identifier: GPL-3.0-or-later
// The bridges of nodes and what guests want of them: gathered here, judged there (check.c, pure), and who has which MAC
// address. Job threads where a ctx is taken.
#pragma once

#include <jansson.h>

#include "base/err.h"
#include "core/console/ctx.h"

struct job;
struct node;

// Of each node, in their order:
//   {"node", "hypervisor": is it one,
//    "look": what node/tools/node_links.sh told, {KEY: [text]},
//    "guests": [{"name", "state", "interfaces": [{"mac", "bridge": null where it is in none, "ovs": bool}]}],
//    "missing": {"look" or "guests": why it could not be found out, "code"}, where something could not}
// Fails only when cancelled.
int bridge_nets(struct ctx *ctx, struct job *job, struct node *const *nodes, size_t n, json_t **ret, struct err *e);

// What there is and what is wrong with it: {"bridges", "matrix", "findings", "unknown"}, see help bridge-check. Pure.
json_t *bridge_judge_nets(const json_t *nets);
// Whose that address is: {"kind": "guest" or "node", "name", "node", "interface" (of a node)}, or null. Pure.
json_t *bridge_mac_owner(const json_t *nets, const char *mac);
