// SPDX-License-Identifier: GPL-3.0-or-later
// Signals, ^C and questions around a command, script or batch that is not typed at our prompt. Main thread.
#pragma once

#include <stdbool.h>

// Ctrl-C, SIGINT, SIGTERM and SIGHUP call cancel(data) once; pressed again they tell what is being waited for, and the
// third time the process ends without knowing. `own_keys`: on a terminal, take its keys (see ui/term.h); false where
// somebody else reads them: our own standard input, or a pager behind our standard output.
void oneshot_start(const char *what, bool own_keys, void (*cancel)(void *data), void *data);
// Gives the terminal back, with what was typed ahead. Returns the signal that was told to us, or 0.
int oneshot_end(void);
