// SPDX-License-Identifier: GPL-3.0-or-later
// The parts of core/preflight/facts.h. Job threads.
#pragma once

#include <stdint.h>

#include "base/strv.h"
#include "core/preflight/facts.h"

struct virt_conn;

// What a host's libvirt tells of all its guests at once: a few calls, however many there are. The caller's.
enum { MARK_PERSISTENT, MARK_AUTOSTART, MARK_SAVED, MARK_SNAPSHOTS, MARK_CHECKPOINTS, N_MARKS };
struct preflight_marks {
    json_t *states;            // {UUID: row of virt_list()}; NULL: why_states
    struct strv with[N_MARKS]; // the uuids of those that are, or have, it; not known where why[] is set
    struct err why_states, why[N_MARKS];
};
void preflight_marks_ask(struct virt_conn *conn, struct preflight_marks *ret);
void preflight_marks_release(struct preflight_marks *m);

// Of one guest of the node, all but "files": *ret_files is what it names, NULL where that is missing. What fails is
// "missing".
struct guest_files;
json_t *preflight_guest_gather(struct node *node, struct virt_dom *dom, const struct preflight_marks *marks,
                               const struct preflight_query *q, struct guest_files **ret_files);

// What a host is asked beside what every host is. The caller's; pure.
//   machines   [{"emulator", "arch", "machine", "virttype"}], each combination once
//   paths      [absolute path]: every file and directory that a guest names, as it is or would be called there
//   names      [host name or address]: what is to be resolved there
//   filters    [name]: packet filters that a guest names; those that they refer to are asked for with them
struct preflight_wanted {
    json_t *machines, *paths, *names, *filters;
};
void preflight_wanted_init(struct preflight_wanted *w);
void preflight_wanted_release(struct preflight_wanted *w);

// Adds the packet filters to which a guest's description, or another filter's, refers, each once; pure.
struct xml_doc;
void preflight_wanted_filters(json_t *list, struct xml_doc *doc);

// The emulator, arch, machine and virttype of a domain's description; null: it does not say. The caller's; pure.
json_t *preflight_machine(struct xml_doc *doc);
// What a guest (its facts) asks of a host: of where it is, or, with `there`, of where it may go to, by the map's names.
// Pure.
void preflight_wanted_guest(struct preflight_wanted *w, const json_t *guest, const json_t *map, bool there);
// One more text in a list, if it is not there yet. NULL is fine. Pure.
void preflight_wanted_add(json_t *list, const char *text);

// Of one host: libvirt is asked on one thread, the node on another. Fails only when cancelled: a host that does not
// answer has "missing".
int preflight_host_gather(struct ctx *ctx, struct job *job, struct node *node, const struct preflight_wanted *w,
                          json_t **ret, struct err *e);

// A part of it; pure. A host's "clock", of what `date +%s.%N` said there between two moments here (without the fraction
// where its date knows none); NULL: that is no time.
json_t *preflight_clock(const char *now, int64_t before_ns, int64_t after_ns);

// Between two nodes, whatever guest goes there: {"ports", "p2p", "missing"}, which belong to each of their pairs.
// `hostname` is what libvirt calls the destination; NULL: it does not say. Fails only when cancelled.
int preflight_way_gather(struct ctx *ctx, struct job *job, const struct preflight_query *q, struct node *source,
                         struct node *dest, const char *hostname, json_t **ret, struct err *e);

// Of guests (their facts) of one node, NULL of guests that nobody has, and a node that they may go to: ret[i], without
// what is theirs by the way. Fails only when cancelled.
int preflight_pairs_gather(struct ctx *ctx, struct job *job, const struct preflight_query *q, struct node *source,
                           struct node *dest, const json_t *const *guests, size_t n, json_t **ret, struct err *e);

// Adds to `to`'s "missing" why a section is not there.
void preflight_missing(json_t *to, const char *section, const struct err *why);
