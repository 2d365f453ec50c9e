// SPDX-License-Identifier: GPL-3.0-or-later
// What the commands on jobs of disks share: beginning one, waiting for it by libvirt's events, ending it, and saying
// what became of the disk. Job threads.
#pragma once

#include "cmd/engine/cmd.h"

struct lock;
struct virt_sub;

#define BLOCK_PATH_ROW                                                                                                 \
    {                                                                                                                  \
        "path", OPT_STRING, OPTF_POS | OPTF_REQ, "the disk: its target, or where it is stored", .of_domain = "disk"    \
    }
#define BLOCK_BANDWIDTH_ROW                                                                                            \
    {                                                                                                                  \
        "bandwidth", OPT_STRING, OPTF_POS, "bandwidth limit in MiB/s; 0: none"                                         \
    }
#define BLOCK_BYTES_ROW                                                                                                \
    {                                                                                                                  \
        "bytes", OPT_BOOL, 0, "the bandwidth limit is in bytes/s rather than MiB/s"                                    \
    }
// Those of what waits; `any`: what --verbose and --async need one of.
#define BLOCK_WAIT_ROWS(goal, any)                                                                                     \
    {"wait", OPT_BOOL, 0, "wait for job to " goal},                                                                    \
        {"verbose", OPT_BOOL, 0, "with --wait, display the progress", .needs = any},                                   \
    {                                                                                                                  \
        "async", OPT_BOOL, 0, "don't wait for the job to end when it is aborted or pivoted", .needs = any              \
    }
#define BLOCK_TIMEOUT_ROW                                                                                              \
    {                                                                                                                  \
        "timeout", OPT_DURATION, OPTF_POS, "implies --wait, abort if it takes longer (in seconds)", .unit = "s"        \
    }
#define BLOCK_WAIT_HELP                                                                                                \
    "The job runs in the background; --wait waits for it. Ctrl-C and --timeout then abort it and report what the "     \
    "disk\n"                                                                                                           \
    "uses."

// Is to be waited for the job? ERR_USAGE: a --timeout of nothing.
int block_waits(const struct cmd_call *c, bool *ret, struct err *e);
// --bandwidth, in bytes a second; 0: no limit. ERR_USAGE.
int block_bandwidth(const struct cmd_call *c, unsigned long long *ret, struct err *e);

struct block_wait {
    // The caller's:
    struct cmd_call *c;
    const char *path;  // as given
    const char *what;  // "block copy", for errors
    const char *title; // "Block Copy", for the progress
    const char *left;  // what an aborted job leaves: "FILE holds a part of it"; NULL: nothing to be said
    // Its own:
    char *target; // "vda"
    struct virt_sub *sub;
    struct lock *lock;  // guards all below
    const char *status; // static: "ready", "completed", "failed", "canceled"; NULL: none was told
    // The job's thread alone:
    int percent;
    double unseen_since; // when it was first seen that the disk has no job any more; 0: not yet
};
// Before the job begins, so that no event is missed. To be followed by block_wait_release().
int block_wait_begin(struct block_wait *w, struct err *e);
// Until the job is over, or a copy or active commit is ready: *ret_status "completed" or "ready". Ctrl-C and --timeout
// abort it. Errors tell what the disk uses.
int block_wait_for(struct block_wait *w, const char **ret_status, struct err *e);
// Ends a job: keeping the disk where it is, or (`pivot`) letting it go on with what the job has made; waits for that
// unless `async`. Ctrl-C ends the waiting.
int block_wait_end(struct block_wait *w, bool pivot, bool async, struct err *e);
void block_wait_release(struct block_wait *w);

// The result {"name", "uuid", "node"?, "disk", "state", "source": what the disk uses now, "summary"?}; the summary is
// what is shown.
void block_result(struct block_wait *w, const char *state, const char *summary);
