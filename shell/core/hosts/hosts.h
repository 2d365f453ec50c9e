// SPDX-License-Identifier: GPL-3.0-or-later
// /etc/hosts: what of the nodes' names shall be in it, and which lines are in the way. Pure; any thread.
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

struct hosts_entry {
    char *name;
    char *address;
};

// The names that there shall be, and the name that the machine of the file calls itself.
struct hosts {
    struct hosts_entry *list;
    size_t n;
    char *own; // or NULL
};
void hosts_release(struct hosts *h);
// Copies. ERR_USAGE: a name outside RFC 1123 or one of localhost's, an address that is none or that is the machine's
// own (127.0.0.0/8, ::1, unspecified).
int hosts_add(struct hosts *h, const char *name, const char *address, struct err *e);
// "ADDRESS NAME\n" for each.
void hosts_text(const struct hosts *h, struct buf *out);

// An array of strings for people, one for each line outside of migsh's blocks that gives one of the names another
// address, or the machine's own name a loopback address.
void hosts_conflicts(const struct hosts *h, const char *text, size_t len, json_t *ret_notes);
// The line without what is in the way: the other names of the line stay; a line of which nothing would be left becomes
// a comment. NULL when nothing is. malloc()ed.
char *hosts_mend(const struct hosts *h, const char *line, size_t len);

// sh text that asks the node's resolver for all names and prints each that has another address than it should have
// (status 1); also when the machine's own name leads to a loopback address.
void hosts_verify_script(const struct hosts *h, struct buf *out);

// The lines of a hosts file with addresses, as an array of {"address", "names": "a b", "managed": in a block of
// migsh's}.
json_t *hosts_lines(const char *text, size_t len);
bool hosts_name_is_valid(const char *name);
