// SPDX-License-Identifier: GPL-3.0-or-later
// Which disks a migration with --copy-storage-all or --copy-storage-inc may copy. libvirt copies whatever the guest can
// write, and a disk that both hosts see it would copy onto itself while the guest writes to it, without a word. So what
// is shared is found out beforehand, and libvirt is told by name what to copy. Job threads.
#pragma once

#include <jansson.h>

#include "base/err.h"
#include "core/migrate/migrate.h"

struct virt_conn;
struct xml_doc;

// The disks that libvirt would copy: [{"target", "type", "from": what the source's definition names, "to": what the
// destination's does, "pool", "to_pool": of volumes, else null}]. A network disk's names are "PROTOCOL:NAME@HOSTS".
// `dest`: the XML to use there, or NULL for the same; `named`: the targets of --migrate-disks, or NULL. Pure; the
// caller's.
json_t *migrate_disks_of(struct xml_doc *source, struct xml_doc *dest, const json_t *named);
// Whether a network disk leads to one place from wherever it is asked. Pure.
bool migrate_disk_is_global(const char *name);

// The path on a host of what a definition names there: `source`, or the volume of that name in `pool`; one that is not
// known there yet would get its name in the pool. The caller frees. ERR_UNSUPPORTED: it is no path.
int migrate_path_on(struct virt_conn *conn, const char *source, const char *pool, char **ret, struct err *e);

// Changes the request's plan: only what is proved to be the guest's own is copied. ERR_UNSAFE: one that --migrate-disks
// names is shared, or whether one is cannot be told (and the plan does not have `unchecked`). Nothing has been begun
// then. *ret is {"copied": […], "shared": […]}, targets; it stays NULL where no disk was to be copied.
int migrate_disks_choose(const struct migrate_request *rq, struct virt_conn *dest, json_t **ret, struct err *e);
