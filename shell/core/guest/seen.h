// SPDX-License-Identifier: GPL-3.0-or-later
// Where each guest was last seen active, remembered for the day on which a host does not answer. One small file for
// each guest, $XDG_STATE_HOME/migsh/seen/UUID.json, replaced whole. A memory, not evidence: it is told, never judged
// by. Any thread.
#pragma once

#include <stdbool.h>

struct buf;

// `state` as in virt_dom_state(). A file that cannot be written is warned of.
void seen_note(const char *uuid, const char *node, const char *state);
// Adds "it was last seen running on dest, 2026-11-24 16:01:53"; false: nothing is known.
bool seen_tell(const char *uuid, struct buf *out);
