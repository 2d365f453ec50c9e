// SPDX-License-Identifier: GPL-3.0-or-later
// What a preflight judges: the facts of guests, of hosts, and of both together, gathered once and in parallel. Nothing
// is judged here and nothing changed on a node, but for a marker file beside a disk that is gone before the answer, and
// a port of the destination that is listened at for a moment. Job threads.
//
// Shapes (JSON). What could not be found out is absent, and the object's "missing" says why: {"SECTION": "the error"}.
// XML stays XML: whoever judges asks it by XPath. No text holds a secret (XML without VIR_DOMAIN_XML_SECURE).
//
// guest:
//   name, uuid, node   where it is (absent: it is only described);  id: int or null
//   state, reason      virsh's words
//   persistent, autostart, managed_save    booleans
//   xml                live if it is active, else the definition
//   inactive           the definition that its next start uses; null: transient
//   snapshots, checkpoints    how many
//   job                {"type": "none"|"bounded"|"unbounded", "operation": "migration out"|…|null}
//   block_jobs         [{"target", "type": "copy"|"pull"|"commit"|"active-commit"|"backup"}], of disks that have one
//   messages           libvirt's taints and deprecations
//   addresses          [{"mac", "address", "prefix"}] by lease, agent or the host's neighbour table
//   files              rows of core/guest/files.h (what its disks are, chain by chain)
//   blockers           QEMU's blocked-reasons, [text]; only if asked for (ask_qemu), or where somebody has asked before
//
// host:
//   node, uri
//   paths, names           what the node was asked for: the rows of `look` have their numbers
//   hostname, identity     what libvirt calls the host; its host UUID
//   libvirt, qemu          versions, major * 1000000 + minor * 1000 + release
//   capabilities           XML
//   machines               [{"emulator", "arch", "machine", "virttype", "xml": domcapabilities} or the same with
//                          "error"], one for each combination that a guest asks for, on hosts it may go to
//   cpus, memory_kib, free_kib    of the host;  cells: [{"id", "free_kib"}]
//   domains                [{"name", "uuid", "id", "state", "reason"}], all of them
//   networks               [{"name", "active", "xml"}]
//   pools                  [{"name", "active", "autostart", "xml", "available": bytes or null}]
//   secrets                [{"uuid", "usage_type", "usage"}]
//   nwfilters              [name]
//   filters                {NAME: XML}, of those that a guest names, where there is one, and that these refer to
//   look                   what tools/preflight_look.sh found on the node, {KEY: [text, …]}, the script says which keys
//   tls                    tls_summary() of core/tls/tls.h, with tls_judge()'s "findings"
//   clock                  {"ahead_s", "error_s"}: how far its clock is ahead of this machine's, and half the round
//                          trip in which it was read: the true value is within ahead_s ± error_s
//
// pair, of one guest and one destination:
//   guest, dest        the guest's uuid; the node's name
//   cpu                {"result": "identical"|"superset"|"incompatible", "error": libvirt's text or null} of the
//                      guest's live <cpu> on the destination's hypervisor; absent, and not missing, where that names no
//                      model: then there is nothing to compare
//   disks              [{"path", "there", "shared": true|false|null, "why"}]: of each file, is it one and the same on
//                      both (proved, core/copy/copy.h); null: it cannot be told, and `why`. Of a network disk "path"
//                      and "there" are "PROTOCOL:NAME HOSTS"
//   ports              {"address": by which the source would reach it, "resolved": [text], "port", "reached": bool,
//                      "error"}: a free port of the destination's range, listened at there, connected to from the
//                      source
//   p2p                {"uri", "reached": bool, "error"}: does the source's root reach the destination's libvirt
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"
#include "core/console/ctx.h"

struct job;
struct virt_dom;

struct preflight_guest {
    struct node *node;    // where it is, lent
    struct virt_dom *dom; // lent
};

struct preflight_query {
    struct preflight_guest *guests;
    size_t n_guests;
    struct node **dests; // lent; each guest is looked at for each of them that is not where it is
    size_t n_dests;
    const char *described; // XML of a guest that is on no node yet, as a definition would be; NULL: none
    bool ask_qemu;         // taints the guest (custom-monitor)
    bool no_proof;         // no marker and no listening: nothing at all is written or opened on a node
    bool only_disks;       // the guests, and of the pairs "disks": no host is asked, and no port tried
    bool p2p;              // ask whether the source reaches the destination's libvirt
    json_t *map; // {"KIND": {FROM: TO}} as --map says (core/guest/xml_map.h), or NULL: where files would be there
};

// *ret: {"guests": [guest], "hosts": {NODE: host} (sources and destinations, each once), "pairs": [pair]}; the
// caller's.
// What does not answer is in "missing" of what it belongs to; fails only where a guest is not found, or cancelled.
int preflight_facts(struct ctx *ctx, struct job *job, const struct preflight_query *q, json_t **ret, struct err *e);
