// SPDX-License-Identifier: GPL-3.0-or-later
// The connection to the server. Owns the one libnfs context (one TCP connection), the requests under way, and the
// service thread, which does all the network's input and output and runs libnfs's callbacks. connection_open() runs
// before any thread, call_*() on FUSE's workers. libnfs 4 is not thread safe: nothing here calls it without the lock
// once there are threads.
#include "mountnfs_priv.h"

#include <errno.h>
#include <fuse_lowlevel.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum {
    MOUNT_TIMEOUT_MS = 10000,
    MOUNT_SYN_COUNT = 2,      // the kernel gives up after about 7 s instead of two minutes
    RECONNECT_PAUSE_MS = 200, // libnfs retries a refused connection at once: without a pause it would spin
    UNMOUNT_GRACE_S = 2,      // how long unanswered requests may hold up the end of an unmounted session
};

pthread_mutex_t nfs_lock = PTHREAD_MUTEX_INITIALIZER; // guards nfs, inflight, stopped, and every call
struct nfs_context *nfs;
static int inflight;
static bool stopped;
static int wake_fd = -1;
static pthread_t service;

int connection_open(const struct options *options)
{
    nfs = nfs_init_context();
    if (!nfs) {
        fprintf(stderr, "mount.nfs: out of memory\n");
        return -1;
    }
    char ports[64]; // libnfs takes port numbers only in the arguments of a URL
    snprintf(ports, sizeof ports, "nfs://?nfsport=%d&mountport=%d", options->port, options->mount_port);
    nfs_destroy_url(nfs_parse_url_incomplete(nfs, ports));
    nfs_set_version(nfs, 3);
    nfs_set_uid(nfs, 0);
    nfs_set_gid(nfs, 0);
    nfs_set_dircache(nfs, 0);
    nfs_set_tcp_syncnt(nfs, MOUNT_SYN_COUNT);
    nfs_set_timeout(nfs, MOUNT_TIMEOUT_MS);
    nfs_set_autoreconnect(nfs, -1); // takes effect once mounted
    struct nfs_stat_64 root;
    if (nfs_mount(nfs, options->host, options->path) != 0 || nfs_stat64(nfs, "/", &root) != 0) {
        fprintf(stderr, "mount.nfs: %s:%s: %s\n", options->host, options->path, nfs_get_error(nfs));
        return -1;
    }
    // nfs(5): a soft mount gives up after timeo, retrans times; a hard one never does. libnfs wants whole seconds.
    int soft_ms = (options->timeo * (options->retrans + 1) + 9) / 10 * 1000;
    nfs_set_timeout(nfs, options->soft ? soft_ms : -1);
    return 0;
}

// ---- one request ----

// libnfs turns every failed READ and WRITE into EFAULT, but its message ends in the true number: "…
// NFS3ERR_NOSPC(-28)".
static int true_errno(int status)
{
    if (status != -EFAULT && status != -EINTR) {
        return status;
    }
    const char *text = nfs_get_error(nfs);
    const char *paren = text ? strrchr(text, '(') : NULL;
    int number = paren ? atoi(paren + 1) : 0;
    return status == -EFAULT && number < 0 && number > -4096 ? number : -EIO;
}

void call_answered(int status, struct nfs_context *context, void *data, void *private_data)
{
    (void)context;
    struct call *call = private_data;
    call->status = status < 0 ? true_errno(status) : status;
    if (status >= 0 && call->take) {
        call->take(call, data);
    }
    call->done = true;
    pthread_cond_signal(&call->answered);
}

void call_begin(struct call *call, void (*take)(struct call *, void *), void *out)
{
    *call = (struct call){.take = take, .out = out};
    pthread_cond_init(&call->answered, NULL);
    pthread_mutex_lock(&nfs_lock);
}

int call_end(struct call *call, int queued)
{
    if (queued != 0 && !call->done) {
        call->status = -ENOMEM; // the only reason libnfs has not to queue
        call->done = true;
    }
    if (!call->done) {
        eventfd_write(wake_fd, 1);
    }
    inflight++;
    while (!call->done && !stopped) {
        // The timeout is for `stopped` alone, which nobody signals to each call.
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec++;
        pthread_cond_timedwait(&call->answered, &nfs_lock, &until);
    }
    inflight--;
    int status = call->done ? call->status : -EIO;
    pthread_mutex_unlock(&nfs_lock);
    pthread_cond_destroy(&call->answered);
    return status;
}

// ---- the service thread ----

static time_t seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

// True when the session is over and nothing is left worth waiting for. An aborted session (umount -f) or a signal must
// end the process even while the server does not answer and every worker sleeps.
static bool service_over(struct fuse_session *session, bool aborted, time_t *over_since)
{
    if (aborted) {
        fuse_session_exit(session);
    }
    if (!fuse_session_exited(session)) {
        return false;
    }
    if (*over_since == 0) {
        *over_since = seconds_now();
    }
    return inflight == 0 || seconds_now() - *over_since > UNMOUNT_GRACE_S;
}

static void *service_run(void *session_)
{
    struct fuse_session *session = session_;
    time_t over_since = 0;
    bool failed = false;
    pthread_mutex_lock(&nfs_lock);
    while (!stopped) {
        struct pollfd fds[] = {{.fd = nfs_get_fd(nfs), .events = (short)nfs_which_events(nfs)},
                               {.fd = wake_fd, .events = POLLIN},
                               {.fd = fuse_session_fd(session), .events = 0}};
        pthread_mutex_unlock(&nfs_lock);
        poll(fds, 3, 1000);
        eventfd_t ignored;
        if (fds[1].revents) {
            eventfd_read(wake_fd, &ignored);
        }
        pthread_mutex_lock(&nfs_lock);

        bool lost = failed || fds[0].revents & (POLLERR | POLLHUP | POLLNVAL);
        failed = nfs_service(nfs, failed ? -1 : fds[0].revents) < 0;
        if (lost || failed) {
            pthread_mutex_unlock(&nfs_lock);
            usleep(RECONNECT_PAUSE_MS * 1000);
            pthread_mutex_lock(&nfs_lock);
        }
        stopped = service_over(session, fds[2].revents & POLLERR, &over_since);
    }
    pthread_mutex_unlock(&nfs_lock);
    return NULL;
}

int connection_start(struct fuse_session *session)
{
    wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (wake_fd < 0) {
        return -1;
    }
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); // signals belong to the main thread, which FUSE's handlers wake
    int status = pthread_create(&service, NULL, service_run, session);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return status == 0 ? 0 : -1;
}

void connection_stop(void)
{
    eventfd_write(wake_fd, 1);
    pthread_join(service, NULL);
}
