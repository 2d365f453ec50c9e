// SPDX-License-Identifier: GPL-3.0-or-later
// Unified diffs of texts, three lines of context. Pure; any thread.
#pragma once

#include <stddef.h>

#include "base/buf.h"

// Adds "--- name\n+++ name\n@@ … @@\n…" to out; nothing when the texts are equal. A missing last newline is marked as
// diff(1) does. CR at a line's end is kept.
void diff_unified(const char *name, const char *a, size_t a_len, const char *b, size_t b_len, struct buf *out);
