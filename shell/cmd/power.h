// SPDX-License-Identifier: GPL-3.0-or-later
// What the commands that start, stop and change a domain share.
#pragma once

#include <stddef.h>

#include "cmd/cmd.h"

// The result {"name", "uuid", "node"?}: which domain it was, for the message and for a script.
void domain_result(struct cmd_call *c, const struct virt_dom *dom);
// "failed to VERB domain 'NAME': …"; for ERR_STATE without a hint of its own, `state_hint`. Returns -1.
int domain_failed(const struct virt_dom *dom, const char *verb, const char *state_hint, struct err *e);
// Before a guest begins to run here: ERR_STATE when another node of the inventory has it active. See core/copies.h.
int domain_runs_once(struct cmd_call *c, const char *name, const char *uuid, bool resume, struct err *e);
// A description of the admin's: ERR_NOT_FOUND and the like name the file. The caller frees *ret.
int domain_read_file(const char *path, char **ret, struct err *e);
// "3,4": file descriptors for the guest; the caller frees *ret.
int parse_fds(const char *text, int **ret, size_t *ret_n, struct err *e);
