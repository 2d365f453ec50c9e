// SPDX-License-Identifier: GPL-3.0-or-later
// The pool of ssh logins: one connection for each node, opened on first use, kept open, used by one job at a time. A
// connection that died while it lay idle is replaced without a word; one that breaks in use is dropped. Job threads.
#pragma once

#include "base/err.h"
#include "core/console/ctx.h"
#include "io/ssh/remote.h"

struct session;

// Takes the node's connection, logging in if there is none; waits while another job has it (cancellable). A thread that
// has it must put it back before it asks for it again. ERR_UNSUPPORTED for a node without an address; otherwise errors
// as remote_open(), the message beginning with the node's name.
int session_get(struct ctx *ctx, struct job *job, struct node *node, struct session **ret, struct err *e);
// Lane 0 is that connection; 1, 2 … are further ones to the same node, for a job that needs several at once.
int session_get_lane(struct ctx *ctx, struct job *job, struct node *node, unsigned lane, struct session **ret,
                     struct err *e);
struct remote *session_remote(struct session *s); // lent
void session_put(struct session *s);              // NULL is fine; a broken connection is closed here
DEFINE_CLEANUP(struct session, session_put);

// Logs in to the node if nobody has yet, and tells by which host key ("type base64", the caller frees) it was checked.
// `accept_new`: a host key that is not known yet is taken without a question, with a notice that says so; a changed one
// is refused all the same.
int session_greet(struct ctx *ctx, struct job *job, struct node *node, bool accept_new, char **ret_host_key,
                  struct err *e);

// One command on the node, its connection taken and put back. If the connection turns out to be dead before the server
// has accepted the command, it is opened anew, once. Otherwise as remote_exec() and remote_output().
int session_exec(struct ctx *ctx, struct job *job, struct node *node, const struct remote_exec *spec,
                 struct remote_result *result, struct err *e);
int session_exec_lane(struct ctx *ctx, struct job *job, struct node *node, unsigned lane,
                      const struct remote_exec *spec, struct remote_result *result, struct err *e);
int session_output(struct ctx *ctx, struct job *job, struct node *node, const char *command, char **ret_out,
                   struct err *e);
// Forgets the node's connections, those in use too as soon as they are not: the next use logs in afresh (node-test
// shows a real login).
void session_drop(struct ctx *ctx, const struct node *node);
