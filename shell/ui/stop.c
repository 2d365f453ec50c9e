// SPDX-License-Identifier: GPL-3.0-or-later
// The ladder of Ctrl-C. Main thread. See stop.h.
#include "ui/stop.h"

#include <time.h>

#include "base/clock.h"
#include "core/console/out.h"

enum stop_action stop_press(struct stop *s, const char *what)
{
    switch (s->presses++) {
    case 0:
        s->since_s = clock_mono_s();
        return STOP_CANCEL;
    case 1:
        out_notice(OUT_WARN,
                   "cancelled %.0f s ago, and still waiting for it to end: %s (Ctrl-C once more stops waiting)",
                   clock_mono_s() - s->since_s, what);
        return STOP_TOLD;
    default:
        return STOP_ABANDON;
    }
}
