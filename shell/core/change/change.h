// SPDX-License-Identifier: GPL-3.0-or-later
// What is to be true on a node: the wishes that core/change/edit.h compares with what is there, shows, carries out, and
// takes back. This file owns the wishes and the pure functions that turn the old bytes of a file into the new ones, and
// back; no input or output here, any thread.
//
//     struct plan *p = plan_new("hosts-sync");
//     struct change *c = plan_add(p, node, CHANGE_BLOCK, "names of the nodes");
//     c->path = xstrdup("/etc/hosts");
//     c->tag = xstrdup("default");
//     change_set_text(c, "192.0.2.1 source\n", len);
//
// The changes of one node are carried out in the order they were added, different nodes at the same time; so what must
// wait for another node goes into a second plan (both may share one journal). Neighbouring changes of one node to the
// same path are done in one write.
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/strv.h"

struct node;

enum change_kind {
    CHANGE_BLOCK,   // text between "# BEGIN MIGSH <tag>" and "# END MIGSH <tag>"
    CHANGE_LINES,   // lines that must be there, must not be there, or must read otherwise
    CHANGE_FILE,    // a whole small file
    CHANGE_COMMAND, // what only a command can do, with a command that tells whether it is done, and one that undoes it
};

// What makes two lines of a file "the same line" (the blob of an authorized_keys line, the name and key type of a
// known_hosts line). `line` has no line end and is not NUL-terminated. NULL: a line that is the same as no other (a
// comment). The caller frees.
typedef char *change_key_fn(const char *line, size_t len);
// What a line outside of migsh's blocks shall be instead: malloc()ed, without line end; NULL: as it is. Pure; `data` is
// the change's.
typedef char *change_rewrite_fn(const char *line, size_t len, const void *data);
// Looks at a file before it is changed; adds strings to the array `notes`, each a warning for the operator. Pure.
struct change;
typedef void change_inspect_fn(const struct change *c, const char *old, size_t len, json_t *notes);

// The new text of a file (absent: "") into ret_new, equal to `old` when nothing is to be done. Pure.
typedef int change_edit_fn(const struct change *c, const char *old, size_t len, struct buf *ret_new, struct err *e);

// All strings are owned by the change. Unset fields are NULL, 0, false.
struct change {
    enum change_kind kind;
    struct node *node; // NULL: the machine migsh runs on
    char *what;        // for people: "names of the nodes"
    bool as_user;      // with the rights of the login user; otherwise as root (by sudo if need be)
    char *verify; // sh text that tests the effect, NULL for none: status 0 is success, else its output says why not

    // BLOCK, LINES, FILE. A path is absolute, "~/…" (home of the login user), or "~NAME/…" (home of the user NAME). A
    // symlink is followed. What follows `path` counts for a file (and directory) that has to be made only.
    char *path;
    int mode;       // 0: 0644
    int dir_mode;   // make a missing directory of the file with this mode; 0: a missing directory is an error
    char *owner;    // user name; NULL: who writes
    bool no_backup; // keep none beside the file, and drop older ones: what is taken out (a key) must not stay there

    char *tag;  // BLOCK: [A-Za-z0-9._-]+
    char *text; // BLOCK: the lines between the markers; FILE: the content. NULL: the block or file must not be there
    size_t text_len;

    struct strv add;            // LINES: without line end; added at the end unless a line with the same key is there
    struct strv remove;         // LINES: all lines with the key of one of these go
    change_key_fn *key;         // LINES, for add and remove; NULL: the whole line
    change_rewrite_fn *rewrite; // LINES: lines to be changed where they stand
    // LINES, instead of the above: makes the whole new text from the whole old one. Taken back is what differs: the
    // lines between the first and the last change.
    change_edit_fn *edit;
    change_inspect_fn *inspect;
    // Is told what the machine calls itself, before any of the above; keeps it in data.
    void (*meet)(struct change *c, const char *host);
    void *data; // for rewrite, inspect and meet; lives as long as the plan
    void (*free_data)(void *data);

    // COMMAND. sh texts (put foreign words in by remote_quote_words()). Each must work when run again after having been
    // cut off, as a console may be killed while it runs.
    char *check; // status 0: nothing to do; afterwards it must be 0 or the change has failed
    bool seen;   // the plan's maker has just looked: it is to be done, and need not be asked first
    char *run;
    char *undo; // NULL: cannot be taken back, and the plan says so
    // What may cut the node off: run over a login of its own, made after `run` (after `undo`), until it gets through or
    // keep_ms are over. Its status 0 is the proof (75: say it again over yet another login); without it the node takes
    // the change back by itself.
    char *keep, *undo_keep;
    double keep_ms;
    // undo finds out by itself what there is to take back; otherwise it is run only while check says 0
    bool undo_always;
    bool slow; // no time limit, as it copies whole disks (a node that is gone is noticed anyway)
};

void change_set_text(struct change *c, const char *text, size_t len); // copies

struct plan {
    char *title; // the command: journals and progress bear it
    struct change **changes;
    size_t n;
};

struct plan *plan_new(const char *title);
void plan_free(struct plan *p);
DEFINE_CLEANUP(struct plan, plan_free);
void plan_truncate(struct plan *p, size_t n); // takes out all behind the first n changes
// The new change belongs to the plan; takes a reference of node (NULL: the admin's machine).
struct change *plan_add(struct plan *p, struct node *node, enum change_kind kind, const char *what);

// A file as it is, or as it shall be.
struct change_file {
    bool exists;
    struct buf text; // empty while !exists
};
void change_file_release(struct change_file *f);

// The new content by one change of a file kind. *ret_undo (never NULL after success) is what change_undo() needs to
// take the change back, also after others have changed other parts of the file; it goes into the journal. When nothing
// is to be done *ret_new equals `old` and *ret_undo is JSON null. Errors: ERR_STATE when a block was changed by someone
// else, or its markers are duplicate or unbalanced; ERR_USAGE for a tag, line or text that cannot be written.
int change_judge(const struct change *c, const struct change_file *old, struct change_file *ret_new, json_t **ret_undo,
                 struct err *e);
// Takes one change back. Nothing happens (and it is no error) to what is as it was before the change already.
// ERR_STATE when someone else has changed what the change had written: the conflict is shown, not overwritten.
int change_undo(const json_t *undo, const struct change_file *now, struct change_file *ret_before, struct err *e);

// The text between the markers of block `tag` without the markers and migsh's own line; false when there is no such
// block (or a broken one).
bool change_block_find(const char *text, size_t len, const char *tag, const char **ret_body, size_t *ret_len);
