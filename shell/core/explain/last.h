// SPDX-License-Identifier: GPL-3.0-or-later
// The last error that a console of this user has shown: one small file, $XDG_STATE_HOME/migsh/last-error.json, replaced
// whole. A memory, for `explain`. Main thread.
#pragma once

#include <jansson.h>

#include "base/err.h"

// Remembers what was shown; `command` is the command's name, or NULL. A file that cannot be written is warned of once.
void last_error_note(const char *command, const struct err *shown);
// *ret: {"command": text|null, "message", "hint": text|null, "code", "time": seconds since the epoch}; the caller's.
// ERR_NOT_FOUND: none is remembered.
int last_error_read(json_t **ret, struct err *e);
