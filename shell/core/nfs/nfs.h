// SPDX-License-Identifier: GPL-3.0-or-later
// What the NFS commands have in common: SERVER:PATH, the steps that make a directory,
// install a package and mount. Job threads where a ctx is taken; the rest is pure.
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/strv.h"
#include "core/change/change.h"
#include "core/console/ctx.h"
#include "core/node/ask.h"

struct job;

enum nfs_package { NFS_PACKAGE_SERVER, NFS_PACKAGE_CLIENT };
// Installs by what the node has (apt-get, dnf, yum, zypper). ERR_UNSUPPORTED where it has none of them.
int nfs_add_install(struct plan *p, struct node *node, const struct facts *f, enum nfs_package what, struct err *e);
// Makes the directory and what is missing above it; taken back, those go that are empty.
void nfs_add_directory(struct plan *p, struct node *node, const char *dir, int missing);

// An absolute path without "." and ".." that a mount table can carry.
int nfs_check_dir(const char *dir, struct err *e);

// The address of a node as others see it, resolved here. The caller frees.
int nfs_address(const struct node *node, char **ret, struct err *e);

struct nfs_source {
    char *text;        // "192.0.2.9:/srv/nfs": to be mounted
    char *server;      // the address, without brackets
    char *path;        //
    struct strv same;  // all the ways a mount table may have it
    struct node *node; // of the inventory, or NULL
};
// "SERVER:PATH", SERVER a node's name, a host name, an address, or an IPv6 address in brackets. A node becomes its
// address.
int nfs_source_parse(struct ctx *ctx, const char *text, struct nfs_source *ret, struct err *e);
void nfs_source_release(struct nfs_source *s);
#define _cleanup_nfs_source_ _cleanup_(nfs_source_release)

// One mount of a mount table.
struct nfs_mount {
    char *source, *type, *options;
};
// The topmost mount at `dir`, by the text of /proc/self/mountinfo; false: nothing is mounted there.
bool nfs_mount_at(const char *mountinfo, const char *dir, struct nfs_mount *ret);
void nfs_mount_release(struct nfs_mount *m);
bool nfs_type(const char *type); // nfs, nfs4, fuse.nfs
// As fstab and the mount tables write a blank: "\040".
void nfs_mangle(struct buf *out, const char *path);
char *nfs_unmangle(const char *s); // the caller frees
// The key of a line of fstab: its mount point. NULL for comments and what is no such line.
char *nfs_fstab_key(const char *line, size_t len);
