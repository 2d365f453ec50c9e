// SPDX-License-Identifier: GPL-3.0-or-later
// What the commands about hosts share. Job threads, but for the completions (main thread).
#pragma once

#include "cmd/engine/cmd.h"

// The text is the result, and freed; 0.
int host_text(struct cmd_call *c, char *text);

void host_complete_arch(struct ctx *ctx, const char *prefix, struct strv *out);
void host_complete_virttype(struct ctx *ctx, const char *prefix, struct strv *out);

// Which of a host's hypervisors is meant, as libvirt's calls take it.
#define VIRTTYPE_ROW                                                                                                   \
    {                                                                                                                  \
        "virttype", OPT_STRING, OPTF_POS, "virtualization type (/domain/@type)", .complete = host_complete_virttype    \
    }
#define ARCH_ROW                                                                                                       \
    {                                                                                                                  \
        "arch", OPT_STRING, OPTF_POS, "CPU architecture (/domain/os/type/@arch)", .complete = host_complete_arch       \
    }
#define MACHINE_ROW                                                                                                    \
    {                                                                                                                  \
        "machine", OPT_STRING, OPTF_POS, "machine type (/domain/os/type/@machine)"                                     \
    }
#define HYPERVISOR_ROWS                                                                                                \
    [VIRTTYPE] = VIRTTYPE_ROW,                                                                                         \
    [EMULATOR] = {"emulator", OPT_STRING, OPTF_POS, "path to emulator binary (/domain/devices/emulator)"},             \
    [ARCH] = ARCH_ROW, [MACHINE] = MACHINE_ROW
