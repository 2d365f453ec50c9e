// SPDX-License-Identifier: GPL-3.0-or-later
// A result that is taller than the screen, through the operator's pager ($MIGSH_PAGER, $PAGER, or less). Main thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/paint.h"

struct job;

// Would the text be looked at through a pager? Not where nobody sits at a prompt, where it fits on the screen, and
// where the operator wants none ("cat", or an empty name).
bool pager_wants(const char *text);
// Shows the text, and calls done() on the main thread when the operator has left the pager; leaving it early is no
// error. Where there is no such program, or the terminal is in use, the text is printed as any other. NULL: no thread,
// and nothing was shown.
struct job *pager_start(const char *text, size_t n, const struct paint *paint, void (*done)(void *data), void *data);
