// SPDX-License-Identifier: GPL-3.0-or-later
// The nodes that the operator has named, and the file they are kept in: a file of `node-add …` lines, read at start by
// the one parser (cmd/), written here. A node is immutable once added and reference-counted, so a job may hold on to
// one while the operator removes it. The inventory itself locks: any thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/strv.h"

struct node {
    char *name;         // what the operator calls it
    char *user;         // NULL: what ~/.ssh/config or the login name says
    char *address;      // host name or address, without brackets; NULL for a node known by its URI only
    int port;           // of sshd; 0: what ~/.ssh/config says, or 22
    char *uri;          // libvirt URI, never NULL: as given, or qemu+ssh://[user@]address[:port]/system
    bool allow_command; // the operator has agreed that the URI runs a program (core/console/uri.h)
    bool uri_given;     // false: derived, so it need not be written to the file
    char *fingerprint;  // pinned host key "SHA256:…", or NULL
    struct strv roles;  // free words; "storage" or "nfs" alone mean: no hypervisor here
};

// Builds a node from what node-add was given. `target` is "[user@]address" with an IPv6 address in brackets or bare,
// and may be NULL or "" when uri is given. ERR_USAGE for a name that is none ([A-Za-z0-9][A-Za-z0-9._-]*, not "all").
int node_new(const char *name, const char *target, int port, const char *uri, const char *fingerprint,
             const struct strv *roles, struct node **ret, struct err *e);
struct node *node_ref(struct node *n);
void node_unref(struct node *n);
DEFINE_CLEANUP(struct node, node_unref);
bool node_has_role(const struct node *n, const char *role);
bool node_is_hypervisor(const struct node *n);
// The node's `node-add` line, quoted so that the parser reads it back; no newline.
void node_line(const struct node *n, struct buf *out);

struct inventory;
// `path` NULL: kept in memory only.
struct inventory *inventory_new(const char *path);
void inventory_free(struct inventory *inv);
const char *inventory_path(const struct inventory *inv);

// Takes over the reference. ERR_EXISTS for a name that is there.
int inventory_add(struct inventory *inv, struct node *n, struct err *e);
int inventory_remove(struct inventory *inv, const char *name, struct err *e);
// A reference of the caller's, or ERR_NOT_FOUND with a suggestion.
int inventory_find(struct inventory *inv, const char *name, struct node **ret, struct err *e);
struct node *inventory_peek(struct inventory *inv, const char *name); // same, NULL instead of an error
// All nodes in the order of the file; references of the caller's; free the array with node_list_free().
struct node **inventory_all(struct inventory *inv, size_t *ret_n);
bool inventory_is_empty(struct inventory *inv);
struct node **inventory_hypervisors(struct inventory *inv, size_t *ret_n); // those that node_is_hypervisor()
void node_list_free(struct node **list, size_t n);
void inventory_names(struct inventory *inv, struct strv *out);
// Writes the file: temp file beside it, fsync, rename. Nothing to do without a path.
int inventory_save(struct inventory *inv, struct err *e);
