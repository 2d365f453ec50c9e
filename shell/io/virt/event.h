// SPDX-License-Identifier: GPL-3.0-or-later
// libvirt's events as JSON values. Subscribing talks to the daemon: job threads. Delivery is on the main thread, out of
// the loop: a callback must not block, and must not call libvirt.
#pragma once

#include <jansson.h>

#include "base/err.h"
#include "io/virt/dom.h"

// Domain events, with libvirt's numbers (virDomainEventID); virt_event_name() has virsh's names for them.
enum virt_event_kind {
    VIRT_EVENT_LIFECYCLE = 0,
    VIRT_EVENT_BLOCK_JOB_2 = 16,
    VIRT_EVENT_AGENT_LIFECYCLE = 18,
    VIRT_EVENT_MIGRATION_ITERATION = 20,
    VIRT_EVENT_JOB_COMPLETED = 21,
    VIRT_EVENT_KINDS = 27,
};
const char *virt_event_name(int kind);
int virt_event_kind(const char *name); // -1: no such event

// `event`, lent for the call: {"event": name, "domain", "uuid", "time": epoch seconds of its arrival here, "text": a
// line as virsh prints it, and what the kind brings: "type" and "detail" for lifecycle ("Suspended", "Migrated"),
// "iteration", "params": {…} for job-completed and tunable, "disk", "status" …}.
typedef void virt_event_fn(const json_t *event, void *data);

struct virt_sub;
// `dom` NULL: of all domains. Any number may subscribe to the same. The subscription holds the connection. A connection
// that dies says nothing: see virt_conn_alive().
int virt_event_subscribe(struct virt_conn *c, struct virt_dom *dom, int kind, virt_event_fn *fn, void *data,
                         struct virt_sub **ret, struct err *e);
// What is no domain: {"event": "pool-lifecycle", "network-lifecycle", "secret-lifecycle", "nodedev-lifecycle",
// "pool-refresh", "secret-value-changed" or "nodedev-update", "pool", "network", "secret" or "nodedev": its name (a
// secret's uuid), "uuid" (a device has none), "type" (of lifecycle: "Started" …), "time", "text"}.
enum virt_event_objects {
    VIRT_EVENT_POOLS = VIRT_EVENT_KINDS,
    VIRT_EVENT_NETWORKS,
    VIRT_EVENT_SECRETS,
    VIRT_EVENT_NODEDEVS,
    VIRT_EVENT_POOL_REFRESH,
    VIRT_EVENT_SECRET_VALUE,
    VIRT_EVENT_NODEDEV_UPDATE,
};
// `uuid` (a device's name) NULL: of all of them.
int virt_event_subscribe_objects(struct virt_conn *c, enum virt_event_objects which, const char *uuid,
                                 virt_event_fn *fn, void *data, struct virt_sub **ret, struct err *e);
// No callback runs or begins after this has returned; so hold no lock here that a callback takes, be it another's. Does
// not wait for the daemon. Any thread. NULL is fine.
void virt_event_unsubscribe(struct virt_sub *s);
// Waits until all daemons know, but no longer than this. false: one does not answer, and a thread hangs in it.
bool virt_event_settled(double timeout_ms);
