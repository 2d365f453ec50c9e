// SPDX-License-Identifier: GPL-3.0-or-later
// Snapshots and checkpoints of a domain, by name. Job threads. Flags are libvirt's, same bits. Texts and JSON values
// returned are the caller's.
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"
#include "io/virt/dom.h"

struct strv;

// Which ones: bits of virDomainSnapshotListFlags and virDomainCheckpointListFlags (the first four mean the same in
// both).
enum virt_snap_filter {
    VIRT_SNAP_ROOTS = 1 << 0,
    VIRT_SNAP_DESCENDANTS = 1 << 0, // where --from is given
    VIRT_SNAP_METADATA = 1 << 1,    // snapshots only
    VIRT_SNAP_LEAVES = 1 << 2,
    VIRT_SNAP_NO_LEAVES = 1 << 3,
    VIRT_SNAP_NO_METADATA = 1 << 4,
    VIRT_SNAP_INACTIVE = 1 << 5,
    VIRT_SNAP_ACTIVE = 1 << 6,
    VIRT_SNAP_DISK_ONLY = 1 << 7,
    VIRT_SNAP_INTERNAL = 1 << 8,
    VIRT_SNAP_EXTERNAL = 1 << 9,
    VIRT_SNAP_TOPOLOGICAL = 1 << 10,
};

// *ret: [{"name", "parent": text|null, "time": epoch seconds, "state": text|null, "current": bool, "xml"}]: in
// libvirt's order with TOPOLOGICAL (a parent before its children), else by name. `from` NULL: all; else what is below
// that one (its children, or all with DESCENDANTS).
int virt_snap_list(struct virt_dom *d, const char *from, unsigned filter, json_t **ret, struct err *e);
// The names alone, by one call; adds to *ret.
int virt_snap_names(struct virt_dom *d, struct strv *ret, struct err *e);
int virt_checkpoint_names(struct virt_dom *d, struct strv *ret, struct err *e);
// How many there are: 0 or more, or -1 with an error. One call.
int virt_snap_count(struct virt_dom *d, struct err *e);
int virt_checkpoint_count(struct virt_dom *d, struct err *e);
// VIRT_XML_SECURE: passwords too.
int virt_snap_xml(struct virt_dom *d, const char *name, unsigned xml_flags, char **ret, struct err *e);
// The current one's name; NULL where none is.
int virt_snap_current(struct virt_dom *d, char **ret, struct err *e);

enum virt_snap_create {
    VIRT_SNAP_CREATE_REDEFINE = 1 << 0,
    VIRT_SNAP_CREATE_CURRENT = 1 << 1,
    VIRT_SNAP_CREATE_NO_METADATA = 1 << 2,
    VIRT_SNAP_CREATE_HALT = 1 << 3,
    VIRT_SNAP_CREATE_DISK_ONLY = 1 << 4,
    VIRT_SNAP_CREATE_REUSE_EXT = 1 << 5,
    VIRT_SNAP_CREATE_QUIESCE = 1 << 6,
    VIRT_SNAP_CREATE_ATOMIC = 1 << 7,
    VIRT_SNAP_CREATE_LIVE = 1 << 8,
    VIRT_SNAP_CREATE_VALIDATE = 1 << 9,
};
int virt_snap_create(struct virt_dom *d, const char *xml, unsigned flags, char **ret_name, struct err *e);

enum virt_snap_delete {
    VIRT_SNAP_DELETE_CHILDREN = 1,
    VIRT_SNAP_DELETE_METADATA = 2,
    VIRT_SNAP_DELETE_CHILDREN_ONLY = 4,
};
int virt_snap_delete(struct virt_dom *d, const char *name, unsigned flags, struct err *e);

enum virt_snap_revert {
    VIRT_SNAP_REVERT_RUNNING = 1,
    VIRT_SNAP_REVERT_PAUSED = 2,
    VIRT_SNAP_REVERT_FORCE = 4,
    VIRT_SNAP_REVERT_RESET_NVRAM = 8,
};
int virt_snap_revert(struct virt_dom *d, const char *name, unsigned flags, struct err *e);

// Those below one: its children, all of them, and whether libvirt has metadata of it (snapshots).
struct virt_snap_family {
    int children, descendants;
    bool metadata;
};
int virt_snap_family(struct virt_dom *d, const char *name, struct virt_snap_family *ret, struct err *e);
int virt_checkpoint_family(struct virt_dom *d, const char *name, struct virt_snap_family *ret, struct err *e);

// Checkpoints. Rows have no "state" and no "current".
int virt_checkpoint_list(struct virt_dom *d, const char *from, unsigned filter, json_t **ret, struct err *e);

enum virt_checkpoint_xml {
    VIRT_CHECKPOINT_XML_SECURE = 1,
    VIRT_CHECKPOINT_XML_NO_DOMAIN = 2,
    VIRT_CHECKPOINT_XML_SIZE = 4
};
int virt_checkpoint_xml(struct virt_dom *d, const char *name, unsigned flags, char **ret, struct err *e);

enum virt_checkpoint_create {
    VIRT_CHECKPOINT_CREATE_REDEFINE = 1,
    VIRT_CHECKPOINT_CREATE_QUIESCE = 2,
    VIRT_CHECKPOINT_CREATE_REDEFINE_VALIDATE = 4,
};
int virt_checkpoint_create(struct virt_dom *d, const char *xml, unsigned flags, char **ret_name, struct err *e);
int virt_checkpoint_delete(struct virt_dom *d, const char *name, unsigned snap_delete, struct err *e);
