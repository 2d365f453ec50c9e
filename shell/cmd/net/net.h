// SPDX-License-Identifier: GPL-3.0-or-later
// What the commands on networks share. Job threads.
#pragma once

#include "cmd/engine/cmd.h"

struct virt_net;

// The network that the value at `opt` names, on the command's connection.
int net_find(struct cmd_call *c, int opt, struct virt_net **ret, struct err *e);
// The result {"name", "uuid", "node"?}.
void net_result(struct cmd_call *c, const struct virt_net *net);
