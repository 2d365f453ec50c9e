// SPDX-License-Identifier: GPL-3.0-or-later
// What repeated Ctrl-C means while something runs: first cancel, then tell what is being waited for, then stop waiting.
// Nothing is left in doubt silently. Main thread.
#pragma once

#include <stdbool.h>

struct stop {
    int presses;
    double since_s;
};

enum stop_action {
    STOP_CANCEL, // ask it to end
    STOP_TOLD,   // nothing to do: the operator has been told what is being waited for
    STOP_ABANDON // go on without it
};

// `what` is the command's text, for the notice.
enum stop_action stop_press(struct stop *s, const char *what);
