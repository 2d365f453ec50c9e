// SPDX-License-Identifier: GPL-3.0-or-later
// The copy engine: one file or block device from one node to another, or to or from this machine (with the operator's
// own rights, not root's), byte for byte, holes kept, verified, resumable. Only stock tools run on the nodes; nothing
// stays there but the copy. Job threads.
//
// The copy grows as .NAME.migsh-part beside its destination and gets its name when it is complete and verified: on any
// failure the destination is not there (with `update`, and for block devices, it is written in place), the part file is
// kept, and the next copy sends only what is missing or wrong in it. On a node other users may own the directory: no
// link of theirs is followed, and a part file that somebody else could have made is refused (ERR_UNSAFE).
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"
#include "core/console/ctx.h"

struct job;

struct copy_end {
    struct node *node; // lent; NULL: this machine
    const char *path;  // absolute, any bytes but NUL
};

enum copy_route {
    COPY_AUTO,   // direct, where the source can log in to the destination without a person; else relay
    COPY_DIRECT, // the source sends by its own ssh; ERR_UNREACHABLE where it cannot
    COPY_RELAY,  // the bytes pass through this console
};

struct copy_progress {
    const char *phase;              // "looking", "comparing", "sending", "verifying", "finishing"
    unsigned long long done, total; // bytes of the phase; total 0: not known
    double rate;                    // bytes a second, of late
    double eta_s;                   // < 0: not known
};

struct copy_options {
    struct copy_end from, to;
    enum copy_route route;
    int streams;       // 0: chosen by size and round trip
    bool plan;         // look at both ends, and no more: the source may be in use, and both may be directories
    bool readers;      // the source may be open, if only for reading
    bool update;       // an existing destination is made equal in place; without: ERR_EXISTS
    bool no_verify;    // do not read both ends once more after sending
    bool compress;     // zstd on both ends; ERR_UNSUPPORTED where one has none
    double max_rate;   // bytes a second over all streams; 0: no limit
    const char *owner; // "USER:GROUP" of the copy, names or numbers; NULL: as the source's
    const char *mode;  // octal; NULL: as the source's
    void (*progress)(void *data, const struct copy_progress *p); // on any thread, one call at a time; may be NULL
    void *data;
};

// *ret (also set on failure, once the copy has begun; the caller owns it):
//   from, to         {"node", "path"}
//   copied           false where both are one file, or it failed
//   shared           both nodes see the same file (of devices nobody can tell)
//   route            "direct", or "relay" (to and from this machine, too); null: nothing was sent
//   streams
//   digest           the algorithm; null: none
//   verified
//   size, data       bytes of the file, and of those the ones that are not holes
//   sent, reused     bytes of data that were sent, and that were there already
//   wire             bytes on the line; null where unknown
//   seconds, rate
//   made             {"inode", "ctime", "birth"} of the file as it was left, all text, birth null where unknown; null:
//                    nothing was written, or a device
//   resumable        a part file is left
// With `plan` also:
//   kind, to_kind    "file", "block" or "dir"; to_kind null where there is nothing
//   to_size          of a device, else null
//   to_holds         words on what a device holds; null where nothing is found (nothing known, and zeros at its begin
//                    and end)
// Errors: ERR_NOT_FOUND, ERR_EXISTS, ERR_STATE (in use, or changed during the copy), ERR_USAGE (onto itself), ERR_IO
// (no space, read or write error), ERR_VERDICT (the digests differ), and those of the connections.
int copy_file(struct ctx *ctx, struct job *job, const struct copy_options *o, json_t **ret, struct err *e);

// What a copy that was cut off has left, for those who go on with it or give it up (recipes, by mig.tool()): a script
// for sh by its name, or NULL; the caller frees.
//   copy_end NODE PATH…    ends here what is left of copies to these files of NODE, on either side; says what it was
//   copy_forget PATH       removes the part file of a copy to PATH
//   copy_parts DIR PREFIX  lists the part files there of copies to names that begin so: name and part file, a line each
char *copy_script(const char *name);

enum copy_shared {
    COPY_UNTOLD, // it cannot be told
    COPY_APART,  // two files or devices, or nothing at `to`
    COPY_SHARED, // one and the same
};
// A file or device of one node, and one of another.
struct copy_twin {
    const char *here, *there; // paths; lent
    enum copy_shared told;
    char *why;         // of COPY_UNTOLD; the caller frees
    bool marked, seen; // private
};
// Is each `here` of the node `from` one and the same as its `there` of the node `to`? Either may be in use. What is
// said is proved: COPY_SHARED by a file that is written beside one and seen beside the other; COPY_APART by its not
// being seen there, by nothing being there, or by bytes that stay what they are on one while the other has different
// ones. NULL is this machine. Each node is asked a few times, however many there are, and then for each device. Fails
// only when cancelled.
int copy_are_shared(struct ctx *ctx, struct job *job, struct node *from, struct node *to, struct copy_twin **all,
                    size_t n, struct err *e);
