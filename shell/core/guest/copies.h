// SPDX-License-Identifier: GPL-3.0-or-later
// Never two running copies of a guest: the other hypervisors of the inventory are asked whether they have it. Job
// threads. Nothing is changed on any host; what is seen is remembered (core/guest/seen.h). Who lets a guest run is
// core/guest/fence.h.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/mem.h"
#include "core/console/ctx.h"

struct buf;
struct job;
struct virt_conn;

struct copies_query {
    struct ctx *ctx;
    struct job *job;
    const char *name, *uuid;   // the guest; by its UUID it is found
    const struct target *here; // where it is to run
    struct virt_conn *conn;    // the connection to there
    int id;                    // its id there; -1: it is not active there
    bool resume;               // it is there already, paused: a copy that waits for its memory is no obstacle
    bool force;                // a node that does not answer is warned of, not refused
};

// What another hypervisor said.
struct copy_answer {
    struct node *node;
    const char *state, *reason; // NULL: not active there. Paused is active, too: it may go on at any moment
    char *name;                 // what it is called there
    bool first;                 // active: of two hosts that start it at the same moment, that one goes on
    struct err err;             // it did not answer
};

struct copies {
    struct copy_answer *answers;
    size_t n; // 0: there are no others
};
void copies_release(struct copies *c);
#define _cleanup_copies_ _cleanup_(copies_release)

// Asks them all at once, each for a few seconds at most. One that did not answer `before` (or NULL) is not asked again.
// Which of two hosts is the first is told by their own identities, so all consoles say the same. -1: cancelled.
int copies_ask(const struct copies_query *q, const struct copies *before, struct copies *ret, struct err *e);

// "whether 'web' runs on c is not known: why; …" of those that did not answer, added to `out`. false: all did.
bool copies_unknown(const struct copies_query *q, const struct copies *c, struct buf *out);

// ERR_STATE: one has it active. ERR_UNREACHABLE: one did not answer, and q->force is not set. Pure, but for the warning
// where it is, and for what was remembered.
int copies_judge(const struct copies_query *q, const struct copies *c, struct err *e);
// Both of them.
int copies_refuse(const struct copies_query *q, struct err *e);
