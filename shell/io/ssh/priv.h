// SPDX-License-Identifier: GPL-3.0-or-later
// What the files io/ssh/*.c share and nobody else may include. Job threads; a struct remote has one owner at a time.
#pragma once

#include <libssh/callbacks.h>
#include <libssh/libssh.h>
#include <stdint.h>
#include <time.h>

#include "base/clock.h"
#include "io/job.h"
#include "io/ssh/config.h"
#include "io/ssh/remote.h"

struct remote_bridge;
struct remote_kept;

struct remote {
    ssh_session ssh;
    ssh_event event;                   // drives the session once the key exchange is over; holds nothing else
    struct ssh_counter_struct traffic; // raw bytes, the sign of life
    struct remote_config config;
    struct remote_bridge
        *bridge;        // carries the bytes through a jump host or ProxyCommand; NULL: a TCP connection of our own
    struct remote *via; // the jump host; only the bridge uses it
    struct remote_kept *kept; // the shells that are open
    char *label;
    char *fingerprint;
    char *host_key; // "type base64"
    double stall_ms;
    double deadline;   // of the operation in progress, on clock_mono_ms()
    const char *doing; // for the message when the deadline passes
    uint64_t heard_bytes;
    double heard_at; // when the peer last sent anything
    double asked_at; // when it was last asked for a sign of life
    int wake_fd;     // of the command in progress; 0: none
    bool broken;
    bool turned_away; // closed by the server before its banner
};

// ssh/wire.c
// Starts an operation that has to end within `ms`.
void remote_begin(struct remote *r, const char *doing, double ms);
// Sleeps until the socket is ready, `slice_ms` have passed (0), the deadline has passed (ERR_TIMEOUT) or the job is
// cancelled.
int remote_wait(struct job *job, struct remote *r, double slice_ms, struct err *e);
// Lets libssh handle what has arrived, and asks a silent peer for a sign of life. -1: the connection is lost.
int remote_process(struct remote *r, struct err *e);
// The error of a libssh call that failed: a lost connection (the remote is then broken) or the library's own words.
int remote_fail(struct remote *r, struct err *e, const char *what);

// ssh/socket.c
int remote_dial(struct job *job, const char *host, int port, int family, const char *bind_address, double timeout_ms,
                int *ret_fd, struct err *e);
void remote_socket_tune(int fd);  // no Nagle, keepalive, bounded retransmission; harmless on other sockets
void remote_socket_quick(int fd); // acknowledge at once: to be called again before every wait

// ssh/hostkey.c: after the key exchange, before any secret is sent.
int remote_hostkey_prefer(struct remote *r, struct err *e);
int remote_hostkey_check(struct job *job, struct remote *r, const struct remote_options *options, struct err *e);

// ssh/exec.c: closes the shells that are kept.
void remote_exec_release(struct remote *r);

// ssh/auth.c
int remote_auth(struct job *job, struct remote *r, const struct remote_options *options, struct err *e);

// ssh/agent.c: puts a guarded agent between libssh and the socket at `path`; NULL if there is none. `allowed`
// (base64 public keys, NULL: all) must live until the stop, which adds the keys that were shown to `shown`; false if
// the agent gave no answer.
struct remote_agent;
struct remote_agent *remote_agent_start(struct job *job, struct remote *r, const char *path,
                                        const struct strv *allowed);
bool remote_agent_stop(struct remote_agent *a, struct strv *shown);

// ssh/bridge.c: *ret_fd is one end of a socket pair, owned by the caller; a thread moves the bytes at the other end.
int remote_bridge_jump(struct job *job, struct remote *via, const char *host, int port, struct remote_bridge **ret,
                       int *ret_fd, struct err *e); // nobody else uses `via`, until remote_bridge_free()
int remote_bridge_command(const char *command, struct remote_bridge **ret, int *ret_fd, struct err *e);
void remote_bridge_free(struct remote_bridge *b); // ends the thread and closes what it held; NULL is fine
