// SPDX-License-Identifier: GPL-3.0-or-later
// Unmount a share on nodes.
#include "cmd/commands.h"
#include "cmd/nfs/nfs_nodes.h"
#include "cmd/rows.h"

enum { NODES, DIR, PERSIST };

static const struct opt_def opts[] = {
    [NODES] = NODES_ROW(OPTF_REQ | OPTF_MULTI, "on which nodes"),
    [DIR] = {"dir", OPT_STRING, OPTF_POS | OPTF_REQ, "where it is mounted"},
    [PERSIST] = {"persist", OPT_BOOL, 0, "out of /etc/fstab too"},
    APPLY_ROWS,
    {NULL},
};

static int plan_umount(struct cmd_call *c, struct plan *p, struct node *node, const struct nfs_place *at,
                       const struct nfs_source *source, struct err *e)
{
    (void)source;
    return nfs_umount_plan(p, node, at, c->vals[DIR].s, c->vals[PERSIST].b, e);
}

static int run(struct cmd_call *c, struct err *e)
{
    return nfs_nodes_run(c, "unmount", plan_umount, e);
}

const struct cmd_def cmd_nfs_umount = {
    .name = "nfs-umount",
    .group = "Storage",
    .summary = "unmount a share on nodes",
    .help =
        "On all the nodes at once. Only NFS is unmounted; a directory that is in use is left, with who uses it. With\n"
        "--persist the line of /etc/fstab goes too. --revert mounts it again.",
    .example = "nfs-umount source,dest /mnt --apply\nnfs-umount all /mnt --persist --plan",
    .opts = opts,
    .view = {VIEW_CUSTOM, .render = apply_render},
    .run = run};
