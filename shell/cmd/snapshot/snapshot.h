// SPDX-License-Identifier: GPL-3.0-or-later
// Shared by the commands on snapshots and checkpoints.
#pragma once

#include "cmd/engine/cmd.h"

// The result {"name", "domain", "node"?}; the name is remembered for completion (`kind`: "snapshot" or "checkpoint").
void snapshot_result(struct cmd_call *c, const struct virt_dom *dom, const char *kind, const char *name);
// For completion: the domain has one of that name, or has it no more.
void snapshot_seen(struct cmd_call *c, const struct virt_dom *dom, const char *kind, const char *name);
void snapshot_gone(struct cmd_call *c, const struct virt_dom *dom, const char *kind, const char *name);
// --snapshotname, or with --current the current one. The caller frees. ERR_USAGE where neither is given.
int snapshot_name(struct cmd_call *c, struct virt_dom *dom, int name, int current, char **ret, struct err *e);
