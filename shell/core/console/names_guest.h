// SPDX-License-Identifier: GPL-3.0-or-later
// What a guest has that commands name, for completion: its disks, network cards and devices.
#pragma once

struct ctx;
struct strv;

// Adds to `out` what is known of these: "disk" (targets and where they are stored), "drive" (targets of what takes
// media), "card" (the host's devices and MAC addresses), "alias". `place`: the label of where to look, NULL: wherever a
// guest of that name has been seen. `domain` as typed, so NAME or NAME@NODE. In the background the hypervisor is asked
// for the guest's description, so that the next time more is known, or what is true by then. Main thread; does not
// block, and asks nobody before names_watch_start().
void names_guest_of(struct ctx *ctx, const char *kind, const char *place, const char *domain, const char *prefix,
                    struct strv *out);
