// SPDX-License-Identifier: GPL-3.0-or-later
// Subscriptions to libvirt's events. Subscribing: job threads; delivery: main thread. See virt/event.h.
#include "io/virt/event.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/json.h"
#include "io/job.h"
#include "io/virt/event_priv.h"
#include "io/virt/priv.h"

enum { POOLS = VIRT_EVENT_KINDS }; // as the kind of a source: lifecycles of pools

_Static_assert((int)VIRT_EVENT_JOB_COMPLETED == VIR_DOMAIN_EVENT_ID_JOB_COMPLETED &&
                   (int)VIRT_EVENT_KINDS == VIR_DOMAIN_EVENT_ID_MEMORY_DEVICE_SIZE_CHANGE + 1,
               "our numbers are libvirt's");

const char *virt_event_name(int kind)
{
    return virt_event_rows[kind].name;
}

int virt_event_kind(const char *name)
{
    for (int i = 0; i < VIRT_EVENT_KINDS; i++) {
        if (strcmp(virt_event_rows[i].name, name) == 0)
            return i;
    }
    return -1;
}

static void on_pool(virConnectPtr conn, virStoragePoolPtr pool, int event, int detail, void *opaque)
{
    static const char *const types[] = {"Defined", "Undefined", "Started", "Stopped", "Created", "Deleted"};
    (void)conn;
    (void)detail;
    const char *type = event >= 0 && (size_t)event < ARRAY_SIZE(types) ? types[event] : "unknown";
    char uuid[VIR_UUID_STRING_BUFLEN] = "";
    virStoragePoolGetUUIDString(pool, uuid);
    json_t *v = virt_event_object("pool-lifecycle");
    json_object_set_new(v, "pool", json_text(virStoragePoolGetName(pool)));
    json_object_set_new(v, "uuid", json_text(uuid));
    json_object_set_new(v, "type", json_text(type));
    char *text = xasprintf("event 'lifecycle' for storage pool %s: %s", virStoragePoolGetName(pool), type);
    virt_event_deliver_text(opaque, v, text);
    free(text);
}

static void source_unref(void *data)
{
    struct virt_source *from = data;
    if (atomic_fetch_sub(&from->refs, 1) != 1)
        return;
    lock_free(from->lock);
    free(from);
}

static struct virt_source *source_new(int kind)
{
    struct virt_source *from = xnew(struct virt_source);
    from->kind = kind;
    from->lock = lock_new();
    atomic_init(&from->refs, 2);
    atomic_store(&from->made, true);
    return from;
}

// With c->events held: asks the daemon.
static struct virt_source *source_register(struct virt_conn *c, int kind, struct err *e)
{
    struct virt_source *from = source_new(kind);
    from->id =
        kind == POOLS
            ? VIRT(virConnectStoragePoolEventRegisterAny(c->ptr, NULL, VIR_STORAGE_POOL_EVENT_ID_LIFECYCLE,
                                                         VIR_STORAGE_POOL_EVENT_CALLBACK(on_pool), from, source_unref))
            : VIRT(virConnectDomainEventRegisterAny(c->ptr, NULL, kind, virt_event_rows[kind].callback, from,
                                                    source_unref));
    if (from->id < 0) { // then libvirt has taken no reference
        virt_fail(e, NULL);
        lock_free(from->lock);
        free(from);
        return NULL;
    }
    from->next = c->sources;
    c->sources = from;
    return from;
}

static int subscribe(struct virt_conn *c, const char *uuid, int kind, virt_event_fn *fn, void *data,
                     struct virt_sub **ret, struct err *e)
{
    lock_acquire(c->events);
    struct virt_source *from = c->sources;
    while (from && from->kind != kind)
        from = from->next;
    from = from ? from : source_register(c, kind, e);
    if (from) {
        struct virt_sub *s = xnew(struct virt_sub);
        *s = (struct virt_sub){.conn = virt_conn_ref(c), .source = from, .fn = fn, .data = data};
        snprintf(s->uuid, sizeof(s->uuid), "%s", uuid);
        lock_acquire(from->lock);
        s->next = from->subs;
        from->subs = s;
        lock_release(from->lock);
        *ret = s;
    }
    lock_release(c->events);
    return from ? 0 : -1;
}

int virt_event_subscribe(struct virt_conn *c, struct virt_dom *dom, int kind, virt_event_fn *fn, void *data,
                         struct virt_sub **ret, struct err *e)
{
    return subscribe(c, dom ? dom->uuid : "", kind, fn, data, ret, e);
}

int virt_event_subscribe_pools(struct virt_conn *c, virt_event_fn *fn, void *data, struct virt_sub **ret, struct err *e)
{
    return subscribe(c, "", POOLS, fn, data, ret, e);
}

static atomic_int leaving;

// With conn->events held: nobody subscribes to it any more.
static void source_deregister(struct virt_conn *c, struct virt_source *from)
{
    struct virt_source **at = &c->sources;
    while (*at != from)
        at = &(*at)->next;
    *at = from->next;
    // On a dead connection this fails, and libvirt lets go of us when the connection is closed.
    if (from->kind == POOLS)
        (void)VIRT(virConnectStoragePoolEventDeregisterAny(c->ptr, from->id));
    else
        (void)VIRT(virConnectDomainEventDeregisterAny(c->ptr, from->id));
    source_unref(from);
}

static void leave(void *arg)
{
    struct virt_sub *s = arg;
    struct virt_source *from = s->source;
    lock_acquire(s->conn->events);
    lock_acquire(from->lock);
    struct virt_sub **at = &from->subs;
    while (*at != s)
        at = &(*at)->next;
    *at = s->next;
    bool last = !from->subs;
    lock_release(from->lock);
    if (last)
        source_deregister(s->conn, from);
    lock_release(s->conn->events);
    virt_conn_unref(s->conn);
    free(s);
    atomic_fetch_sub(&leaving, 1);
}

// The daemon is told by a thread of its own, as one that is frozen does not answer.
void virt_event_unsubscribe(struct virt_sub *s)
{
    if (!s)
        return;
    lock_acquire(s->source->lock);
    s->fn = NULL;
    lock_release(s->source->lock);
    atomic_fetch_add(&leaving, 1);
    job_thread_detached("unsubscribe", leave, s);
}

bool virt_event_settled(double timeout_ms)
{
    static const struct timespec tick = {.tv_nsec = 1000000};
    for (; atomic_load(&leaving) > 0 && timeout_ms > 0; timeout_ms--)
        nanosleep(&tick, NULL);
    return atomic_load(&leaving) == 0;
}
