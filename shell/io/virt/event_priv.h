// SPDX-License-Identifier: GPL-3.0-or-later
// Between virt/event.c (subscriptions), virt/event_kinds.c (what each kind of event brings) and virt/event_deliver.c,
// on which both stand.
#pragma once

#include <jansson.h>
#include <libvirt/libvirt.h>
#include <stdatomic.h>

#include "io/virt/event.h"

// One registration with libvirt. It refuses a second one with the same callback on a connection, whatever the data, so
// all subscriptions to a kind share one, and those of one domain are picked out here.
struct virt_source {
    struct virt_source *next; // of the connection
    int kind;
    int id;                // libvirt's
    struct lock *lock;     // guards subs; held while callbacks run
    struct virt_sub *subs; // of which some may be unsubscribed already
    atomic_int refs;       // the connection's and libvirt's
    // Set last by the subscriber, read first by a delivery: what the subscriber wrote before is seen. libvirt's own
    // locks order this as well, but not where a race detector can see it.
    atomic_bool made;
};

struct virt_sub {
    struct virt_sub *next; // of the source
    struct virt_conn *conn;
    struct virt_source *source;
    char *uuid;        // "": of all; a device's name
    virt_event_fn *fn; // NULL: unsubscribed
    void *data;
};

// The daemon is told by a thread of its own, as one that is frozen does not answer: fn(data), at whose end
// virt_event_told() is called, is waited for by virt_event_settled() alone.
void virt_event_tell(void (*fn)(void *data), void *data);
void virt_event_told(void);

// Starts an event's value: kind, domain, uuid, time.
json_t *virt_event_begin(const char *kind, virDomainPtr dom);
json_t *virt_event_object(const char *kind); // the same of no domain
// Delivers with that "text"; takes `event`.
void virt_event_deliver_text(struct virt_source *from, json_t *event, const char *text);
// Adds "text" as virsh words it, "event 'KIND' for domain 'NAME'" and then `tail`, and delivers; takes `event`.
void virt_event_deliver(struct virt_source *from, json_t *event, const char *tail_fmt, ...)
    __attribute__((format(printf, 3, 4)));

extern const struct virt_event_row {
    const char *name;
    virConnectDomainEventGenericCallback callback;
} virt_event_rows[];
