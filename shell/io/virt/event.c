// SPDX-License-Identifier: GPL-3.0-or-later
// Subscriptions to libvirt's events. Subscribing: job threads; delivery: main thread. See virt/event.h.
#include "io/virt/event.h"

#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/json.h"
#include "io/job.h"
#include "io/virt/event_priv.h"
#include "io/virt/priv.h"

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

struct object {
    const char *key, *words; // "pool", "storage pool"
    const char *name, *uuid; // uuid NULL: it has none
};

// What came of an object that is no domain; `type` NULL: `event` says it all.
static void deliver_object(void *from, const struct object *o, const char *event, const char *type)
{
    _cleanup_free_ char *kind = xasprintf("%s-%s", o->key, event);
    json_t *v = virt_event_object(kind);
    json_object_set_new(v, o->key, json_text(o->name));
    if (o->uuid)
        json_object_set_new(v, "uuid", json_text(o->uuid));
    if (type)
        json_object_set_new(v, "type", json_text(type));
    _cleanup_free_ char *text =
        xasprintf("event '%s' for %s %s%s%s", event, o->words, o->name, type ? ": " : "", type ? type : "");
    virt_event_deliver_text(from, v, text);
}

// libvirt counts what can happen to a pool, a network and a secret in the same order.
static const char *object_type(int event)
{
    static const char *const types[] = {"Defined", "Undefined", "Started", "Stopped", "Created", "Deleted"};
    return event >= 0 && (size_t)event < ARRAY_SIZE(types) ? types[event] : "unknown";
}
_Static_assert((int)VIR_NETWORK_EVENT_STOPPED == (int)VIR_STORAGE_POOL_EVENT_STOPPED &&
                   (int)VIR_SECRET_EVENT_UNDEFINED == (int)VIR_STORAGE_POOL_EVENT_UNDEFINED,
               "one list of words serves all three");

static void tell_pool(virStoragePoolPtr pool, void *from, const char *event, const char *type)
{
    char uuid[VIR_UUID_STRING_BUFLEN] = "";
    virStoragePoolGetUUIDString(pool, uuid);
    deliver_object(from, &(struct object){"pool", "storage pool", virStoragePoolGetName(pool), uuid}, event, type);
}

static void on_pool(virConnectPtr conn, virStoragePoolPtr pool, int event, int detail, void *opaque)
{
    (void)conn;
    (void)detail;
    tell_pool(pool, opaque, "lifecycle", object_type(event));
}

static void on_pool_refresh(virConnectPtr conn, virStoragePoolPtr pool, void *opaque)
{
    (void)conn;
    tell_pool(pool, opaque, "refresh", NULL);
}

static void on_network(virConnectPtr conn, virNetworkPtr net, int event, int detail, void *opaque)
{
    char uuid[VIR_UUID_STRING_BUFLEN] = "";
    (void)conn;
    (void)detail;
    virNetworkGetUUIDString(net, uuid);
    deliver_object(opaque, &(struct object){"network", "network", virNetworkGetName(net), uuid}, "lifecycle",
                   object_type(event));
}

static void tell_secret(virSecretPtr secret, void *from, const char *event, const char *type)
{
    char uuid[VIR_UUID_STRING_BUFLEN] = "";
    virSecretGetUUIDString(secret, uuid);
    deliver_object(from, &(struct object){"secret", "secret", uuid, uuid}, event, type);
}

static void on_secret(virConnectPtr conn, virSecretPtr secret, int event, int detail, void *opaque)
{
    (void)conn;
    (void)detail;
    tell_secret(secret, opaque, "lifecycle", object_type(event));
}

static void on_secret_value(virConnectPtr conn, virSecretPtr secret, void *opaque)
{
    (void)conn;
    tell_secret(secret, opaque, "value-changed", NULL);
}

static void on_nodedev(virConnectPtr conn, virNodeDevicePtr dev, int event, int detail, void *opaque)
{
    static const char *const types[] = {"Created", "Deleted", "Defined", "Undefined"};
    (void)conn;
    (void)detail;
    deliver_object(opaque, &(struct object){"nodedev", "node device", virNodeDeviceGetName(dev), NULL}, "lifecycle",
                   event >= 0 && (size_t)event < ARRAY_SIZE(types) ? types[event] : "unknown");
}

