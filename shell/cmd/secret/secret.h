// SPDX-License-Identifier: GPL-3.0-or-later
// What the commands on secrets share. Job threads. A value is only ever in memory that is wiped, and on its way to
// libvirt or (secret-get-value) to the operator.
#pragma once

#include "cmd/engine/cmd.h"

struct virt_secret;

// The secret that the value at `opt` names, on the command's connection.
int secret_find(struct cmd_call *c, int opt, struct virt_secret **ret, struct err *e);
// The result {"uuid", "node"?}.
void secret_result(struct cmd_call *c, const struct virt_secret *secret);
