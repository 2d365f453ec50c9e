// SPDX-License-Identifier: GPL-3.0-or-later
// Do hosts reach each other's ports? One listens, the others connect: nothing else proves that no firewall is between.
// A port that somebody listens at already is only connected to. Job threads.
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "core/console/ctx.h"

struct job;

struct reach_host {
    struct node *node;    // as the inventory has it, lent
    struct node *machine; // where scripts run, lent; NULL: this machine
    bool as_user;         // with the login's own rights
    const char *hostname; // by which it is come to where the node's address is none; NULL: none
};

#define REACH_MIGRATION "migration" // libvirt's range, as the host's qemu.conf has it

struct reach_try {
    size_t from, to;   // which of the hosts
    const char *range; // "LOW-HIGH" or REACH_MIGRATION, lent
    // What came of it. With err set it was not tried, or tells nothing.
    struct err err;
    char *address;    // by which it was come to
    long port;        // of the range
    bool busy;        // somebody else listens there
    bool reached;     //
    char *error;      // why not
    json_t *resolved; // [text]: the addresses
};

// A listener ends after `seconds`, or when all have come: each range of a host is to be tried by as many. An answer
// that comes later tells nothing. Fails only when cancelled.
int reach_run(struct ctx *ctx, struct job *job, const struct reach_host *hosts, size_t n_hosts, struct reach_try *tries,
              size_t n, unsigned seconds, struct err *e);
void reach_release(struct reach_try *tries, size_t n);

// The script could not do its part (its fact "problem"), or told something else. Returns -1.
struct facts;
int reach_cannot(const struct node *node, const struct facts *f, struct err *e);
