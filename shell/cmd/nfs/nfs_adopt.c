// SPDX-License-Identifier: GPL-3.0-or-later
// Move the images of a node onto a share and mount it in their place.
#include "base/json.h"
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

static int plan_adopt(struct cmd_call *c, struct plan *p, struct node *node, const struct nfs_place *at, void *data,
                      struct err *e)
{
    const struct nfs_source *source = data;
    const char *dir = c->vals[DIR].s;
    if (!c->vals[DISCARD].b)
        return nfs_adopt_plan(c->ctx, c->job, p, node, at, source, dir, c->vals[OPTIONS].s, c->vals[PERSIST].b, e);
    nfs_adopt_discard(p, node, source, dir, at->real);
    return 0;
}

static int run(struct cmd_call *c, struct err *e)
{
    enum apply_mode mode = apply_mode_of(c);
    _cleanup_nfs_source_ struct nfs_source source = {.text = NULL};
    if (nfs_check_dir(c->vals[DIR].s, e) < 0 || (c->vals[OPTIONS].s && nfs_check_options(c->vals[OPTIONS].s, e) < 0) ||
        nfs_source_parse(c->ctx, c->vals[SOURCE].s, &source, e) < 0)
        return -1;
    const struct opt_val *v = &c->vals[NODE];
    struct nfs_nodes all = {v->nodes, v->n_nodes, c->vals[DIR].s, plan_adopt, &source, "adopt", NULL, ERR_INIT};
    json_t *about = json_pack("{s:o, s:o}", "source", json_text(source.text), "dir", json_text(c->vals[DIR].s));
    struct apply a = {.title = "nfs-adopt", .about = about};
    int r = nfs_nodes_run(c, mode, &a, &all, e);
    json_decref(about);
    return r;
}

const struct cmd_def cmd_nfs_adopt = {
    .name = "nfs-adopt",
    .group = "NFS",
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
