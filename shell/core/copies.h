// SPDX-License-Identifier: GPL-3.0-or-later
// Never two running copies of a guest: before a guest begins to run on one host, the others of the inventory are asked
// whether they have it. Job threads. Nothing is changed on any host.
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "core/ctx.h"

struct job;
struct virt_conn;

struct copies_query {
    struct ctx *ctx;
    struct job *job;
    const char *name, *uuid;   // the guest; by its UUID it is found
    const struct target *here; // where it is to run
    struct virt_conn *conn;    // the connection to there
    bool resume;               // it is there already, paused
};

// ERR_STATE when another hypervisor of the inventory has it active (paused, too: it may go on at any moment). A copy
// that waits for the memory of a migration stands in the way of a start, but not of a resume of its source. Without an
// inventory nobody is asked. A node that does not answer within a few seconds is warned of, and does not stop anything.
int copies_refuse(const struct copies_query *q, struct err *e);
