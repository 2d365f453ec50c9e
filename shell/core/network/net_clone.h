// SPDX-License-Identifier: GPL-3.0-or-later
// A network's definition taken from one host to another: define, start, autostart, as the network is on the first. What
// was done is undone if a later step fails or the operator cancels. Job threads.
#pragma once

#include <jansson.h>

#include "base/err.h"

struct job;
struct virt_conn;
struct virt_net;

struct net_clone {
    struct virt_net *from;
    const char *from_label, *to_label; // for people
    struct virt_conn *to;
};

// *ret: {"name", "from", "to", "existed": it was defined there already, "active", "autostart", "steps": ["define", …]}
// (the steps that changed something); the caller owns it. Each step is also told as a notice. A network of that name
// with another definition: ERR_EXISTS, and nothing is touched; with the same: only what is missing is done.
int net_clone(const struct net_clone *nc, struct job *job, json_t **ret, struct err *e);

// What tells one definition of a network from another: its XML without uuid, the bridge's MAC address and layout, which
// libvirt makes itself. The caller frees.
int net_essence(const char *xml, char **ret, struct err *e);
