// SPDX-License-Identifier: GPL-3.0-or-later
// What the files core/copy*.c share and nobody else may include. Job threads.
#pragma once

#include "base/buf.h"
#include "core/copy/copy.h"
#include "core/copy/map.h"
#include "core/copy/tools_priv.h"
#include "core/node/ask.h"
#include "core/node/place.h"

// One end, as it was found.
struct copy_side {
    const struct copy_end *end;
    const char *target; // "source"; of the destination "place": the path itself, or "part": the part file beside it
    char *identity;     // of the destination's target, as identity() of tools/copy_path.sh has it; NULL: not there yet
    struct facts facts;
    struct copy_map map; // what holds data in the target
    bool exists;         // the target
    uint64_t size;
    bool block;
    struct err err;
};

struct copy {
    struct ctx *ctx;
    struct job *job;
    const struct copy_options *o;
    struct copy_side from, to;
    const char *digest; // as in copy_digests, NULL: none
    bool changed;       // something was to be done at the destination
    bool fresh;         // the target has only holes where nothing was sent
    bool scan;          // nobody tells where the source has holes: the reader looks for zeros
    bool direct;
    bool route_known;
    int streams;
    struct send *early; // copy_send_early()
    char *made;         // "INODE CTIME BIRTH" of the copy as it was left
    uint64_t sent, reused, wire;
    bool wire_known;
    double began, last_report;
    struct lock *lock; // of what the streams and the reports share
    const char *phase;
    double phase_began;
    uint64_t phase_done, phase_total;
};

// tools/, a file each, which says more: a reader and a writer of ranges, and a maker of digests. Each is sh and
// coreutils; where there is a perl, its one process does what takes a fork of dd for each range otherwise. Framing: a
// head of 40 bytes "OFFSET LENGTH" (19 columns each, blank-padded) and LENGTH bytes. A negative LENGTH: so many zeros,
// no bytes follow. LENGTH 0: the writer tells how many bytes it has written. Before all others comes a head "=IDENTITY"
// of the file that is to be written: the writer may have been started before it was known. The reader gets its ranges
// on stdin as lines, with a third word for zeros, and ends with stdin; the writer too.
// Those three have copy_token() as their last argument.

// copy/left.c
// By this word among its arguments each of the three programs of a copy to there is known, on both nodes. The caller
// frees.
char *copy_token(const struct copy_end *to);

// What $2 is, once the destination was looked at: "part:IDENTITY". The caller frees.
char *copy_target(const struct copy_side *s);

// copy/look.c
// Looks at both ends at once, and refuses what must not be copied. *ret_same: both are one file.
int copy_look(struct copy *c, bool *ret_same, struct err *e);
int copy_look_again(struct copy *c, struct err *e); // the source: unchanged and unused
int copy_map_target(struct copy *c, struct err *e); // the destination's map and length as they are now
int copy_prepare(struct copy *c, struct err *e);    // the part file, in its size
int copy_commit(struct copy *c, struct err *e);     // owner, mode, name; sets c->made
int copy_room(struct copy *c, uint64_t need, struct err *e);

// copy/shared.c
// Writes a file beside each `here` on `from`, looks for it beside `there` on `to`, and removes it: .marked, .seen.
int copy_beside(struct ctx *ctx, struct job *job, struct node *from, struct node *to, struct copy_twin **all, size_t n,
                struct err *e);

// copy/digest.c
// Compares the data (of either end) in the segments of `which`. *ret: those that differ.
int copy_compare(struct copy *c, const char *phase, const struct copy_set *which, struct copy_set *ret, struct err *e);
// All data of either end, in large units: one process for many segments.
int copy_compare_data(struct copy *c, const char *phase, bool *ret_same, struct err *e);
int copy_compare_whole(struct copy *c, const char *phase, bool *ret_same, struct err *e);

// copy/send.c
int copy_send(struct copy *c, const struct copy_map *plan, struct err *e);
void copy_send_early(struct copy *c);  // before the looks: begins to log in from node to node
void copy_send_forget(struct copy *c); // if it came to no sending

// copy/report.c
// "NODE:PATH: what".
int copy_at(const struct copy_side *s, struct err *e, enum err_code code, const char *what);
// The same of what one of our programs said before it ended: its last line "migsh: WORDS" or "migsh:CODE: WORDS" (CODE
// as err_code_name() has it), or what else came last.
int copy_failed(const struct copy_side *s, const char *said, struct err *e);
void copy_phase(struct copy *c, const char *phase, uint64_t total);
void copy_count(struct copy *c, uint64_t n);