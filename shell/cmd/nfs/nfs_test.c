// SPDX-License-Identifier: GPL-3.0-or-later
// Is a directory shared by nodes? What one writes, the others must read.
#include <string.h>

#include "base/table.h"
#include "cmd/commands.h"
#include "cmd/engine/render.h"
#include "cmd/rows.h"
#include "core/nfs/nfs.h"
#include "core/nfs/test.h"

enum { NODES, DIR };

static const struct opt_def opts[] = {
    [NODES] = NODES_ROW(OPTF_REQ | OPTF_MULTI, "two nodes or more"),
    [DIR] = {"dir", OPT_STRING, OPTF_POS | OPTF_REQ, "the directory, on all of them"},
    {NULL},
};

static int run(struct cmd_call *c, struct err *e)
{
    const struct opt_val *v = &c->vals[NODES];
    size_t n = 0;
    _cleanup_free_ struct node **nodes = xcalloc(v->n_nodes + 1, sizeof(*nodes));
    for (size_t i = 0; i < v->n_nodes; i++) {
        bool again = false;
        for (size_t k = 0; k < n; k++)
            again = again || nodes[k] == v->nodes[i];
        if (!again)
            nodes[n++] = v->nodes[i];
    }
    if (n < 2) {
        err_set(e, ERR_USAGE, "nfs-test needs two nodes or more");
        return err_hint(e, "for example: nfs-test source dest /mnt");
    }
    if (nfs_check_dir(c->vals[DIR].s, e) < 0)
        return -1;
    return nfs_test(c->ctx, c->job, nodes, n, c->vals[DIR].s, &c->result, e);
}

static void render(const json_t *value, struct buf *out)
{
    static const struct view_col node_cols[] = {{"node", "Node"},
                                                {"fstype", "File system"},
                                                {"user", "QEMU's user"},
                                                {"root_squash", "Root squash"},
                                                {"latency_ms", "4 KiB synced (ms)"},
                                                {"problem", "Problem"},
                                                {NULL}};
    static const struct view_col read_cols[] = {{"writer", "Written on"}, {"reader", "Read on"}, {"user", "As"},
                                                {"result", "Result"},     {"reason", "Reason"},  {NULL}};
    static const struct view nodes = {VIEW_TABLE, node_cols}, reads = {VIEW_TABLE, read_cols};
    render_view(&nodes, json_object_get(value, "nodes"), out);
    buf_addc(out, '\n');
    render_view(&reads, json_object_get(value, "reads"), out);
    buf_adds(out, json_is_true(json_object_get(value, "shared")) ? "\nshared: yes\n" : "\nshared: no\n");
}

const struct cmd_def cmd_nfs_test = {
    .name = "nfs-test",
    .group = "Storage",
    .summary = "test whether nodes share a directory",
    .help =
        "Each node writes random markers into the directory, as root and as the user that QEMU runs as there (of\n"
        "/etc/libvirt/qemu.conf, else libvirt-qemu or qemu); every other node reads them. Shows the file system,\n"
        "whether root is squashed, and the median time of writing and syncing 4 KiB. The markers are removed. Fails\n"
        "where QEMU's user could not work with images there; that root is squashed alone is no failure.",
    .example = "nfs-test source dest /mnt\nnfs-test all /var/lib/libvirt/images",
    .opts = opts,
    .view = {VIEW_CUSTOM, .render = render},
    .run = run};
