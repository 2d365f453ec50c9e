// SPDX-License-Identifier: GPL-3.0-or-later
// The inside of struct ctx, for the files of this room that own a part of it.
#pragma once

#include "core/console/ctx.h"

struct conn_slot;
struct name_set;
struct names_watch;
struct password;
struct session;

struct ctx {
    struct lock *lock; // guards all below but the inventory, which has its own
    struct inventory *inventory;
    bool readonly;
    bool has_current;
    struct target current;
    struct conn_slot *conns;
    struct name_set *names;
    struct names_watch *watch; // NULL: names are not watched
    // A connection has been opened (`uri` as it was asked for, NULL: the default). Any thread, with the lock held.
    void (*opened)(struct ctx *ctx, const char *uri, struct virt_conn *conn);
    struct session *sessions;
    struct password *passwords;
};

bool conn_pool_busy(struct ctx *ctx);       // is a connection being opened?
bool conn_pool_release(struct ctx *ctx);    // false: a host does not answer that, and a thread still waits for it
void session_pool_release(struct ctx *ctx); // no job may be left
void passwords_release(struct ctx *ctx);    // wipes what sudo was told
void names_release(struct ctx *ctx);
void names_watch_release(struct ctx *ctx); // main thread; no job may be left