static void on_nodedev_update(virConnectPtr conn, virNodeDevicePtr dev, void *opaque)
{
    (void)conn;
    deliver_object(opaque, &(struct object){"nodedev", "node device", virNodeDeviceGetName(dev), NULL}, "update", NULL);
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

static int register_pools(struct virt_conn *c, struct virt_source *from)
{
    bool refresh = from->kind == VIRT_EVENT_POOL_REFRESH;
    return VIRT(virConnectStoragePoolEventRegisterAny(
        c->ptr, NULL, refresh ? VIR_STORAGE_POOL_EVENT_ID_REFRESH : VIR_STORAGE_POOL_EVENT_ID_LIFECYCLE,
        refresh ? on_pool_refresh : VIR_STORAGE_POOL_EVENT_CALLBACK(on_pool), from, source_unref));
}

static int register_secrets(struct virt_conn *c, struct virt_source *from)
{
    bool value = from->kind == VIRT_EVENT_SECRET_VALUE;
    return VIRT(virConnectSecretEventRegisterAny(
        c->ptr, NULL, value ? VIR_SECRET_EVENT_ID_VALUE_CHANGED : VIR_SECRET_EVENT_ID_LIFECYCLE,
        value ? on_secret_value : VIR_SECRET_EVENT_CALLBACK(on_secret), from, source_unref));
}

static int register_nodedevs(struct virt_conn *c, struct virt_source *from)
{
    bool update = from->kind == VIRT_EVENT_NODEDEV_UPDATE;
    return VIRT(virConnectNodeDeviceEventRegisterAny(
        c->ptr, NULL, update ? VIR_NODE_DEVICE_EVENT_ID_UPDATE : VIR_NODE_DEVICE_EVENT_ID_LIFECYCLE,
        update ? on_nodedev_update : VIR_NODE_DEVICE_EVENT_CALLBACK(on_nodedev), from, source_unref));
}

static int register_any(struct virt_conn *c, struct virt_source *from)
{
    switch (from->kind) {
    case VIRT_EVENT_POOLS:
    case VIRT_EVENT_POOL_REFRESH:
        return register_pools(c, from);
    case VIRT_EVENT_NETWORKS:
        return VIRT(virConnectNetworkEventRegisterAny(c->ptr, NULL, VIR_NETWORK_EVENT_ID_LIFECYCLE,
                                                      VIR_NETWORK_EVENT_CALLBACK(on_network), from, source_unref));
    case VIRT_EVENT_SECRETS:
    case VIRT_EVENT_SECRET_VALUE:
        return register_secrets(c, from);
    case VIRT_EVENT_NODEDEVS:
    case VIRT_EVENT_NODEDEV_UPDATE:
        return register_nodedevs(c, from);
    default:
        return VIRT(virConnectDomainEventRegisterAny(c->ptr, NULL, from->kind, virt_event_rows[from->kind].callback,
                                                     from, source_unref));
    }
}

// On a dead connection this fails, and libvirt lets go of us when the connection is closed.
static void deregister_any(struct virt_conn *c, const struct virt_source *from)
{
    switch (from->kind) {
    case VIRT_EVENT_POOLS:
    case VIRT_EVENT_POOL_REFRESH:
        (void)VIRT(virConnectStoragePoolEventDeregisterAny(c->ptr, from->id));
        break;
    case VIRT_EVENT_NETWORKS:
        (void)VIRT(virConnectNetworkEventDeregisterAny(c->ptr, from->id));
        break;
    case VIRT_EVENT_SECRETS:
    case VIRT_EVENT_SECRET_VALUE:
        (void)VIRT(virConnectSecretEventDeregisterAny(c->ptr, from->id));
        break;
    case VIRT_EVENT_NODEDEVS:
    case VIRT_EVENT_NODEDEV_UPDATE:
        (void)VIRT(virConnectNodeDeviceEventDeregisterAny(c->ptr, from->id));
        break;
    default:
        (void)VIRT(virConnectDomainEventDeregisterAny(c->ptr, from->id));
    }
}

// With c->events held: asks the daemon.
static struct virt_source *source_register(struct virt_conn *c, int kind, struct err *e)
{
    struct virt_source *from = source_new(kind);
    from->id = register_any(c, from);
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
        *s = (struct virt_sub){.conn = virt_conn_ref(c), .source = from, .uuid = xstrdup(uuid), .fn = fn, .data = data};
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

int virt_event_subscribe_objects(struct virt_conn *c, enum virt_event_objects which, const char *uuid,
                                 virt_event_fn *fn, void *data, struct virt_sub **ret, struct err *e)
{
    return subscribe(c, uuid ? uuid : "", (int)which, fn, data, ret, e);
}

static atomic_int leaving;

void virt_event_tell(void (*fn)(void *data), void *data)
{
    atomic_fetch_add(&leaving, 1);
    job_thread_detached("unsubscribe", fn, data);
}

void virt_event_told(void)
{
    atomic_fetch_sub(&leaving, 1);
}

// With conn->events held: nobody subscribes to it any more.
static void source_deregister(struct virt_conn *c, struct virt_source *from)
{
    struct virt_source **at = &c->sources;
    while (*at != from)
        at = &(*at)->next;
    *at = from->next;
    deregister_any(c, from);
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
    free(s->uuid);
    free(s);
    virt_event_told();
}

void virt_event_unsubscribe(struct virt_sub *s)
{
    if (!s)
        return;
    lock_acquire(s->source->lock);
    s->fn = NULL;
    lock_release(s->source->lock);
    virt_event_tell(leave, s);
}

bool virt_event_settled(double timeout_ms)
{
    static const struct timespec tick = {.tv_nsec = 1000000};
    for (; atomic_load(&leaving) > 0 && timeout_ms > 0; timeout_ms--)
        nanosleep(&tick, NULL);
    return atomic_load(&leaving) == 0;
}
