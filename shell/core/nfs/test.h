// SPDX-License-Identifier: GPL-3.0-or-later
// Is a directory of several nodes one and the same, for root and for QEMU's user, and how fast does it write? Job
// threads.
#pragma once

#include <jansson.h>

#include "base/err.h"
#include "core/console/ctx.h"

struct job;

// Each node writes markers of its own, every other reads them; then they are removed, whatever happened. *ret (also on
// failure, once the nodes have been asked): {"dir", "shared": bool,
//   "nodes": [{"node", "fstype": statfs's, "user": QEMU's or null, "root_squash": bool or null (unknown),
//              "latency_ms": of writing and syncing 4 KiB, median of 15, or null, "problem": text or null}],
//   "reads": [{"writer", "reader", "user": "root"|"qemu", "result": "pass"|"fail", "reason": text or null}]}.
// ERR_VERDICT where a marker of QEMU's user (where there is none: of root) cannot be written or read.
int nfs_test(struct ctx *ctx, struct job *job, struct node **nodes, size_t n, const char *dir, json_t **ret,
             struct err *e);
