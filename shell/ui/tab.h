// SPDX-License-Identifier: GPL-3.0-or-later
// The Tab key at the prompt. Main thread.
#pragma once

#include "core/console/ctx.h"

void tab_bind(struct ctx *ctx); // after rl_initialize()
