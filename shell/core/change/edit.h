// SPDX-License-Identifier: GPL-3.0-or-later
// The one way in which migsh changes a node: gather what is there, judge what shall be there, show it, do it, test it,
// take it back. Job threads; nodes in parallel. Knows no particular file: what to write comes as a plan
// (core/change/change.h).
//
// A file is read whole with its sha256, and the new content computed here. One script on the node then takes a lock,
// looks whether the file is still the one seen (if not, the whole is judged anew, by itself), receives all bytes and
// checks their sha256 before it touches anything, and renames a synced copy with the old mode, owner and label into
// place. So a reader sees the old file or the new one, and a connection cut anywhere leaves the old one.
#pragma once

#include <jansson.h>

#include "base/err.h"
#include "base/strv.h"
#include "core/change/change.h"
#include "core/console/ctx.h"
#include "core/journal/journal.h"

struct job;

enum edit_mode {
    EDIT_PLAN,   // look only
    EDIT_APPLY,  // look, and do what is not yet so; then test the effect
    EDIT_VERIFY, // test only: is all as wished, and do the changes' own tests succeed
};

// The report is an array, an item for each change (changes written to one file together share a step, so the diff is
// with the first of them):
//   {"node": "source" or "(admin)", "what": …, "path": … (files),
//    "state": "unchanged" | "planned" | "changed" | "verified" | "reverted" | "skipped" | "conflict" | "unreachable"
//             | "failed",
//    "diff": unified diff (where something changes), "words": [the remote words], "notes": [warnings],
//    "error": {"code", "msg", "hint"} (the last three states)}
// `journal` is needed for EDIT_APPLY only, and may be shared by plans that run one after another. Changes of a node
// behind a failed one are "skipped"; other nodes go on. -1 with the first failure's code and a summary when any change
// is not as wished (then *ret_report is set too: the one output that is filled on failure; NULL if nothing could be
// begun).
int edit_run(struct ctx *ctx, struct job *job, const struct plan *plan, enum edit_mode mode, struct journal *journal,
             json_t **ret_report, struct err *e);

// Takes back the steps of a journal that did or may have done something, last first; `nodes` (NULL: all) limits it to
// these, "(admin)" among them. With `dry` only shows what would happen ("planned"). The journal must be open for
// writing unless `dry`. Report and failure as above.
int edit_revert(struct ctx *ctx, struct job *job, struct journal *journal, const struct strv *nodes, bool dry,
                json_t **ret_report, struct err *e);

// An item of such a report for what no plan was made for; the caller's.
json_t *edit_refusal(const char *node, const char *what, const char *state, const struct err *why);
// Tells of one and adds it to `refused`, unless it is there: a plan may be made once more, to be carried out. *code
// becomes that of the first.
void edit_refuse(json_t *refused, enum err_code *code, const char *node, const char *what, const char *state,
                 const struct err *why);

#define EDIT_ADMIN "(admin)"
