// SPDX-License-Identifier: GPL-3.0-or-later
// A lock on nodes that every console sees, whoever runs it and wherever its journals are: while it is held, a program
// on each node holds flock(2) on a file in root's own directory there, and the console gives it a sign of life every
// few seconds. It ends with the console, however that ends, and half a minute after the network at the latest. A node
// without an ssh login is locked on this machine, for its other consoles.
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/mem.h"
#include "core/console/ctx.h"

struct job;
struct node_lock;

// Not taken yet. `key` is what nobody else may work on ("domain:UUID"). `about` (lent) says who does, for whoever is
// refused: {"command", "domain", "journal"}; user, machine, process and time are added. The nodes are lent.
struct node_lock *node_lock_new(struct ctx *ctx, struct node *const *nodes, size_t n, const char *key,
                                const json_t *about);
// On all nodes, in the order of their names, or on none. ERR_STATE, with who it is, while another console has it;
// otherwise why a node cannot be asked. A job's thread.
int node_lock_take(struct node_lock *l, struct job *job, struct err *e);
// Is it held still, so that the next change may be made? Asks nobody, so any thread: the last sign of life answered
// within less time than the nodes wait for the next one says that it is. ERR_STATE with who broke it and why, or how it
// was lost.
int node_lock_check(struct node_lock *l, struct err *e);
// Lets it go, and waits (some seconds at most) until the nodes have. A job's thread.
void node_lock_drop(struct node_lock *l, struct job *job);
// Lets it go without waiting. Any thread; NULL is fine.
void node_lock_free(struct node_lock *l);

// Who holds locks on the nodes and on this machine: an array of objects {"node", "lock", "domain", "command", "by",
// "pid", "since", "seconds", "journal"}; a node that does not tell has {"node", "error"} instead. A job's thread.
json_t *node_lock_list(struct ctx *ctx, struct job *job, struct node **nodes, size_t n);
// Takes the lock of such a row away from its holder, whose console stops before its next change and tells `reason`.
// ERR_STATE: that console does not hold it any more. A job's thread.
int node_lock_break(struct ctx *ctx, struct job *job, const json_t *row, const char *reason, struct err *e);
// "cold-migrate by root@admin since 14:03, journal ID", of a row; the caller frees.
char *node_lock_describe(const json_t *row);
