// SPDX-License-Identifier: GPL-3.0-or-later
// What core/node/lock*.c share.
#pragma once

#include "core/node/lock.h"
#include "core/node/tools_priv.h"
#include "io/ssh/remote.h"

enum { LOCK_LANES = 64 }; // so many locks at once

// The console must give it up before the node does: a sign of life every BEAT_MS, an answer within TRUST_MS, and the
// node waits PATIENCE_S for the next one.
enum { LOCK_BEAT_MS = 3000, LOCK_TRUST_MS = 22000, LOCK_PATIENCE_S = 30 };

enum hold_state {
    HOLD_STARTING, // nothing was heard yet
    HOLD_READY,    // the program runs, and waits for the word
    HOLD_TAKING,
    HOLD_HELD,
    HOLD_GONE, // refused, lost or let go
};

// The lock on one machine. Guarded by its node_lock's lock.
struct hold {
    struct node_lock *owner;
    struct node *node; // NULL: this machine
    struct job *job;   // NULL: not started, or it has ended
    int wake;          // eventfd
    enum hold_state state;
    bool wanted;    // the word
    bool same;      // the machine is that of another hold: not needed
    unsigned asked; // the number of the last sign of life
    bool waiting;   // … which has not been answered
    double asked_at;
    double good_at;   // when the last one was sent that was answered
    double former_at; // when it was first found held for our own journal, or 0
    struct buf line;
    struct remote_result result; // what it said on stderr
    struct err err;              // HOLD_GONE: why
};

struct node_lock {
    struct ctx *ctx;
    struct lock *lock;
    unsigned refs; // the owner's, and one for each job
    bool ended;    // nobody wants it any more
    unsigned lane; // of the nodes' connections
    char *name;    // of the file
    char *who;     // what stands in it
    char *what;    // the domain, for messages
    char *journal; // or ""
    size_t n;
    struct hold *holds;
};

char *node_lock_name(const char *key);
// The line for a lock's file: `about` and the person, machine, process and time. The caller frees.
char *node_lock_line(const char *key, const json_t *about);
void node_lock_unref(struct node_lock *l); // main thread, or before any job was started

// node/lock_hold.c
void hold_start(struct hold *h); // main thread
void hold_wake(struct hold *h);  // so that it looks at `wanted` and `ended`
