// SPDX-License-Identifier: GPL-3.0-or-later
// Where a guest is after a migration that did not end well: what both hosts say, and what that means. Nothing is ever
// stopped, resumed or undefined here. Job threads.
#pragma once

#include "base/err.h"
#include "core/console/ctx.h"
#include "io/virt/migrate.h"

enum migrate_verdict {
    MIGRATE_ON_SOURCE,     // runs there as before
    MIGRATE_SHUT_OFF,      // shut off on the source as before
    MIGRATE_SHUT_OFF_DEST, // shut off, and defined on the destination only
    MIGRATE_PAUSED,        // paused on the source
    MIGRATE_ON_DEST,       // runs on the destination only
    MIGRATE_ON_BOTH,       // two running copies
    MIGRATE_PAUSED_DEST,   // only the destination has it, paused
    MIGRATE_POSTCOPY,      // split between the two by a post-copy that broke
    MIGRATE_UNDECIDED,     // both have it, neither plainly runs it: may still change
    MIGRATE_NOWHERE,       // neither has it
    MIGRATE_NO_ANSWER,     // who may have it did not answer
};

// Pure. VIRT_UNKNOWN: that side was not asked or did not answer.
enum migrate_verdict migrate_judge(enum virt_presence source, enum virt_presence dest);

struct migrate_where {
    struct ctx *ctx;
    const char *name, *uuid;
    const struct target *source, *dest;
    struct virt_conn *source_conn; // as used by the migration; may be dead
    struct virt_conn *dest_conn;   // NULL: the migration had none
    bool was_off;                  // shut off when it began
    bool lost;                     // the error does not tell: ask with fresh connections
};

// Asks both hosts, again for a few seconds while the answer may still change, and adds to `e` (the migration's error)
// where the guest is, and a hint where somebody must act.
void migrate_where_add(const struct migrate_where *w, struct err *e);
