// SPDX-License-Identifier: GPL-3.0-or-later
// The lab's mount.nfs: an NFS client as a FUSE file system over libnfs, for kernels that have no NFS of their own.
//
// options.c reads the command line that mount(8) and libvirt use, connection.c talks to the server, fs.c holds FUSE's
// operations. This file owns the FUSE session, on the main thread: mounting, becoming a daemon, serving, unmounting.
// Other threads: FUSE's workers run fs.c's functions, each sleeps until its answer is here; one service thread does all
// the network's input and output.
//
// Must not: cache anything. Two hosts share an image during a live migration, and a page kept by the kernel from before
// the hand-over would be the guest's disk as it was. So all I/O is direct, and names and attributes expire at once. The
// price: no shared writable mmap, and locks hold on one host only (as with -o nolock).
//
// Requests reach the server as root: the kernel checks permissions (default_permissions), and new files are given to
// the caller. Exit status as of mount(8): 0 mounted, 1 usage, 32 failure.
#include "mountnfs_priv.h"

#include <errno.h>
#include <fuse_lowlevel.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Serves the mount until it is unmounted. The parent of the daemon exits 0 inside fuse_daemonize().
static int serve(struct fuse *fuse)
{
    struct fuse_session *session = fuse_get_session(fuse);
    if (fuse_daemonize(0) != 0 || fuse_set_signal_handlers(session) != 0 || connection_start(session) != 0) {
        return EXIT_MOUNT;
    }
    struct fuse_loop_config loop = {.clone_fd = 0, .max_idle_threads = 10};
    int status = fuse_loop_mt(fuse, &loop);
    fuse_session_exit(session); // the loop takes the mark back, and the service thread goes by it
    connection_stop();
    return status < 0 ? EXIT_MOUNT : 0;
}

// `dir`: absolute, as a daemon has / for its working directory.
static int mount_and_serve(const char *dir, const struct options *options)
{
    char *name = NULL;
    char *all = NULL;
    if (asprintf(&name, "fsname=%s", options->source) < 0 || fuse_opt_add_opt_escaped(&all, name) != 0) {
        abort(); // out of memory
    }
    struct fuse_args args = FUSE_ARGS_INIT(0, NULL);
    if (fuse_opt_add_arg(&args, "mount.nfs") != 0 || fuse_opt_add_arg(&args, "-o") != 0 ||
        fuse_opt_add_arg(&args, all) != 0 || fuse_opt_add_arg(&args, "-o") != 0 ||
        fuse_opt_add_arg(&args, "subtype=nfs,allow_other,default_permissions,max_read=1048576") != 0 ||
        (options->fuse_opts && (fuse_opt_add_arg(&args, "-o") != 0 || fuse_opt_add_arg(&args, options->fuse_opts)))) {
        abort(); // out of memory
    }
    struct fuse *fuse = fuse_new(&args, &fs_operations, sizeof fs_operations, NULL);
    fuse_opt_free_args(&args);
    free(all);
    free(name);
    if (!fuse || fuse_mount(fuse, dir) != 0) {
        fprintf(stderr, "mount.nfs: %s could not be mounted on %s\n", options->source, dir);
        return EXIT_MOUNT;
    }
    int status = serve(fuse);
    fuse_unmount(fuse); // after a signal the mount is still there
    return status;
}

// Returns the exit status.
static int run(const struct options *options)
{
    char *dir = realpath(options->dir, NULL);
    if (!dir) {
        fprintf(stderr, "mount.nfs: mount point %s: %s\n", options->dir, strerror(errno));
        return EXIT_MOUNT;
    }
    if (options->verbose) {
        fprintf(stderr, "mount.nfs: host '%s', path '%s', NFS version 3 over TCP\n", options->host, options->path);
    }
    int status = 0;
    if (!options->fake) {
        status = connection_open(options) == 0 ? mount_and_serve(dir, options) : EXIT_MOUNT;
    }
    free(dir);
    return status;
}

int main(int argc, char **argv)
{
    struct options options;
    int status = options_read(argc, argv, &options);
    if (status == 0) {
        status = run(&options);
    }
    options_release(&options);
    return status;
}
