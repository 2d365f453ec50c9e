// SPDX-License-Identifier: GPL-3.0-or-later
// A bridge is made on a node while our own ssh runs through its port. What is lost by a mistake cannot be mended from
// here, so the way back lies on the node and is armed there before anything is changed (tools/bridge_arm.sh); only a
// login that was made after the change gives it up (change.h, keep). Taking the bridge back goes the same way.
//
// The links are told and changed as a state (tools/bridge_live.sh); what of it survives a boot are files of whatever
// configures the network there, a row of bridge_backends[] each.
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "base/strv.h"
#include "core/change/change.h"
#include "core/console/ctx.h"
#include "core/node/ask.h"

struct job;

struct bridge_wish {
    const char *bridge, *port;
    const struct strv *addresses, *gateways; // ADDRESS/PREFIX, ADDRESS; empty: none given
    bool move;                               // the port's addresses and routes
    bool stp;
    long long delay_s;   // forward delay
    const char *backend; // its name; NULL: what the node has
    long long within_s;  // that long the change is on trial
};

// Looks at the node and adds to the plan what makes the bridge, or nothing but tests where `verify`. ERR_USAGE for
// names and addresses that are none, ERR_NOT_FOUND, ERR_STATE, ERR_UNSAFE and ERR_UNSUPPORTED for what cannot be done
// there, with what to do.
int bridge_ensure_plan(struct ctx *ctx, struct job *job, struct node *node, const struct bridge_wish *w, bool verify,
                       struct plan *p, struct err *e);
// The name of a link that all that reads it takes for one: ERR_USAGE.
int bridge_check_name(const char *name, const char *what, struct err *e);

enum { BRIDGE_WITHIN_MIN_S = 20 };

// --- The inside; pure.

// What a bridge is to be, as files say it.
struct bridge_net {
    const char *bridge, *port;
    struct strv addresses; // ADDRESS/PREFIX
    struct strv routes;    // "DEST VIA|- METRIC|-"; DEST "default" or ADDRESS/PREFIX
    struct strv dns;
    bool dhcp; // its IPv4 address is DHCP's
    bool stp, bridge_utils;
    long long delay_s;
    char *mtu, *mac;
};

struct bridge_file {
    char *path, *what;
    struct buf text;
    int mode;
    change_edit_fn *edit; // instead of `text`: what the file of others becomes
};

struct bridge_files {
    struct bridge_file *f;
    size_t n;
};

struct bridge_backend {
    const char *name;
    bool dhcp;        // it can ask DHCP on the bridge
    const char *hook; // tools/bridge_hook_*.sh
    // `file`: where the port's own settings are, or NULL.
    int (*write)(const struct bridge_net *net, const char *file, struct bridge_files *ret, struct err *e);
};
extern const struct bridge_backend bridge_backends[]; // the last one has no name
extern const char *const bridge_backend_names[];      // for an option; ends in NULL
const struct bridge_backend *bridge_backend_of(const char *name);
void bridge_files_release(struct bridge_files *f);

struct bridge_job {
    const struct bridge_backend *backend;
    struct bridge_net net;
    struct bridge_files files;
    char *want, *before; // states
    struct strv notes;   // for the operator
};
void bridge_job_release(struct bridge_job *j);
// What the node told (tools/bridge_look.sh) and what is wished make the job.
int bridge_judge(const struct facts *f, const struct bridge_wish *w, struct bridge_job *ret, struct err *e);
