// SPDX-License-Identifier: GPL-3.0-or-later
// Keeps the seen names (ctx_names) fresh by itself, for the interactive shell: each connection that is opened is
// asked once for its domains and pools, in the background, and then watched by events; for other kinds when the first
// is wanted. A command that runs once and ends must not pay for this, hence a switch.
#pragma once

struct ctx;

// From now on; main thread, once.
void names_watch_start(struct ctx *ctx);
// Names of that kind ("domain", "network" …) are wanted. Connects in the background to the node of that name, or (NULL,
// or no node's name) to where a command without --node would look: to the current host, else to the inventory's
// hypervisors. Each is tried once. Main thread; does nothing before names_watch_start().
void names_watch_look(struct ctx *ctx, const char *kind, const char *node);
