// SPDX-License-Identifier: GPL-3.0-or-later
// What migsh did, so that it can be gone on with or taken back by another console, days later. One file for each
// undertaking, $XDG_STATE_HOME/migsh/journal/ID.jsonl: a record a line, only ever appended to, synced before anybody
// acts on it. A record says what is about to be done (intent) or how it ended (outcome). Any thread; each function
// locks. No secret may be put in.
//
// A line is a JSON object whose last member "sum" is the beginning of the SHA-256 of the bytes before it. A last line
// that is cut off or does not match was being written when the machine died: nobody had acted on it, so it is ignored
// (and cut away before the next record is written).
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/mem.h"

struct journal;

enum journal_state {
    JOURNAL_RUNNING,     // a console has it open for writing
    JOURNAL_DONE,        // ended well
    JOURNAL_FAILED,      // ended badly, some steps may have been done
    JOURNAL_REVERTED,    // every step that did something was undone
    JOURNAL_INTERRUPTED, // its console ended without a word
};
const char *journal_state_name(enum journal_state s);

enum journal_step_state {
    STEP_INTENT,    // begun, end unknown: may or may not have acted
    STEP_DONE,      //
    STEP_UNCHANGED, // turned out to have nothing to do
    STEP_FAILED,    // may have acted in part
    STEP_UNDOING,   // undo begun, end unknown
    STEP_UNDONE,
    STEP_UNDO_FAILED,
};
const char *journal_step_state_name(enum journal_step_state s);

struct journal_step {
    unsigned number;     // from 1, in the order of the intents
    const char *name;    // "edit", "copy", "define" …: the writer's word, by which it finds the function that undoes
    const json_t *about; // what the writer gave with the intent, and all that undoing needs
    enum journal_step_state state;
    const json_t *outcome; // what was given with the last outcome, or NULL
    double begun, ended;   // of its intent and its last outcome, seconds since the epoch; 0: none
};

// A new journal, open for writing and locked. `command` is the command's name, `about` (lent) an object of whatever
// describes the undertaking ({"cluster": …}). Its member "lock" (a string), if it has one, names what nobody else may
// work on meanwhile: ERR_STATE while a journal with the same lock is running, or has begun a step and is neither done
// nor reverted, or cannot be read, so that nobody knows.
int journal_create(const char *command, const json_t *about, struct journal **ret, struct err *e);
// An old one. For writing: ERR_STATE while another console has it. ERR_NOT_FOUND, ERR_IO (damaged before its last
// line).
int journal_open(const char *id, bool write, struct journal **ret, struct err *e);
// For one that cannot be read (ERR_STATE if it can): its file gets a name under which it is no journal, and holds
// nothing.
int journal_set_aside(const char *id, char **ret_path, struct err *e);
// Unlocks. Without journal_end() before, the journal counts as interrupted.
void journal_close(struct journal *j);
DEFINE_CLEANUP(struct journal, journal_close);
// The same, and the file goes too when no step was ever begun: nothing was done.
void journal_discard(struct journal *j);

// Before a step acts: *ret_step is its number. After -1 the step must not be begun. `about` is lent.
int journal_intent(struct journal *j, const char *name, const json_t *about, unsigned *ret_step, struct err *e);
// After it acted (STEP_DONE, STEP_UNCHANGED, STEP_FAILED) or was undone (STEP_UNDONE, STEP_UNDO_FAILED); STEP_UNDOING
// before it is undone. `outcome` (lent) may be NULL.
int journal_outcome(struct journal *j, unsigned step, enum journal_step_state state, const json_t *outcome,
                    struct err *e);
// The end of the undertaking or of a revert: DONE, FAILED or REVERTED. `kept` (lent), unless NULL, is what is to be
// remembered of all of it. It is a part of the end, so that there is no instant at which a journal that had ended is
// open again.
int journal_end(struct journal *j, enum journal_state state, const json_t *kept, struct err *e);

const char *journal_id(const struct journal *j);
// Does the text look like one? (Such a journal need not exist.)
bool journal_is_id(const char *text);
const char *journal_command(const struct journal *j);
const json_t *journal_about(const struct journal *j);
double journal_time(const struct journal *j); // of its creation, seconds since the epoch
enum journal_state journal_get_state(const struct journal *j);
// The same as if it were not open for writing: how it was left.
enum journal_state journal_found(const struct journal *j);
size_t journal_steps(const struct journal *j);
// What the last end that had any gave to be remembered; NULL: none. Lent until the next write.
const json_t *journal_kept(const struct journal *j);
// Lent until the journal is closed, the contents valid until the next write.
struct journal_step journal_step_at(const struct journal *j, size_t i);

// The ids of all journals, oldest first (by their creation); of `command` only, unless NULL. Free with
// strv_release(). A journal that cannot be read is among them: opening it tells why.
struct strv;
int journal_list(const char *command, struct strv *ret_ids, struct err *e);

// Any bytes as JSON, and back: a string where they are UTF-8, else {"hex": "…"}. NULL (and JSON null) for nothing.
json_t *journal_bytes(const char *s, size_t n);
// *ret is malloc()ed and NUL-terminated, NULL for JSON null; -1 for a value that is neither.
int journal_bytes_get(const json_t *v, char **ret, size_t *ret_n);

// A recipe's undertaking in steps (lua/lib/transaction.lua), which its journal says all about.
bool journal_is_workflow(const struct journal *j);
// What libvirt did in one call of ours (migrate), which nobody can go on with or take back: a journal that tells of it.
bool journal_is_record(const struct journal *j);
// Which commands take it on from here, or "".
const char *journal_way_on(const struct journal *j);
// Is there such a way? Told by the first and the last bytes of its file, which takes no time whatever its length; so
// where a record is long it may be said of one that has none.
bool journal_may_go_on(const char *id);
// How many there are, of which no console is at work on; and how many nobody can tell of. Main thread. It reads no file
// again that is over and was not written to since, so it may be asked for each prompt.
size_t journal_unfinished(size_t *ret_unreadable);
