// SPDX-License-Identifier: GPL-3.0-or-later
// One migration: libvirt's blocking call on a thread of its own, beside it the watching of its progress, its timeouts
// and its cancelling; then what it came to. Job threads. Prints nothing: progress and warnings go through
// core/console/out.h.
#pragma once

#include <jansson.h>

#include "base/err.h"
#include "core/console/ctx.h"
#include "core/migrate/opts.h"

struct job;

struct migrate_request {
    struct ctx *ctx;
    struct job *job;
    struct virt_dom *dom;
    const struct target *source, *dest;
    struct migrate_plan *plan; // gains migrate_uri where that follows from the destination, and the disks to copy
    const char *part_of;       // the journal of the undertaking of which it is a step; NULL: it has one of its own
};

// *ret (the caller's) is
//     {"domain", "uuid", "source", "destination": labels, "transport": "direct" | "p2p" | "tunnelled" | "hypervisor",
//      "total_ms": of the whole call, "job_ms": libvirt's own, "downtime_ms", "setup_ms", "iterations",
//      "bytes": memory and disks as sent, "memory": {"total", "sent", "bps", "dirty_rate" pages/s, "page_size"},
//      "disk": {"total", "sent"},
//      "disks": {"copied": [targets], "shared": [those that libvirt was kept from copying]} with --copy-storage-*,
//      "postcopy": bool, "stats": all of libvirt's fields, "summary": a line for people}
// Keys that libvirt tells nothing about (an offline migration) are missing.
//
// With plan->only_tell nothing is done: {"flags", "params", "summary"}, see migrate_plan_json(); the disks that would
// be copied are not chosen yet.
//
// Cancelling the job aborts the migration, unless it is in post-copy: then it goes on to its end, and that is said.
// ERR_CANCELLED when it was aborted, by us or by somebody else. Every error of the call tells where the guest is.
int migrate_run(const struct migrate_request *rq, json_t **ret, struct err *e);

// Where the source is told to go for the memory stream: the node's address where that is a numeric one, else what the
// destination calls itself (`own`: its host name, or migration_host of its qemu.conf). The caller frees; NULL: nobody
// says. Pure.
char *migrate_address_for(const struct node *n, const char *own);
// tcp://ADDRESS for a node whose address is a numeric one, or NULL; the caller frees. Pure.
char *migrate_uri_for(const struct node *n);
// A progress value from libvirt's running statistics: see core/console/out.h; "percent" and "text" as virsh counts and
// writes them. New; pure.
json_t *migrate_progress(const char *domain, const json_t *stats);
