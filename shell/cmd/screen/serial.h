// SPDX-License-Identifier: GPL-3.0-or-later
// Shared by the commands that end on a guest's console: console, start, create.
#pragma once

#include "cmd/engine/cmd.h"

// --console of what starts a guest.
#define CONSOLE_ROW                                                                                                    \
    {                                                                                                                  \
        "console", OPT_BOOL, 0, "attach to console after creation"                                                     \
    }

struct serial_opts {
    const char *devname, *escape; // NULL: the first device, $MIGSH_ESCAPE or ^]
    unsigned flags;
    int (*opened)(struct cmd_call *c, struct virt_dom *dom, struct err *e); // when it is open; may be NULL
};

// The terminal is the console's until the operator leaves it or the guest ends. Adds "followed" to c->result: the nodes
// that the guest was followed to.
int serial_attach(struct cmd_call *c, struct virt_dom *dom, const struct serial_opts *o, struct err *e);
