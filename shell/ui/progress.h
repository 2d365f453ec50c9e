// SPDX-License-Identifier: GPL-3.0-or-later
// A progress value (core/console/out.h) as one line for people. Pure; any thread.
#pragma once

#include <jansson.h>

#include "base/buf.h"

// "[=====>    ]  52 %  text", the text alone without "percent"; cut to `width` terminal columns. No newline, no control
// bytes.
void progress_line(const json_t *value, int width, struct buf *out);
// Text fit for a terminal, on one line and cut to `width` columns. UTF-8 is never cut inside a character.
void progress_clip(const char *text, int width, struct buf *out);
