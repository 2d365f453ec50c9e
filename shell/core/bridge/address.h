// SPDX-License-Identifier: GPL-3.0-or-later
// Has anybody an address? Asked of the segments that nodes are on, by probes that do not claim it. Job threads.
#pragma once

#include <jansson.h>

#include "base/err.h"
#include "core/console/ctx.h"

struct job;
struct node;

// *ret: {"address", "verdict": "free" | "taken" | "unknown", "nodes": [{"node", "interface", "verdict": … | "own",
// "mac", "who": bridge_mac_owner(), "why": of unknown}]}. Taken: any node says so, or has it; free: a node has asked,
// and none says otherwise. `link`: over that one on each; NULL: where the route goes. Whose a MAC address is, is asked
// of all nodes of the inventory. ERR_USAGE: no address. Otherwise fails only when cancelled.
int address_check(struct ctx *ctx, struct job *job, struct node *const *nodes, size_t n, const char *address,
                  const char *link, json_t **ret, struct err *e);
