// SPDX-License-Identifier: GPL-3.0-or-later
// Words become typed values by a command's rows. Two steps: bind() needs only the inventory and runs at once (main
// thread), resolve() opens connections and finds domains, and runs on the job's thread.
#pragma once

#include "base/err.h"
#include "cmd/engine/cmd.h"

// The rows of a command plus those its flags add (--node); free the array. *ret_n counts them. Row i < own rows is
// def's i.
struct opt_def *cmd_opts(const struct cmd_def *def, size_t *ret_n);
size_t cmd_opts_count(const struct cmd_def *def); // def's own

// words[0] is the command's name. Fills c->vals. ERR_USAGE names the word that is wrong.
int cmd_bind(struct cmd_call *c, const struct strv *words, struct err *e);
// Opens c->conn, resolves domains.
int cmd_resolve(struct cmd_call *c, struct err *e);
void cmd_call_release(struct cmd_call *c);
// The --node rows' value, or NULL where the command has none.
struct opt_val *cmd_node_val(struct cmd_call *c);
// The nodes a CMD_EACH command goes to (references; node_list_free()); 0: one target, as cmd_resolve() finds it.
size_t cmd_targets(struct cmd_call *c, struct node ***ret);
