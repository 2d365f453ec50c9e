// SPDX-License-Identifier: GPL-3.0-or-later
// What servers export, as the nodes see it.
#include "cmd/commands.h"
#include "core/nfs/show.h"

enum { SERVERS, FROM };

static const struct opt_def opts[] = {
    [SERVERS] = {"servers", OPT_NODES, OPTF_POS | OPTF_MULTI,
                 "whose exports; without it: of the nodes with role storage or nfs"},
    [FROM] = {"from", OPT_NODES, 0, "seen from these nodes", .def = "all"},
    {NULL},
};

static int run(struct cmd_call *c, struct err *e)
{
    const struct opt_val *v = &c->vals[SERVERS], *from = &c->vals[FROM];
    if (v->given)
        return nfs_show(c->ctx, c->job, v->nodes, v->n_nodes, from->nodes, from->n_nodes, &c->result, e);
    size_t n, kept = 0;
    struct node **all = inventory_all(ctx_inventory(c->ctx), &n), **servers = xcalloc(n + 1, sizeof(*servers));
    for (size_t i = 0; i < n; i++) {
        if (node_has_role(all[i], "storage") || node_has_role(all[i], "nfs"))
            servers[kept++] = all[i];
    }
    int r;
    if (kept) {
        r = nfs_show(c->ctx, c->job, servers, kept, from->nodes, from->n_nodes, &c->result, e);
    } else {
        err_set(e, ERR_USAGE, "no node has the role storage or nfs");
        r = err_hint(e, "name the servers: nfs-show NODE, or give the role: node-add NAME ADDRESS --role storage");
    }
    free(servers);
    node_list_free(all, n);
    return r;
}

static const struct view_col columns[] = {
    {"server", "Server"},   {"export", "Export"}, {"clients", "Clients"}, {"seen_from", "Seen from"}, {"how", "How"},
    {"problem", "Problem"}, {NULL, NULL}};

const struct cmd_def cmd_nfs_show = {
    .name = "nfs-show",
    .group = "Storage",
    .summary = "show what servers export, as the nodes see it",
    .help =
        "showmount -e on every node. Where a server answers for NFSv4 alone, the names in its pseudo root and what "
        "the\n"
        "node has mounted of it are shown instead (How: nfs4, mounted); NFSv4 does not tell the clients. Fails if any\n"
        "node cannot see any server.",
    .example = "nfs-show\nnfs-show nfs --from source,dest",
    .opts = opts,
    .view = {VIEW_TABLE, columns, .empty = "no exports and no mounts: nfs-export and nfs-mount make them"},
    .run = run};
