// SPDX-License-Identifier: GPL-3.0-or-later
// Journals that are named. Main thread. See complete_journal.h.
#include "cmd/engine/complete_journal.h"

#include "core/journal/journal.h"

static void complete(const char *prefix, bool unfinished, struct strv *out)
{
    _cleanup_strv_ struct strv ids = STRV_INIT;
    _cleanup_err_ struct err ignored = ERR_INIT;
    journal_list(NULL, &ids, &ignored);
    for (size_t i = 0; i < ids.n; i++) {
        if (str_starts(ids.s[i], prefix) && (!unfinished || journal_may_go_on(ids.s[i])))
            strv_add(out, ids.s[i]);
    }
}

void complete_journal(struct ctx *ctx, const char *prefix, struct strv *out)
{
    (void)ctx;
    complete(prefix, false, out);
}

void complete_unfinished(struct ctx *ctx, const char *prefix, struct strv *out)
{
    (void)ctx;
    complete(prefix, true, out);
}
