// SPDX-License-Identifier: GPL-3.0-or-later
// The definition of a network or a pool taken from one host to another: define, start, autostart, as it is on the
// first. What was done is undone if a later step fails or the operator cancels. Job threads.
#pragma once

#include <jansson.h>

#include "base/err.h"

struct job;
struct virt_conn;
struct virt_net;
struct virt_pool;

struct clone_way {
    const char *from_label, *to_label; // for people
    struct virt_conn *to;
};

// *ret: {"name", "from", "to", "existed": it was defined there already, "active", "autostart", "steps": ["define", …]}
// (the steps that changed something); the caller owns it. Each step is also told as a notice. One of that name with
// another definition: ERR_EXISTS, and nothing is touched; with the same: only what is missing is done.
int clone_net(struct virt_net *from, const struct clone_way *way, struct job *job, json_t **ret, struct err *e);
// There is a step "build" more: the directory that the pool shows its volumes in, where it is missing.
int clone_pool(struct virt_pool *from, const struct clone_way *way, struct job *job, json_t **ret, struct err *e);
