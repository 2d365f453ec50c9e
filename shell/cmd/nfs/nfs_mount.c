// SPDX-License-Identifier: GPL-3.0-or-later
// Mount a share on nodes.
#include "cmd/commands.h"
#include "cmd/nfs/nfs_nodes.h"
#include "cmd/rows.h"

enum { NODES, SOURCE, DIR, OPTIONS, PERSIST };

static void complete_source(struct ctx *ctx, const char *prefix, struct strv *out)
{
    (void)prefix;
    _cleanup_strv_ struct strv names = STRV_INIT;
    inventory_names(ctx_inventory(ctx), &names);
    for (size_t i = 0; i < names.n; i++)
        strv_take(out, xasprintf("%s:/", names.s[i]));
}

static const struct opt_def opts[] = {
    [NODES] = NODES_ROW(OPTF_REQ | OPTF_MULTI, "on which nodes"),
    [SOURCE] = {"source", OPT_STRING, OPTF_POS | OPTF_REQ, "SERVER:PATH; a node's name stands for its address",
                .complete = complete_source},
    [DIR] = {"dir", OPT_STRING, OPTF_POS | OPTF_REQ, "where to mount it"},
    [OPTIONS] = {"options", OPT_STRING, 0, "of mount, as vers=4.2,hard"},
    [PERSIST] = {"persist", OPT_BOOL, 0, "in /etc/fstab too"},
    APPLY_ROWS,
    {NULL},
};

static int plan_mount(struct cmd_call *c, struct plan *p, struct node *node, const struct nfs_place *at,
                      const struct nfs_source *source, struct err *e)
{
    return nfs_mount_plan(p, node, at, source, c->vals[DIR].s, c->vals[OPTIONS].s, c->vals[PERSIST].b, e);
}

static int run(struct cmd_call *c, struct err *e)
{
    return nfs_nodes_run(c, "mount", plan_mount, e);
}

const struct cmd_def cmd_nfs_mount = {
    .name = "nfs-mount",
    .group = "Storage",
    .summary = "mount a share on nodes",
    .help =
        "On all the nodes at once: installs the client where there is none, makes the directory, mounts; --persist\n"
        "writes a line of /etc/fstab. A directory with something in it is refused, as the mount would hide that:\n"
        "nfs-adopt moves it onto the share. What is mounted already is left alone. --revert unmounts and takes the\n"
        "rest back.",
    .example = "nfs-mount source,dest nfs:/home/image /mnt --persist --apply\n"
               "nfs-mount source dest 192.168.0.12:/home/image /mnt --options vers=4.2 --plan",
    .opts = opts,
    .view = {VIEW_CUSTOM, .render = apply_render},
    .run = run};
