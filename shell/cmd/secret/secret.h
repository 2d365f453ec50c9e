// SPDX-License-Identifier: GPL-3.0-or-later
// What the commands on secrets share. Job threads. A value is in memory that is wiped, and on its way to libvirt; only
// what the operator has asked for (secret-get-value) becomes a result.
#pragma once

#include "cmd/engine/cmd.h"

struct virt_secret;

struct secret_value {
    unsigned char *s; // NULL: none
    size_t n;
};
void secret_value_release(struct secret_value *v); // wipes it

// The secret that the value at `opt` names, on the command's connection.
int secret_find(struct cmd_call *c, int opt, struct virt_secret **ret, struct err *e);
// The result {"uuid", "node"?}.
void secret_result(struct cmd_call *c, const struct virt_secret *secret);
