// SPDX-License-Identifier: GPL-3.0-or-later
// Move the images of a node onto a share and mount it in their place.
#include "cmd/commands.h"
#include "cmd/nfs/nfs_nodes.h"
#include "cmd/rows.h"
#include "core/nfs/adopt.h"

enum { NODE, SOURCE, DIR, OPTIONS, PERSIST, DISCARD };

static const struct opt_def opts[] = {
    [NODE] = NODES_ROW(OPTF_REQ, "the node whose images they are"),
    [SOURCE] = {"source", OPT_STRING, OPTF_POS | OPTF_REQ, "SERVER:PATH; a node's name stands for its address"},
    [DIR] = {"dir", OPT_STRING, OPTF_POS | OPTF_REQ, "directory of the images, where the share is mounted then"},
    [OPTIONS] = {"options", OPT_STRING, 0, "of mount, as vers=4.2,hard"},
    [PERSIST] = {"persist", OPT_BOOL, 0, "in /etc/fstab too"},
    [DISCARD] = {"discard", OPT_BOOL, 0, "remove the copy that was kept aside; there is no way back then"},
    APPLY_ROWS,
    {NULL},
};

static int plan_adopt(struct cmd_call *c, struct plan *p, struct node *node, const struct nfs_place *at,
                      const struct nfs_source *source, struct err *e)
{
    const char *dir = c->vals[DIR].s;
    if (!c->vals[DISCARD].b)
        return nfs_adopt_plan(c->ctx, c->job, p, node, at, source, dir, c->vals[OPTIONS].s, c->vals[PERSIST].b, e);
    nfs_adopt_discard(p, node, source, dir, at->real);
    return 0;
}

static int run(struct cmd_call *c, struct err *e)
{
    return nfs_nodes_run(c, "adopt", plan_adopt, e);
}

const struct cmd_def cmd_nfs_adopt = {
    .name = "nfs-adopt",
    .group = "Storage",
    .summary = "move a node's images onto a share and mount it in their place",
    .help = "DIR is renamed to DIR.migsh-aside, the share is mounted at DIR, and what was in it is copied there, each "
            "file\n"
            "compared by sha256. A file that the share has already is left if it is the same, and is an error if it is "
            "not.\n"
            "Refused while a guest or any process uses a file of DIR. The copy aside stays: --revert takes the files "
            "from the\n"
            "share again (if they have not changed since), unmounts and renames it back; --discard --apply removes it.",
    .example = "nfs-adopt source nfs:/home/image /mnt --plan\n"
               "nfs-adopt source nfs:/home/image /mnt --persist --apply\n"
               "nfs-adopt source nfs:/home/image /mnt --revert",
    .opts = opts,
    .view = {VIEW_CUSTOM, .render = apply_render},
    .run = run};
