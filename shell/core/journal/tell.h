// SPDX-License-Identifier: GPL-3.0-or-later
// What this machine's administrators and those of the nodes can read of an undertaking in their systemd journals: that
// it begins, and what became of it. Nothing secret, as there is nothing secret in a journal of ours. A job's thread.
#pragma once

#include <jansson.h>

#include "core/journal/journal.h"

enum journal_event {
    JOURNAL_BEGINS, // begun, or taken up again
    JOURNAL_ENDS,   // done, failed, taken back or left in the middle, as it is now
};

// Writes it to the journal here, and returns the fields, {"MESSAGE": …}, new, for those of the nodes; NULL, and nothing
// is told, where the undertaking is not about a guest.
json_t *journal_tell(const struct journal *j, enum journal_event event);
// The fields alone. Pure.
json_t *journal_tell_fields(const struct journal *j, enum journal_event event);
