// SPDX-License-Identifier: GPL-3.0-or-later
// The Tab key at the prompt. Main thread.
#pragma once

#include "core/console/ctx.h"

struct buf;

// After rl_initialize(). `lines`: those before the one that is typed, where it goes on; they must stay.
void tab_bind(struct ctx *ctx, const struct buf *lines);
