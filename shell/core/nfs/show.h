// SPDX-License-Identifier: GPL-3.0-or-later
// What servers export, as each node sees it. Job threads.
#pragma once

#include <jansson.h>

#include "base/err.h"
#include "core/console/ctx.h"

struct job;

// *ret (the caller's): an item for each server and export, and one for each server and node that could not see it:
//   server      node
//   export      path or null
//   clients     [text], empty where NFSv4 alone answers: it does not tell
//   seen_from   [nodes]
//   how         "mountd" (showmount), "nfs4" (the names in the pseudo root), "mounted" (what is mounted there now) or
//               null
//   problem     text or null
// -1 with *ret set when any node could not see any server; servers and viewers are asked at the same time.
int nfs_show(struct ctx *ctx, struct job *job, struct node **servers, size_t n_servers, struct node **from,
             size_t n_from, json_t **ret, struct err *e);
