// SPDX-License-Identifier: GPL-3.0-or-later
// See firewall_common.h.
#include "cmd/firewall/firewall_common.h"

#include <string.h>

struct node **firewall_nodes(const struct opt_val *v, const struct node *but, size_t *ret_n)
{
    struct node **list = xcalloc(v->n_nodes + 1, sizeof(*list));
    *ret_n = 0;
    for (size_t i = 0; i < v->n_nodes; i++) {
        bool again = (but && strcmp(v->nodes[i]->name, but->name) == 0) || !v->nodes[i]->address;
        for (size_t k = 0; k < *ret_n; k++)
            again = again || list[k] == v->nodes[i];
        if (!again)
            list[(*ret_n)++] = v->nodes[i];
    }
    return list;
}

struct reach_host firewall_host(struct node *node)
{
    return (struct reach_host){node, node, false, node->address};
}

const char *firewall_state(const struct reach_try *t)
{
    return err_is_set(&t->err) ? "unknown" : t->reached ? "passes" : "blocked";
}

const char *firewall_why(const struct reach_try *t)
{
    return err_is_set(&t->err) ? t->err.msg : t->error;
}
