// SPDX-License-Identifier: GPL-3.0-or-later
// Keeps the seen names (ctx_names) fresh by itself, for the interactive shell: each connection that is opened is asked
// once for its domains and pools, in the background, and then watched by events. A command that runs once and ends must
// not pay for this, hence a switch.
#pragma once

struct ctx;

// From now on; main thread, once. The current target, if there is one, is connected to in the background.
void names_watch_start(struct ctx *ctx);
