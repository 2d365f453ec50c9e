// SPDX-License-Identifier: GPL-3.0-or-later
// Lets a guest begin to run on one host, and sees to it that of all consoles that do so at once at most one succeeds.
// Job threads.
//
// Between asking the other hosts and starting here somebody may start it there. So it is brought up paused, which the
// others can see, and they are asked again; only then it goes on. Whoever finds another copy then takes his own back,
// which had not run yet; where both are paused still, the host that comes first by its own identity goes on, once the
// other is gone. A console that dies in between leaves a paused guest, which no other host can be started beside;
// resume lets it run.
#pragma once

#include <stdbool.h>

#include "core/guest/copies.h"

struct virt_dom;

struct fence {
    struct copies_query q;
    // Brings it up here: paused where `paused`, else as the operator wants it. The caller of fence_begin() owns *ret.
    int (*begin)(void *data, bool paused, struct virt_dom **ret, struct err *e);
    void *data;
    bool stay_paused;    // it does not run in the end either
    bool saved;          // it goes on from a managed save, which is made again when it is taken back
    unsigned save_flags; // of virt_dom_managed_save(), for that
};

// Nobody else has it: see copies_judge(). Without other hypervisors nobody is asked, and nothing is paused.
int fence_begin(struct fence *f, struct virt_dom **ret, struct err *e);

enum fence_verdict {
    FENCE_FREE,  // nobody else has it
    FENCE_WAIT,  // others have it that were brought up at the same moment and will see that this one is the first
    FENCE_YIELD, // one runs, or is the first, or does not answer
};
// Pure: what it means that others have it although they had not just before.
enum fence_verdict fence_judge(const struct copies *c, bool force);
