// SPDX-License-Identifier: GPL-3.0-or-later
// libvirt's migration calls and job statistics. Every call talks to the daemon and may block: job threads only. Bits
// and parameters have names of our own, because libvirt's header stays inside io/virt_*.c; the bits have libvirt's
// values.
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"
#include "io/virt/dom.h"

enum virt_migrate_flag {
    VIRT_MIGRATE_LIVE = 1 << 0,
    VIRT_MIGRATE_PEER2PEER = 1 << 1,
    VIRT_MIGRATE_TUNNELLED = 1 << 2,
    VIRT_MIGRATE_PERSIST_DEST = 1 << 3,
    VIRT_MIGRATE_UNDEFINE_SOURCE = 1 << 4,
    VIRT_MIGRATE_PAUSED = 1 << 5,
    VIRT_MIGRATE_NON_SHARED_DISK = 1 << 6,
    VIRT_MIGRATE_NON_SHARED_INC = 1 << 7,
    VIRT_MIGRATE_CHANGE_PROTECTION = 1 << 8,
    VIRT_MIGRATE_UNSAFE = 1 << 9,
    VIRT_MIGRATE_OFFLINE = 1 << 10,
    VIRT_MIGRATE_COMPRESSED = 1 << 11,
    VIRT_MIGRATE_ABORT_ON_ERROR = 1 << 12,
    VIRT_MIGRATE_AUTO_CONVERGE = 1 << 13,
    VIRT_MIGRATE_RDMA_PIN_ALL = 1 << 14,
    VIRT_MIGRATE_POSTCOPY = 1 << 15,
    VIRT_MIGRATE_TLS = 1 << 16,
    VIRT_MIGRATE_PARALLEL = 1 << 17,
    VIRT_MIGRATE_NON_SHARED_SYNCHRONOUS_WRITES = 1 << 18,
    VIRT_MIGRATE_POSTCOPY_RESUME = 1 << 19,
    VIRT_MIGRATE_ZEROCOPY = 1 << 20,
};

enum virt_migrate_param {
    VIRT_PARAM_URI,
    VIRT_PARAM_DEST_NAME,
    VIRT_PARAM_DEST_XML,
    VIRT_PARAM_PERSIST_XML,
    VIRT_PARAM_GRAPHICS_URI,
    VIRT_PARAM_LISTEN_ADDRESS,
    VIRT_PARAM_MIGRATE_DISKS,
    VIRT_PARAM_DISKS_PORT,
    VIRT_PARAM_DISKS_URI,
    VIRT_PARAM_COMPRESSION,
    VIRT_PARAM_MT_LEVEL,
    VIRT_PARAM_MT_THREADS,
    VIRT_PARAM_MT_DTHREADS,
    VIRT_PARAM_XBZRLE_CACHE,
    VIRT_PARAM_AUTO_CONVERGE_INITIAL,
    VIRT_PARAM_AUTO_CONVERGE_INCREMENT,
    VIRT_PARAM_BANDWIDTH,
    VIRT_PARAM_BANDWIDTH_POSTCOPY,
    VIRT_PARAM_PARALLEL_CONNECTIONS,
    VIRT_PARAM_TLS_DESTINATION,
    VIRT_PARAM_COUNT
};

// What goes with a migration. The type of a parameter follows from its name: a string (which may be added again for a
// list), an int, or an unsigned 64-bit number.
struct virt_params;
struct virt_params *virt_params_new(void);
void virt_params_free(struct virt_params *p);
DEFINE_CLEANUP(struct virt_params, virt_params_free);
bool virt_param_is_string(enum virt_migrate_param which);
const char *virt_param_name(enum virt_migrate_param which); // libvirt's: "bandwidth.postcopy"
long long virt_param_max(enum virt_migrate_param which);    // the largest value of a number
void virt_params_add_string(struct virt_params *p, enum virt_migrate_param which, const char *value);
void virt_params_add_number(struct virt_params *p, enum virt_migrate_param which, unsigned long long value);
bool virt_params_has(const struct virt_params *p, enum virt_migrate_param which);
json_t *
virt_migrate_params_json(const struct virt_params *p); // {"bandwidth": 32, "migrate_disks": ["vda"]}; the caller's

