// SPDX-License-Identifier: GPL-3.0-or-later
// What one console knows and holds: its inventory, its libvirt connections, where it is pointed at, and the names it
// has seen. One instance, made by main.c. Any thread: each part locks for itself. Must not know a terminal, Lua, or a
// command.
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/strv.h"
#include "core/console/inventory.h"

struct job;
struct virt_conn;
struct ctx;

struct ctx *ctx_new(const char *inventory_path);
// Closes every connection; no job may be left. False while one is still being opened, or a host does not answer the
// closing: then not all is freed, and the process has to end.
bool ctx_free(struct ctx *ctx);

struct inventory *ctx_inventory(struct ctx *ctx);
bool ctx_readonly(const struct ctx *ctx);
void ctx_set_readonly(struct ctx *ctx, bool readonly); // before the first connection

// Where commands go that name no host: a node, or a bare URI, or (at first) nothing.
struct target {
    struct node *node; // a reference, or NULL
    char *uri;         // NULL: libvirt's default
};
void target_release(struct target *t);
#define _cleanup_target_ _cleanup_(target_release)
void ctx_set_current(struct ctx *ctx, struct node *node, const char *uri); // takes a reference of node
bool ctx_current(struct ctx *ctx, struct target *ret);                     // false: never set
// "NAME" of the inventory, or anything with "://" or ":///", as a target. ERR_NOT_FOUND with a suggestion.
int ctx_target(struct ctx *ctx, const char *text, struct target *ret, struct err *e);
// The name shown for a target: the node's, or the URI, or "default".
const char *target_label(const struct target *t);

// The connection for a URI (NULL: libvirt's default): shared, opened on first use, reopened when it had died. Two jobs
// that ask at once get one connection. Blocks (job threads only) until its opening has had 20 s, but for questions to
// the operator (ERR_TIMEOUT); cancelling returns at once. The opening goes on behind: who asks again meanwhile does not
// wait again. The caller owns a reference.
int ctx_connect(struct ctx *ctx, struct job *job, const char *uri, struct virt_conn **ret, struct err *e);
// The same, but the operator is not asked for anything (ERR_AUTH), unless somebody else wants the connection, too.
int ctx_connect_quietly(struct ctx *ctx, struct job *job, const char *uri, struct virt_conn **ret, struct err *e);
// The same with another limit (<0: the usual one); it, too, counts from when the opening began.
int ctx_connect_within(struct ctx *ctx, struct job *job, const char *uri, double timeout_ms, struct virt_conn **ret,
                       struct err *e);
// The same, until it is enough, too: asked about every 50 ms with how long the opening has taken. Any thread, with a
// lock held: it must be quick.
int ctx_connect_unless(struct ctx *ctx, struct job *job, const char *uri, bool (*enough)(double waited_ms, void *data),
                       void *data, struct virt_conn **ret, struct err *e);
// The same, but never an old connection: for asking again when an answer or a whole connection got lost. Others keep
// the old one as long as they hold on to it.
int ctx_connect_fresh(struct ctx *ctx, struct job *job, const char *uri, double timeout_ms, struct virt_conn **ret,
                      struct err *e);
// The same, after turning "NODE|URI" text into a target.
int ctx_connect_text(struct ctx *ctx, struct job *job, const char *node_or_uri, struct virt_conn **ret, struct err *e);
// For who has left a call alone that did not return in time: nobody else gets this connection any more. (Besides, some
// versions of libvirt crash when a connection dies under two calls.) The caller has a reference still.
void ctx_connection_silent(struct ctx *ctx, const struct virt_conn *conn);

// Names seen (by a list, an event, a lookup), for completion without a round trip. `kind` is "domain", "pool" …;
// `where` the target's label. ctx_names_set() replaces all of a place, ctx_names() adds those of every place (or of
// `where`) to `out`.
void ctx_names_set(struct ctx *ctx, const char *kind, const char *where, const struct strv *names);
void ctx_names_add(struct ctx *ctx, const char *kind, const char *where, const char *name);
void ctx_names_remove(struct ctx *ctx, const char *kind, const char *where, const char *name);
void ctx_names(struct ctx *ctx, const char *kind, const char *where, const char *prefix, struct strv *out);
