// SPDX-License-Identifier: GPL-3.0-or-later
// Between virt/event.c (subscriptions) and virt/event_kinds.c (what each kind of event brings). For these two only.
#pragma once

#include <jansson.h>
#include <libvirt/libvirt.h>

struct virt_source; // what libvirt has as the data of a callback

// Starts an event's value: kind, domain, uuid, time.
json_t *virt_event_begin(const char *kind, virDomainPtr dom);
// Adds "text" as virsh words it, "event 'KIND' for domain 'NAME'" and then `tail`, and delivers; takes `event`.
void virt_event_deliver(struct virt_source *from, json_t *event, const char *tail_fmt, ...)
    __attribute__((format(printf, 3, 4)));

extern const struct virt_event_row {
    const char *name;
    virConnectDomainEventGenericCallback callback;
} virt_event_rows[];
