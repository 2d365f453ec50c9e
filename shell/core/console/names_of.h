// SPDX-License-Identifier: GPL-3.0-or-later
// What a guest or a pool has that commands name, for completion: a guest's disks, network cards, devices, snapshots and
// checkpoints; a pool's volumes. The hypervisor is asked in the background, so that the next time more is known, or
// what is true by then; nobody is asked before names_watch_start(). Main thread; does not block.
#pragma once

struct ctx;
struct strv;

// Where ctx_names_*() keep the names that `owner` has at the place of this label. The caller frees. Any thread.
char *names_of_place(const char *label, const char *owner);

// Adds to `out` what is known of these: "disk" (targets and where they are stored), "drive" (targets of what takes
// media), "card" (the host's devices and MAC addresses), "alias", "snapshot", "checkpoint". `place`: the label of where
// to look, NULL: wherever a guest of that name has been seen. `domain` as typed, so NAME or NAME@NODE.
void names_of_domain(struct ctx *ctx, const char *kind, const char *place, const char *domain, const char *prefix,
                     struct strv *out);
// The same of "vol". `pool` NULL: of every pool that is known there.
void names_of_pool(struct ctx *ctx, const char *kind, const char *place, const char *pool, const char *prefix,
                   struct strv *out);
