// SPDX-License-Identifier: GPL-3.0-or-later
// What the commands about firewalls have in common: who else there is, and trying ports from there. Job threads.
#pragma once

#include "cmd/engine/cmd.h"
#include "core/firewall/firewall.h"
#include "core/preflight/reach.h"

enum { FIREWALL_LISTEN_S = 10 };

// The nodes of `v`, each once, without `but` (NULL: none) and those that have no address. The caller frees the array,
// not the nodes.
struct node **firewall_nodes(const struct opt_val *v, const struct node *but, size_t *ret_n);
// A host as reach_run() takes it: root's, under its own address.
struct reach_host firewall_host(struct node *node);
// "passes", "blocked", or "unknown".
const char *firewall_state(const struct reach_try *t);
// Why it does not pass; NULL.
const char *firewall_why(const struct reach_try *t);
