// SPDX-License-Identifier: GPL-3.0-or-later
// What the files of the lab's mount.nfs know of each other; mountnfs.c says what it is. Included first by each of them,
// as the two macros below change what the system's headers declare.
#pragma once
#define _GNU_SOURCE
#define FUSE_USE_VERSION 35
#include <fuse.h>
#include <nfsc/libnfs.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

enum {
    EXIT_USAGE = 1,
    EXIT_MOUNT = 32,
};

// ---- options.c ----

struct options {
    const char *source;   // as given: HOST:PATH or [IPV6]:PATH
    char *host, *path;    // the two parts of it, without brackets
    const char *dir;      // the mount point as given
    int port, mount_port; // 0: ask the server's rpcbind
    bool soft;
    int timeo;   // tenths of a second, as in nfs(5)
    int retrans; // as in nfs(5)
    bool sloppy, verbose, fake;
    char *fuse_opts; // comma-separated, escaped for FUSE; NULL when there are none
    char *split;     // what host and path point into
};

// Reads the command line, whose words must outlive the options. Returns 0, or EXIT_USAGE with the reason on stderr;
// options_release() in either case.
int options_read(int argc, char **argv, struct options *ret_options);
void options_release(struct options *options);

// ---- connection.c ----

// One request that a worker waits for. It lives on the worker's stack, so a worker leaves only when its callback has
// run, or when the service thread has stopped and never will run it.
struct call {
    pthread_cond_t answered;
    bool done;
    int status;                          // libnfs's: >= 0 or -errno
    void (*take)(struct call *, void *); // copies the answer to `out`, as libnfs frees it after the callback
    void *out;
    size_t size; // of `out`, for a `take` that wants to know
};

extern pthread_mutex_t nfs_lock; // held by whoever calls libnfs, once the service thread runs
extern struct nfs_context *nfs;

// Blocks until the export is reached. Returns 0, or -1 with the reason on stderr (within about 10 s).
int connection_open(const struct options *options);

// Starts the service thread, which ends when the session is over. After daemonizing only: threads do not survive it.
// Returns 0 or -1.
int connection_start(struct fuse_session *session);
// Waits for the service thread's end; the session must be over.
void connection_stop(void);

// Takes the lock; the caller then queues its request with call_answered and passes what libnfs returned to call_end().
// `take` may be NULL when the answer is a status only.
void call_begin(struct call *call, void (*take)(struct call *, void *), void *out);
void call_answered(int status, struct nfs_context *context, void *data, void *private_data);
// Sends, sleeps until the answer is here, releases the lock. Returns libnfs's status, or -EIO once the session is over.
int call_end(struct call *call, int queued);

// Runs one libnfs request whose answer is a status only, or is taken by `take` into `out`.
#define NFS_CALL(take, out, function, ...)                                                                             \
    ({                                                                                                                 \
        struct call call_;                                                                                             \
        call_begin(&call_, take, out);                                                                                 \
        call_end(&call_, function(nfs, __VA_ARGS__, call_answered, &call_));                                           \
    })

// ---- fs.c ----

extern const struct fuse_operations fs_operations;
