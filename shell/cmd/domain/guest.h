// SPDX-License-Identifier: GPL-3.0-or-later
// Shared by the commands that see to a guest's files: on which machine those are.
#pragma once

#include "cmd/engine/cmd.h"

// The node of the call's connection, or NULL where the hypervisor is on this machine. Lent by c->where. *ret_root: its
// files are a system daemon's, so root's. ERR_UNSUPPORTED: on a host that is no node and cannot be reached by ssh.
int guest_node(struct cmd_call *c, struct node **ret, bool *ret_root, struct err *e);
