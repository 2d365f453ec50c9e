// SPDX-License-Identifier: GPL-3.0-or-later
// Mount a share on nodes.
#include <string.h>

#include "base/json.h"
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

static int plan_mount(struct cmd_call *c, struct plan *p, struct node *node, const struct nfs_place *at, void *data,
                      struct err *e)
{
    const struct nfs_source *source = data;
    return nfs_mount_plan(p, node, at, source, c->vals[DIR].s, c->vals[OPTIONS].s, c->vals[PERSIST].b, e);
}

static int run(struct cmd_call *c, struct err *e)
{
    enum apply_mode mode = apply_mode_of(c);
    _cleanup_nfs_source_ struct nfs_source source = {.text = NULL};
    if (nfs_check_dir(c->vals[DIR].s, e) < 0 || (c->vals[OPTIONS].s && nfs_check_options(c->vals[OPTIONS].s, e) < 0) ||
        nfs_source_parse(c->ctx, c->vals[SOURCE].s, &source, e) < 0)
        return -1;
    const struct opt_val *v = &c->vals[NODES];
    struct nfs_nodes all = {v->nodes, v->n_nodes, c->vals[DIR].s, plan_mount, &source, "mount", NULL, ERR_INIT};
    json_t *about = json_pack("{s:o, s:o}", "source", json_text(source.text), "dir", json_text(c->vals[DIR].s));
    struct apply a = {.title = "nfs-mount", .about = about};
    int r = nfs_nodes_run(c, mode, &a, &all, e);
    json_decref(about);
    return r;
}

const struct cmd_def cmd_nfs_mount = {
    .name = "nfs-mount",
    .group = "NFS",
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
