// SPDX-License-Identifier: GPL-3.0-or-later
// A command of this machine that the operator asks for. Job threads.
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "io/ssh/remote.h"

struct job;

// Runs a line by sh. It has the terminal if results go to one that can be lent, and `quietly` is false: *ret_shown is
// true then, and what it printed is nowhere but there. Otherwise that is in the result, and its input is empty.
int here_run(struct job *job, const char *line, bool quietly, struct remote_result *result, bool *ret_shown,
             struct err *e);
