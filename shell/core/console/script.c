// SPDX-License-Identifier: GPL-3.0-or-later
// Holds the one script engine. Main thread. See script.h.
#include "core/console/script.h"

static const struct script_ops *ops;

void script_set_ops(const struct script_ops *o)
{
    ops = o;
}

const struct script_ops *script_ops(void)
{
    return ops;
}

static void (*poll_fn)(void);

void script_set_poll(void (*fn)(void))
{
    poll_fn = fn;
}

void script_poll(void)
{
    if (poll_fn)
        poll_fn();
}
