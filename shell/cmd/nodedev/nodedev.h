// SPDX-License-Identifier: GPL-3.0-or-later
// What the commands on a host's devices share. Job threads, but for the completion (main thread).
#pragma once

#include "cmd/engine/cmd.h"
#include "io/virt/nodedev.h"

// The device that the value of --device names, on the command's connection.
int nodedev_find(struct cmd_call *c, struct virt_nodedev **ret, struct err *e);
// The result {"name", "node"?}; it is remembered for completion.
void nodedev_result(struct cmd_call *c, const struct virt_nodedev *dev);
// "failed to VERB device 'NAME': …"; -1.
int nodedev_failed(const struct virt_nodedev *dev, const char *verb, struct err *e);
void nodedev_complete(struct ctx *ctx, const char *prefix, struct strv *out);

#define NODEDEV_ROW(flags, help)                                                                                       \
    {                                                                                                                  \
        "device", OPT_STRING, OPTF_POS | (flags), help, .complete = nodedev_complete                                   \
    }
#define NODEDEV_HELP "device name or wwn pair in 'wwnn,wwpn' format"
