// SPDX-License-Identifier: GPL-3.0-or-later
// What a node calls itself, and what of that is taken from it. A node may call itself what it likes, but whoever has a
// host key or a certificate under a name may play whoever is meant by it: so a name is taken only where it leads from
// here to where this console was shown the node's host key. Job threads.
#pragma once

#include <stdbool.h>

#include "base/strv.h"
#include "core/console/ctx.h"

struct job;

enum { NODE_NAMES_MAX = 32 }; // so many are tried

// Does each machine mean itself by that name (localhost …) or address (127.0.0.0/8, ::1, unspecified)? Pure.
bool node_name_is_anybodys(const char *name);
// ret_proved[i]: does said->s[i] lead to the node, and nowhere else?
void node_names_prove(struct ctx *ctx, struct job *job, struct node *node, const struct strv *said, bool *ret_proved);
