// SPDX-License-Identifier: GPL-3.0-or-later
// What the commands on a host's network interfaces share. Job threads.
#pragma once

#include "cmd/engine/cmd.h"
#include "io/virt/iface.h"

// The interface that the value at `opt` names, on the command's connection.
int iface_find(struct cmd_call *c, int opt, struct virt_iface **ret, struct err *e);
// Its configuration; of a driver that has one description only, that.
int iface_config(struct virt_iface *iface, char **ret, struct err *e);
// The result {"name", "mac", "node"?}; it is remembered for completion.
void iface_result(struct cmd_call *c, const struct virt_iface *iface);
