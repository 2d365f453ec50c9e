// SPDX-License-Identifier: GPL-3.0-or-later
// Moving what is in a directory onto a share that is then mounted there, as steps of a plan. Job threads.
//
// DIR is renamed to DIR.migsh-aside, an empty DIR of the same owner and mode takes its place, the share is mounted on
// it, and everything is copied over and compared by sha256. The copy aside stays until somebody discards it: until then
// all can be taken back. DIR.migsh-copied beside it names the files that were copied, for the way back.
#pragma once

#include "base/err.h"
#include "core/change/change.h"
#include "core/console/ctx.h"
#include "core/nfs/mount.h"

struct job;

// ERR_UNSAFE while a running domain or any process of the node uses something in DIR; ERR_STATE where DIR cannot be
// renamed (a mount point) or there are images both in DIR and aside.
int nfs_adopt_plan(struct ctx *ctx, struct job *job, struct plan *p, struct node *node, const struct nfs_place *at,
                   const struct nfs_source *source, const char *dir, const char *options, bool persist, struct err *e);
// Removes the copy aside, if the comparison had been completed. Cannot be taken back.
void nfs_adopt_discard(struct plan *p, struct node *node, const struct nfs_source *source, const char *dir,
                       const char *real);
