// SPDX-License-Identifier: GPL-3.0-or-later
// What a journal says of the ways on from it. Any thread. See journal.h.
#include "core/journal/journal.h"

bool journal_is_workflow(const struct journal *j)
{
    return json_is_true(json_object_get(journal_about(j), "workflow"));
}

bool journal_is_record(const struct journal *j)
{
    return json_is_true(json_object_get(journal_about(j), "record"));
}

static bool is_committed(const struct journal *j)
{
    for (size_t i = 0; i < journal_steps(j); i++) {
        struct journal_step s = journal_step_at(j, i);
        if (s.state == STEP_DONE && json_is_true(json_object_get(s.about, "commit")))
            return true;
    }
    return false;
}

static bool is_being_undone(const struct journal *j)
{
    for (size_t i = 0; i < journal_steps(j); i++) {
        if (journal_step_at(j, i).state >= STEP_UNDOING)
            return true;
    }
    return false;
}

const char *journal_way_on(const struct journal *j)
{
    enum journal_state s = journal_get_state(j);
    if (journal_is_record(j))
        return s == JOURNAL_INTERRUPTED ? "rollback --forget" : "";
    if (!journal_is_workflow(j) || (s != JOURNAL_FAILED && s != JOURNAL_INTERRUPTED))
        return "";
    return is_committed(j) ? "resume" : is_being_undone(j) ? "rollback" : "resume or rollback";
}
