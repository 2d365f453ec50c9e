// SPDX-License-Identifier: GPL-3.0-or-later
// /etc/exports, read and changed without disturbing what it does not concern: comments, spacing, quoting and order of
// all other entries stay byte for byte. Pure, any thread. The source of the format: exports(5) and what nfs-utils'
// reader makes of it ("\" at a line's end continues the line, "#" begins a comment where a word could begin, "\040" and
// quotes carry blanks, "-options" behind the path are defaults for the clients of that line).
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/strv.h"

struct exports_client {
    size_t start, end; // of the word in the text
    char *name;        // "192.0.2.1", "192.0.2.0/24", "2001:db8::/64", "*.example.org", "@netgroup", "*"; "": everybody
    char *options;     // all that apply, the line's defaults in front: "ro,sync"; "" for none
};

struct exports_entry {
    unsigned line;           // from 1
    size_t whole, whole_end; // its lines, with their ends
    size_t end;              // of its last word
    char *path;              // without quotes and escapes
    char *defaults;          // without the "-"; NULL: none
    struct exports_client *clients;
    size_t n_clients;
};

struct exports {
    struct exports_entry *entries;
    size_t n;
    struct strv faults; // what the server would stumble over or understand otherwise than it looks: "line 3: …"
    bool dangling;      // the last line is to be continued: a line added behind it would become part of it
};

// Never fails: a line that cannot be read is a fault, and no entry. Release with exports_release().
void exports_parse(const char *text, size_t len, struct exports *ret);
void exports_release(struct exports *x);
#define _cleanup_exports_ _cleanup_(exports_release)

// The whole new text into `out`: `client` may use `path` with exactly these options. A client that is there gets the
// new options in its place, another is added behind the last one of the path, a new path becomes a line at the end.
// Equal to `text` if that is so already (the order of the options does not count).
void exports_set(const char *text, size_t len, const char *path, const char *client, const char *options,
                 struct buf *out);
// The same without the client; an entry that had no other goes with its line.
void exports_unset(const char *text, size_t len, const char *path, const char *client, struct buf *out);
// The path as a word of such a file.
void exports_quote_path(struct buf *out, const char *path);

// A word in a message: line ends and the like as \xNN.
void exports_show(struct buf *out, const char *word);

// Is it an absolute path, a client that the file can carry, a list of known options that do not contradict each other?
// ERR_USAGE with the nearest known word as hint. exports_check() adds warnings (strings) to the array `notes`.
int exports_check_path(const char *path, struct err *e);
int exports_check_client(const char *client, struct err *e);
int exports_check(const char *client, const char *options, json_t *notes, struct err *e);
bool exports_same_options(const char *a, const char *b);
// The last word on an option: exports_has("ro,rw", "rw") and not "ro".
bool exports_has(const char *options, const char *option);
// "anonuid" of "rw,anonuid=36": the value, or NULL. The caller frees.
char *exports_value(const char *options, const char *name);
