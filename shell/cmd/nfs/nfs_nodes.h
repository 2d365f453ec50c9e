// SPDX-License-Identifier: GPL-3.0-or-later
// For the NFS commands that plan for several nodes: all are looked at at the same time, and one that refuses (or does
// not answer) takes no part, while the others go on. Job threads.
#pragma once

#include "cmd/engine/apply.h"
#include "core/nfs/mount.h"

// Adds the steps of one node, or says why not. Called one after the other. `source`: what the command's row says; NULL:
// it has none.
typedef int nfs_plan(struct cmd_call *c, struct plan *p, struct node *node, const struct nfs_place *at,
                     const struct nfs_source *source, struct err *e);
// What a command with the rows nodes, dir, APPLY_ROWS, and may be source and options, does: they are checked, and
// apply_run() of one stage plans for all nodes; the refusals are added to its result and error. `what` is for the
// report: "mount".
int nfs_nodes_run(struct cmd_call *c, const char *what, nfs_plan *plan, struct err *e);
