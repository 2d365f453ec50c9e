// SPDX-License-Identifier: GPL-3.0-or-later
// For the NFS commands that plan for several nodes: all are looked at at the same time, and one that refuses (or does
// not answer) takes no part, while the others go on. Job threads.
#pragma once

#include "cmd/engine/apply.h"
#include "core/nfs/mount.h"

struct nfs_nodes {
    struct node **nodes;
    size_t n;
    const char *dir;
    // Adds the steps of one node, or says why not. Called one after the other.
    int (*plan)(struct cmd_call *c, struct plan *p, struct node *node, const struct nfs_place *at, void *data,
                struct err *e);
    void *data;
    const char *what; // for the report: "mount"
    json_t *refused;  // items of the report
    struct err first; // the first node's reason; the others' words are added
};
// apply_run() of one stage, which plans for all of them; the refusals are added to its result and error. *a has the
// title and what it is about.
int nfs_nodes_run(struct cmd_call *c, enum apply_mode mode, struct apply *a, struct nfs_nodes *all, struct err *e);
