// SPDX-License-Identifier: GPL-3.0-or-later
// Whether a command that destroys something (CMD_DESTROYS) is to be carried out where nobody has said on which host:
// the operator is asked. A job's thread.
#pragma once

#include "cmd/engine/cmd.h"

// After cmd_resolve(). ERR_CANCELLED: not wanted.
int confirm(struct cmd_call *c, struct err *e);
