// SPDX-License-Identifier: GPL-3.0-or-later
// What key-exchange, key-revoke and key-verify have in common. Job threads.
#pragma once

#include "cmd/rows.h"
#include "core/keys/keys.h"

#define KEYS_NODES_ROW                                                                                                 \
    {                                                                                                                  \
        "nodes", OPT_NODES, OPTF_POS | OPTF_MULTI, "which: NODE… or all", .def = "all"                                 \
    }
#define USER_ROW                                                                                                       \
    {                                                                                                                  \
        "user", OPT_STRING, 0, "the account on every node, if not the one migsh logs in as"                            \
    }

// Puts the refused accounts and changes behind the result's items, and says how many there are if the command has not
// failed already. `status` is apply_run()'s.
int keys_conclude(struct cmd_call *c, const struct keys *k, int status, struct err *e);

// Nodes to take part: those given, or of all only the ones with an ssh address. Lent; the caller frees the array.
struct node **keys_nodes(const struct opt_val *v, size_t *ret_n);

// Runs the matrix and fails if any login does: ERR_VERDICT.
int keys_test_logins(struct cmd_call *c, struct keys *k, json_t **ret_logins, struct err *e);
void keys_render_logins(const json_t *logins, struct buf *out);
