// SPDX-License-Identifier: GPL-3.0-or-later
// A pool's definition taken from one host to another: define, build, start, autostart, as the pool is on the first.
// What was done is undone if a later step fails or the operator cancels. Job threads.
#pragma once

#include <jansson.h>

#include "base/err.h"

struct job;
struct virt_conn;
struct virt_pool;

struct pool_clone {
    struct virt_pool *from;
    const char *from_label, *to_label; // for people
    struct virt_conn *to;
};

// *ret: {"name", "from", "to", "existed": it was defined there already, "active", "autostart", "steps": ["define", …]}
// (the steps that changed something); the caller owns it. Each step is also told as a notice. A pool of that name with
// another definition: ERR_EXISTS, and nothing is touched; with the same: only what is missing is done.
int pool_clone(const struct pool_clone *pc, struct job *job, json_t **ret, struct err *e);
