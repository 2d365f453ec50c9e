// SPDX-License-Identifier: GPL-3.0-or-later
// What every command that changes nodes by a plan has in common: --plan, --apply, --verify, --revert, the question when
// none is given, the journal, and how a report is shown. Job threads, but for apply_render().
//
//     enum { NODES };
//     static const struct opt_def opts[] = {[NODES] = {…}, APPLY_ROWS, {NULL}};
//     static int make(struct cmd_call *c, enum apply_mode mode, void *data, struct plan *p, struct err *e) {…}
//     static int run(struct cmd_call *c, struct err *e)
//     {
//         …
//         return apply_run(c, apply_mode_of(c), &(struct apply){…}, e);
//     }
//     const struct cmd_def cmd_x = {…, .view = {VIEW_CUSTOM, .render = apply_render}, .run = run};
#pragma once

#include "cmd/engine/cmd.h"
#include "core/change/change.h"
#include "core/change/edit.h"

// Behind the command's own rows.
#define APPLY_ROWS                                                                                                     \
    {"plan", OPT_BOOL, 0, "show what would be done, and do nothing", .excludes = "apply|verify|revert"},               \
        {"apply", OPT_BOOL, 0, "do it without a question", .excludes = "verify|revert"},                               \
        {"verify", OPT_BOOL, 0, "only test whether it is done and works", .excludes = "revert"},                       \
        {"revert", OPT_BOOL, 0, "take back what migsh did here"},                                                      \
    {                                                                                                                  \
        "journal", OPT_STRING, 0, "add to this journal; with --revert: take back this one alone"                       \
    }

enum apply_mode {
    APPLY_MODE_ASK, // none given: plan, question, apply
    APPLY_MODE_PLAN,
    APPLY_MODE_APPLY,
    APPLY_MODE_VERIFY,
    APPLY_MODE_REVERT,
};
enum apply_mode apply_mode_of(const struct cmd_call *c); // of a command with APPLY_ROWS

// Fills the plan; may look at the nodes (c->job, place_exec()). 0, or -1 and nothing is run. With several stages and
// nothing applied yet (the mode is ASK or PLAN), what cannot be known before the stage in front has run is left out,
// with a notice. Not called for REVERT: the journals know.
typedef int apply_make(struct cmd_call *c, enum apply_mode mode, void *data, struct plan *plan, struct err *e);
// One plan of a command. A command that needs more (the second built from what the first made: keys that are there now)
// has several stages, which share one journal.
struct apply_stage {
    apply_make *make;
};

struct apply {
    const char *title;        // journal's command: what a later --revert looks for; the command's name
    const json_t *about;      // lent, an object or NULL: a journal belongs to this call only if its about equals this
    const struct strv *nodes; // names for --revert; NULL: all that the journals know
    const struct apply_stage *stages;
    size_t n_stages;
    void *data; // for make()
};
// Does what the mode says; c->result becomes {"mode", "journal" (id, after applying), "changed": count, "items":
// report}. With APPLY_MODE_ASK and nobody to ask: ERR_USAGE with the plan as the result and a hint. REVERT takes back
// all journals of this title and about that are not reverted yet, newest first; with --journal (if the command has that
// row) that one alone. Exit status and error are edit_run()'s.
int apply_run(struct cmd_call *c, enum apply_mode mode, const struct apply *a, struct err *e);
// The same for a command of one node and one stage, in the mode that its options say. Takes `about`.
int apply_node(struct cmd_call *c, const struct node *node, json_t *about, apply_make *make, void *data, struct err *e);

// Puts what was refused (edit_refusal()) behind the result's items, and says how many there are if the command has not
// failed already: `status` is apply_run()'s, `code` that of the first of them.
int apply_refused(struct cmd_call *c, json_t *refused, enum err_code code, int status, struct err *e);

// The view of such a result: each change with its notes and diff, the words for --plan, then a table Node, What, State.
void apply_render(const json_t *value, struct buf *out);
