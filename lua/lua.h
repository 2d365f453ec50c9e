// SPDX-License-Identifier: GPL-3.0-or-later
// The Lua engine, as main.c sees it: it registers itself with core/console/script.h, and that is how everybody else
// reaches it. Main thread only. The interpreter is made at its first use, so plain commands do not pay for it.
#pragma once

#include <stdbool.h>

#include "core/console/ctx.h"

void lua_engine_init(struct ctx *ctx);

// Cancels what still runs, turns the loop until that has ended (at most `patience_ms`) and closes the interpreter.
// False: something hangs and nothing was freed; the process should end with _exit().
bool lua_engine_close(int patience_ms);
