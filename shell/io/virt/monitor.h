// SPDX-License-Identifier: GPL-3.0-or-later
// QEMU itself, asked past libvirt. libvirt marks a guest that was asked so as tainted ("custom-monitor"), for as long
// as it runs: only on the operator's word. Job threads.
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "io/virt/dom.h"
#include "io/virt/event.h"

// *ret: what keeps QEMU from migrating it, [text] in QEMU's words; empty: nothing. The caller's. ERR_UNSUPPORTED: it is
// no QEMU, or one that does not tell.
int virt_qemu_blockers(struct virt_dom *d, json_t **ret, struct err *e);
// The same out of an answer to query-migrate. Pure.
int virt_qemu_blockers_parse(const char *answer, json_t **ret, struct err *e);

// What `command` (the human protocol with `hmp`, else QMP, in JSON) gives: foreign text, the caller's. `fds`: open
// files of ours that QEMU gets with it.
int virt_qemu_monitor(struct virt_dom *d, const char *command, bool hmp, const int *fds, size_t n_fds, char **ret,
                      struct err *e);

// QEMU's own events, of one guest or all, of the name `event` (NULL: every): {"event": "qemu-monitor-event", "domain",
// "uuid", "type": QEMU's name, "seconds", "microseconds": QEMU's time, "details": JSON text or null, "time", "text"}.
enum virt_qemu_event_flags { VIRT_QEMU_EVENT_REGEX = 1, VIRT_QEMU_EVENT_NO_CASE = 2 };
struct virt_qemu_events;
int virt_qemu_events_subscribe(struct virt_conn *c, struct virt_dom *dom, const char *event, unsigned flags,
                               virt_event_fn *fn, void *data, struct virt_qemu_events **ret, struct err *e);
// After it has returned, fn is never called again; it does not wait for the daemon. NULL is fine.
void virt_qemu_events_unsubscribe(struct virt_qemu_events *s);
