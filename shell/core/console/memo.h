// SPDX-License-Identifier: GPL-3.0-or-later
// What the consoles of a user remember: small JSON files below $XDG_STATE_HOME/migsh, each replaced whole. A memory,
// not evidence. Any thread; short blocking on a local disk.
#pragma once

#include <jansson.h>

#include "base/err.h"

// `name` is a path below that directory: "seen/UUID.json".
int memo_write(const char *name, const json_t *value, struct err *e);
// *ret is an object, the caller's. ERR_NOT_FOUND: nothing is remembered; ERR_IO: what is there migsh has not written.
int memo_read(const char *name, json_t **ret, struct err *e);
// What was read has not the shape that its reader gave it: the same ERR_IO. Returns -1.
int memo_unexpected(const char *name, struct err *e);
void memo_drop(const char *name);
