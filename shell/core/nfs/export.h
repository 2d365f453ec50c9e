// SPDX-License-Identifier: GPL-3.0-or-later
// Exporting a directory of a node, as steps of a plan: server, directory, entry, service, re-reading. Job threads.
#pragma once

#include <jansson.h>

#include "base/err.h"
#include "core/change/change.h"
#include "core/console/ctx.h"

struct job;

struct nfs_export {
    struct node *node;
    const char *dir;
    const struct strv *clients; // addresses, networks, names, @netgroups, "*"
    const char *options;        // "rw,sync,no_root_squash"
    bool remove;                // take the clients out instead
};
// Looks at the node and adds the steps. The server is the one that the node has: the kernel's (or whatever the node's
// exportfs drives) by /etc/exports, else nfs-ganesha by a managed block in its configuration; where there is none, the
// kernel's is installed. *ret_server (static): "exportfs" or "ganesha". `warnings` (an array of strings) are
// shown with the change of the file, beside those about the file itself.
int nfs_export_plan(struct ctx *ctx, struct job *job, const struct nfs_export *x, struct plan *p,
                    const json_t *warnings, const char **ret_server, struct err *e);
