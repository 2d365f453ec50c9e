// SPDX-License-Identifier: GPL-3.0-or-later
// The ladder of Ctrl-C. Main thread. See stop.h.
#include "ui/stop.h"

#include <time.h>

#include "core/console/out.h"

static double now_s(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

enum stop_action stop_press(struct stop *s, const char *what)
{
    switch (s->presses++) {
    case 0:
        s->since_s = now_s();
        return STOP_CANCEL;
    case 1:
        out_notice(OUT_WARN,
                   "cancelled %.0f s ago, and still waiting for it to end: %s (Ctrl-C once more stops waiting)",
                   now_s() - s->since_s, what);
        return STOP_TOLD;
    default:
        return STOP_ABANDON;
    }
}
