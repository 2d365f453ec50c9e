// SPDX-License-Identifier: GPL-3.0-or-later
// What the commands on a domain's network cards share.
#pragma once

#include "cmd/engine/cmd.h"
#include "io/virt/device.h"

// What a change of a device is to affect, as bits of enum virt_affect.
#define AFFECT_PERSISTENT_ROW                                                                                          \
    {                                                                                                                  \
        "persistent", OPT_BOOL, 0, "make live change persistent", .bits = VIRT_AFFECT_CONFIG                           \
    }
#define AFFECT_CONFIG_ROW                                                                                              \
    {                                                                                                                  \
        "config", OPT_BOOL, 0, "affect next boot", .bits = VIRT_AFFECT_CONFIG                                          \
    }
#define AFFECT_LIVE_ROW                                                                                                \
    {                                                                                                                  \
        "live", OPT_BOOL, 0, "affect running domain", .bits = VIRT_AFFECT_LIVE                                         \
    }
#define AFFECT_CURRENT_ROW                                                                                             \
    {                                                                                                                  \
        "current", OPT_BOOL, 0, "affect current domain", .excludes = "persistent|config|live"                          \
    }
// The bits of these, of a change of this domain.
unsigned interface_affects(const struct cmd_call *c, const struct virt_dom *dom);
#define AFFECT_STATE_HINT "--config is for a domain that does not run"
