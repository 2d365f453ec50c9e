// SPDX-License-Identifier: GPL-3.0-or-later
// The inside of core/edit: files on nodes (edit_file.c), the run of a plan (edit.c), taking back (edit_revert.c),
// reports (edit_report.c), commands (edit_command.c). Job threads.
#pragma once

#include "base/mem.h"
#include "core/change/edit.h"
#include "core/node/ask.h"
#include "core/node/place.h"
#include "io/digest.h"

// A file on a node, as gathered in one round trip.
struct edit_file {
    struct change_file now;
    char *real;           // the path with ~ and links resolved
    char *host;           // what the machine calls itself
    bool has_dir;         // its directory is there
    char sha[DIGEST_HEX]; // of the content; "absent"
};
void edit_file_release(struct edit_file *f);
#define _cleanup_edit_file_ _cleanup_(edit_file_release)

// `node` NULL: the admin's machine. Errors: what place_exec() says; ERR_STATE: not a regular file; ERR_UNSAFE: too
// large.
int edit_file_gather(struct ctx *ctx, struct job *job, struct node *node, const char *path, bool as_user,
                     struct edit_file *ret, struct err *e);

struct edit_write {
    const struct edit_file *old;
    const struct change_file *new_file;
    bool as_user;
    int mode;          // of a file that has to be made
    int dir_mode;      // make the directory; 0: do not
    const char *owner; // or NULL
    bool no_backup;    // drop migsh's backups instead of making one
    bool drop_dir;     // remove the directory if it is empty then
};
// 1: the file is not the one seen any more, nothing was done. *ret_note: a warning, when it could not be
// renamed over (a mount point, a foreign group); lives for ever.
int edit_file_write(struct ctx *ctx, struct job *job, struct node *node, const struct edit_write *w,
                    const char **ret_note, struct err *e);
// The exact words of that write, for people.
char *edit_file_words(const struct edit_write *w);

// One change in the report.
struct edit_item {
    const struct change *change; // NULL in a revert
    const char *node;
    char *what, *path;
    const char *state;
    json_t *diff, *words, *notes; // or NULL
    struct err err;
};
// The state that an error stands for.
const char *edit_error_state(const struct err *err);
json_t *edit_item_json(const struct edit_item *item);
void edit_item_release(struct edit_item *item);
// Ends a report: -1 with a summary of all errors and the first one's code and hint.
int edit_sum_up(const struct edit_item *items, size_t n, struct err *e);
json_t *edit_diff(const char *path, const struct change_file *a, const struct change_file *b);
void edit_progress(const char *title, const char *node, const char *text, bool done);
// What undoing needs to find the node again, should it have left the inventory. null: the admin's machine.
json_t *edit_node_about(const struct node *n);
void edit_add_note(struct edit_item *item, const char *text);
// What a command has to say besides: its facts "note TEXT".
void edit_take_notes(struct edit_item *item, const struct facts *facts);
json_t *edit_error_json(const struct err *e);

struct edit_run {
    struct ctx *ctx;
    struct job *job;
    const struct plan *plan;
    enum edit_mode mode;
    struct journal *journal;
    struct edit_item *items; // one for each change
    size_t *order;           // indices of the changes, node by node
    size_t *from;            // where in `order` a node begins; one more than there are nodes
    size_t nodes;
};

// Neighbouring changes of one node to one file: one write, one step of the journal.
struct edit_step {
    struct edit_run *r;
    struct node *node;
    const size_t *index; // n of run's order
    size_t n;
};

static inline const struct change *edit_change(const struct edit_step *s, size_t i)
{
    return s->r->plan->changes[s->index[i]];
}

static inline struct edit_item *edit_step_item(const struct edit_step *s, size_t i)
{
    return &s->r->items[s->index[i]];
}

static inline void edit_step_state(const struct edit_step *s, const char *state)
{
    for (size_t i = 0; i < s->n; i++)
        edit_step_item(s, i)->state = state;
}

// A change's keep or undo_keep, over a new login. ERR_FAILED with what it says when it says no.
struct edit_keep {
    const char *script;
    bool as_user;
    double ms;
};
int edit_keep(struct ctx *ctx, struct job *job, struct node *node, const struct edit_keep *k, struct facts *ret,
              struct err *e);
// One change of the kind COMMAND; the item's state is set unless it fails.
int edit_run_command(const struct edit_step *s, struct err *e);
// The change's own test of its effect, after something was done, or when only testing. A failure goes into the item.
void edit_run_verify(const struct edit_step *s, const struct change *c, struct edit_item *item);
