// SPDX-License-Identifier: GPL-3.0-or-later
// What is done to a running domain's disks: jobs on their chains of images, sizes, thresholds, backups. A disk is named
// by its target ("vda") or by where it is stored. Job threads.
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "io/virt/dom.h"

struct virt_block_job {
    // Static: "copy", "pull", "commit", "active-commit", "backup" or "unknown"; NULL: the disk has no job. `title` is
    // virsh's: "Block Copy".
    const char *type, *title;
    unsigned long long bandwidth; // a second; 0: no limit
    bool in_bytes;                // else in MiB, of a daemon that knows nothing else
    unsigned long long cur, end;  // in what the job counts; both 0 while it is about to begin
};
// ERR_UNSUPPORTED with `bytes` where the daemon counts in MiB alone.
int virt_block_job(struct virt_dom *d, const char *disk, bool bytes, struct virt_block_job *ret, struct err *e);

// Bits of libvirt's, same values. ASYNC: returns when the job has been asked to end. PIVOT: the disk goes on with what
// the job has made.
enum virt_block_end { VIRT_BLOCK_END_ASYNC = 1, VIRT_BLOCK_END_PIVOT = 2 };
int virt_block_job_end(struct virt_dom *d, const char *disk, unsigned flags, struct err *e);
int virt_block_job_limit(struct virt_dom *d, const char *disk, unsigned long long bytes_s, struct err *e);

// The next three begin a job and return. Limits in bytes a second, 0: none; libvirt's bits, same values.
enum virt_block_copy {
    VIRT_BLOCK_COPY_SHALLOW = 1,
    VIRT_BLOCK_COPY_REUSE = 2,
    VIRT_BLOCK_COPY_TRANSIENT = 4,
    VIRT_BLOCK_COPY_SYNC = 8
};
struct virt_block_copy_limits {
    unsigned long long bytes_s, buffer;
    unsigned granularity; // 0, and 0 of the buffer: the hypervisor's
};
// `xml`: the <disk> that it is copied to.
int virt_block_copy(struct virt_dom *d, const char *disk, const char *xml, const struct virt_block_copy_limits *limits,
                    unsigned flags, struct err *e);
enum virt_block_commit {
    VIRT_BLOCK_COMMIT_SHALLOW = 1,
    VIRT_BLOCK_COMMIT_DELETE = 2,
    VIRT_BLOCK_COMMIT_ACTIVE = 4,
    VIRT_BLOCK_COMMIT_RELATIVE = 8
};
// base NULL: the bottom of the chain; top NULL: the image in use.
int virt_block_commit(struct virt_dom *d, const char *disk, const char *base, const char *top,
                      unsigned long long bytes_s, unsigned flags, struct err *e);
// base NULL: all of the chain.
int virt_block_pull(struct virt_dom *d, const char *disk, const char *base, unsigned long long bytes_s, bool relative,
                    struct err *e);

int virt_block_resize(struct virt_dom *d, const char *disk, unsigned long long bytes, struct err *e);
int virt_block_threshold(struct virt_dom *d, const char *disk, unsigned long long bytes, struct err *e);

// `checkpoint` may be NULL. `reuse`: what the files are to be is there already.
int virt_backup_begin(struct virt_dom *d, const char *xml, const char *checkpoint, bool reuse, struct err *e);
int virt_backup_xml(struct virt_dom *d, char **ret, struct err *e); // the caller frees; ERR_NOT_FOUND: none runs