// Moves the domain and returns when it is over. `dest` NULL: the source's daemon talks to `dest_uri` by itself (peer to
// peer, or the hypervisor's direct way); else `dest_uri` is not looked at. *ret_dom is the domain on `dest`; it stays
// NULL without a `dest`. On failure *ret_lost tells whether the error leaves open where the guest is: a lost
// connection, or a failure of the last two steps (Finish, Confirm).
int virt_migrate(struct virt_dom *d, struct virt_conn *dest, const char *dest_uri, struct virt_params *p,
                 unsigned flags, struct virt_dom **ret_dom, bool *ret_lost, struct err *e);

int virt_job_abort(struct virt_dom *d, bool postcopy, struct err *e);
// virDomainJobOperation, same values.
enum virt_job_operation { VIRT_JOB_SAVE = 2, VIRT_JOB_MIGRATION_OUT = 5, VIRT_JOB_DUMP = 8 };
// Aborts the job that runs now, if it is this operation: a caller's own call may still be waiting behind somebody
// else's job. ERR_STATE: it is another, or none.
int virt_job_abort_own(struct virt_dom *d, enum virt_job_operation own, struct err *e);

enum virt_job_type {
    VIRT_JOB_NONE,
    VIRT_JOB_BOUNDED,
    VIRT_JOB_UNBOUNDED,
    VIRT_JOB_COMPLETED,
    VIRT_JOB_FAILED,
    VIRT_JOB_CANCELLED
};
enum virt_job_stats_flag { VIRT_JOB_STATS_COMPLETED = 1, VIRT_JOB_STATS_KEEP = 2 };
// *ret is {"type": "unbounded", "operation": "migration-out", and every field libvirt gives under libvirt's name}: the
// units are libvirt's (ms, bytes, pages, bytes/s). The caller's.
int virt_job_stats(struct virt_dom *d, int flags, enum virt_job_type *ret_type, json_t **ret, struct err *e);
// Pure: are these the statistics of such an operation?
bool virt_job_is(const json_t *stats, enum virt_job_operation operation);

// Calls fn(data, iteration) on the main thread for each pass over the guest's memory. The domain must outlive it.
struct virt_iteration;
int virt_iteration_watch(struct virt_dom *d, void (*fn)(void *data, int iteration), void *data,
                         struct virt_iteration **ret, struct err *e);
// After it has returned, fn is never called again. NULL is fine.
void virt_iteration_stop(struct virt_iteration *w);

// Downtime in milliseconds; speed in MiB/s; cache in bytes.
int virt_migrate_set_downtime(struct virt_dom *d, unsigned long long ms, struct err *e);
int virt_migrate_get_downtime(struct virt_dom *d, unsigned long long *ret_ms, struct err *e);
int virt_migrate_set_speed(struct virt_dom *d, unsigned long mib_s, bool postcopy, struct err *e);
int virt_migrate_get_speed(struct virt_dom *d, bool postcopy, unsigned long *ret_mib_s, struct err *e);
int virt_migrate_set_cache(struct virt_dom *d, unsigned long long bytes, struct err *e);
int virt_migrate_get_cache(struct virt_dom *d, unsigned long long *ret_bytes, struct err *e);
int virt_migrate_start_postcopy(struct virt_dom *d, struct err *e);
int virt_migrate_suspend(struct virt_dom *d, struct err *e);

// Where a domain stands, as far as it matters for telling which host has it.
enum virt_presence {
    VIRT_UNKNOWN, // nobody answered
    VIRT_ABSENT,
    VIRT_SHUT_OFF,
    VIRT_PAUSED,
    VIRT_PAUSED_POSTCOPY,
    VIRT_RUNNING
};
int virt_dom_presence(struct virt_conn *c, const char *uuid, enum virt_presence *ret, struct err *e);
