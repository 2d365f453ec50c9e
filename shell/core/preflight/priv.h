// SPDX-License-Identifier: GPL-3.0-or-later
// The parts of core/preflight/facts.h. Job threads.
#pragma once

#include <stdint.h>

#include "core/preflight/facts.h"

struct facts;
struct virt_conn;

// Of one guest, over an open connection to where it is. ERR_NOT_FOUND; whatever else fails is "missing".
int preflight_guest_gather(struct ctx *ctx, struct job *job, struct node *node, struct virt_conn *conn,
                           const char *name, bool ask_qemu, json_t **ret, struct err *e);

// What a host is asked beside what every host is. The caller's; pure.
//   machines   [{"emulator", "arch", "machine", "virttype"}], each combination once
//   paths      [absolute path]: every file and directory that a guest names, as it is or would be called there
//   names      [host name or address]: what is to be resolved there
struct preflight_wanted {
    json_t *machines, *paths, *names;
};
void preflight_wanted_init(struct preflight_wanted *w);
void preflight_wanted_release(struct preflight_wanted *w);

// Of one host: libvirt is asked on one thread, the node on another. Fails only when cancelled: a host that does not
// answer has "missing".
int preflight_host_gather(struct ctx *ctx, struct job *job, struct node *node, const struct preflight_wanted *w,
                          json_t **ret, struct err *e);

// Parts of it; pure. What the node told, {KEY: [text]} in the order told. A host's "clock", of what `date +%s.%N` said
// there between two moments here (without the fraction where its date knows none); NULL: that is no time.
json_t *preflight_look_value(const struct facts *f);
json_t *preflight_clock(const char *now, int64_t before_ns, int64_t after_ns);

// Of a guest (its facts) and a node that it may go to. Fails only when cancelled.
int preflight_pair_gather(struct ctx *ctx, struct job *job, const struct preflight_query *q, const json_t *guest,
                          struct node *source, struct node *dest, json_t **ret, struct err *e);

// Adds to `to`'s "missing" why a section is not there.
void preflight_missing(json_t *to, const char *section, const struct err *why);
