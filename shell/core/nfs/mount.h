// SPDX-License-Identifier: GPL-3.0-or-later
// Mounting and unmounting NFS on a node, as steps of a plan. nfs_mount_look() on a job's thread; the rest is pure.
#pragma once

#include "base/err.h"
#include "base/mem.h"
#include "core/change/change.h"
#include "core/console/ctx.h"
#include "core/nfs/nfs.h"

struct job;

// What is at a directory of a node.
struct nfs_place {
    struct facts facts;
    char *real; // the directory without links
    bool mounted;
    struct nfs_mount mount;
    bool exists, other;                              // a directory; something else
    struct strv entries;                             // the first names in it (not looked at while mounted)
    char *fstab_line, *fstab_source, *fstab_options; // of this mount point, or NULL
};
int nfs_mount_look(struct ctx *ctx, struct job *job, struct node *node, const char *dir, struct nfs_place *ret,
                   struct err *e);
void nfs_place_release(struct nfs_place *p);
#define _cleanup_nfs_place_ _cleanup_(nfs_place_release)
// Is it this source that is mounted there?
bool nfs_place_has(const struct nfs_place *at, const struct nfs_source *source);

// Options are mount's (without blanks), NULL for none. ERR_UNSAFE for a directory that is not empty, ERR_STATE where
// something else is mounted (or, with `persist`, fstab has something else for it).
int nfs_mount_plan(struct plan *p, struct node *node, const struct nfs_place *at, const struct nfs_source *source,
                   const char *dir, const char *options, bool persist, struct err *e);
// ERR_STATE where what is mounted is not NFS.
int nfs_umount_plan(struct plan *p, struct node *node, const struct nfs_place *at, const char *dir, bool persist,
                    struct err *e);
int nfs_check_options(const char *options, struct err *e);
// sh text, status 0 while `source` is mounted at `real`. The caller frees.
char *nfs_mounted_check(const struct nfs_source *source, const char *real);
// The steps alone: no looking at what is in the directory (nfs-adopt has moved it aside by then).
void nfs_add_mount(struct plan *p, struct node *node, const struct nfs_source *source, const char *real,
                   const char *dir, const char *options);
int nfs_add_fstab(struct plan *p, struct node *node, const struct nfs_place *at, const struct nfs_source *source,
                  const char *dir, const char *options, struct err *e);
