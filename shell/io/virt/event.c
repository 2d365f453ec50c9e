// SPDX-License-Identifier: GPL-3.0-or-later
// Subscriptions to libvirt's events. Subscribing: job threads; delivery: main thread. See virt/event.h.
#include "io/virt/event.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "io/job.h"
#include "io/virt/event_priv.h"
#include "io/virt/priv.h"

struct virt_sub {
    struct virt_conn *conn;
    struct lock *lock; // held while a callback runs
    virt_event_fn *fn; // NULL: unsubscribed
    void *data;
    int id; // libvirt's
    bool is_pool;
    atomic_int refs; // the owner's and libvirt's
    // Set last by the subscriber, read first by a delivery: what the subscriber wrote before is seen. libvirt's own locks
    // order this as well, but not where a race detector can see it.
    atomic_bool made;
};

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

static json_t *begin(const char *kind)
{
    json_t *v = json_object();
    json_object_set_new(v, "event", json_text(kind));
    json_object_set_new(v, "time", json_real(clock_real_s()));
    return v;
}

json_t *virt_event_begin(const char *kind, virDomainPtr dom)
{
    char uuid[VIR_UUID_STRING_BUFLEN] = "";
    virDomainGetUUIDString(dom, uuid);
    json_t *v = begin(kind);
    json_object_set_new(v, "domain", json_text(virDomainGetName(dom)));
    json_object_set_new(v, "uuid", json_text(uuid));
    return v;
}

static void deliver(struct virt_sub *s, json_t *event, const char *text)
{
    json_object_set_new(event, "text", json_text(text));
    (void)atomic_load(&s->made);
    lock_acquire(s->lock);
    if (s->fn)
        s->fn(event, s->data);
    lock_release(s->lock);
    json_decref(event);
}

void virt_event_deliver(struct virt_sub *s, json_t *event, const char *tail_fmt, ...)
{
    char *tail = NULL;
    va_list ap;
    va_start(ap, tail_fmt);
    if (vasprintf(&tail, tail_fmt, ap) < 0)
        abort();
    va_end(ap);
    char *text =
        xasprintf("event '%s' for domain '%s'%s", json_text_at(event, "event"), json_text_at(event, "domain"), tail);
    deliver(s, event, text);
    free(text);
    free(tail);
}

static void on_pool(virConnectPtr conn, virStoragePoolPtr pool, int event, int detail, void *opaque)
{
    static const char *const types[] = {"Defined", "Undefined", "Started", "Stopped", "Created", "Deleted"};
    (void)conn;
    (void)detail;
    const char *type = event >= 0 && (size_t)event < ARRAY_SIZE(types) ? types[event] : "unknown";
    char uuid[VIR_UUID_STRING_BUFLEN] = "";
    virStoragePoolGetUUIDString(pool, uuid);
    json_t *v = begin("pool-lifecycle");
    json_object_set_new(v, "pool", json_text(virStoragePoolGetName(pool)));
    json_object_set_new(v, "uuid", json_text(uuid));
    json_object_set_new(v, "type", json_text(type));
    char *text = xasprintf("event 'lifecycle' for storage pool %s: %s", virStoragePoolGetName(pool), type);
    deliver(opaque, v, text);
    free(text);
}

static void sub_unref(void *data)
{
    struct virt_sub *s = data;
    if (atomic_fetch_sub(&s->refs, 1) != 1)
        return;
    lock_free(s->lock);
    free(s);
}

static struct virt_sub *sub_new(struct virt_conn *c, virt_event_fn *fn, void *data)
{
    struct virt_sub *s = xnew(struct virt_sub);
    s->conn = virt_conn_ref(c);
    s->lock = lock_new();
    s->fn = fn;
    s->data = data;
    atomic_init(&s->refs, 2);
    atomic_store(&s->made, true);
    return s;
}

static int registered(struct virt_sub *s, int id, struct virt_sub **ret, struct err *e)
{
    s->id = id;
    if (id >= 0) {
        *ret = s;
        return 0;
    }
    virt_fail(e, NULL);
    virt_conn_unref(s->conn);
    lock_free(s->lock);
    free(s);
    return -1;
}

int virt_event_subscribe(struct virt_conn *c, struct virt_dom *dom, int kind, virt_event_fn *fn, void *data,
                         struct virt_sub **ret, struct err *e)
{
    struct virt_sub *s = sub_new(c, fn, data);
    int id = VIRT(virConnectDomainEventRegisterAny(c->ptr, dom ? dom->ptr : NULL, kind, virt_event_rows[kind].callback,
                                                   s, sub_unref));
    return registered(s, id, ret, e);
}

int virt_event_subscribe_pools(struct virt_conn *c, virt_event_fn *fn, void *data, struct virt_sub **ret, struct err *e)
{
    struct virt_sub *s = sub_new(c, fn, data);
    s->is_pool = true;
    int id = VIRT(virConnectStoragePoolEventRegisterAny(c->ptr, NULL, VIR_STORAGE_POOL_EVENT_ID_LIFECYCLE,
                                                        VIR_STORAGE_POOL_EVENT_CALLBACK(on_pool), s, sub_unref));
    return registered(s, id, ret, e);
}

static atomic_int leaving;

static void deregister(void *arg)
{
    struct virt_sub *s = arg;
    // On a dead connection this fails, and libvirt lets go of us when the connection is closed.
    if (s->is_pool)
        (void)VIRT(virConnectStoragePoolEventDeregisterAny(s->conn->ptr, s->id));
    else
        (void)VIRT(virConnectDomainEventDeregisterAny(s->conn->ptr, s->id));
    virt_conn_unref(s->conn);
    sub_unref(s);
    atomic_fetch_sub(&leaving, 1);
}

// The daemon is told by a thread of its own, as one that is frozen does not answer.
void virt_event_unsubscribe(struct virt_sub *s)
{
    if (!s)
        return;
    lock_acquire(s->lock);
    s->fn = NULL;
    lock_release(s->lock);
    atomic_fetch_add(&leaving, 1);
    job_thread_detached("unsubscribe", deregister, s);
}

bool virt_event_settled(double timeout_ms)
{
    static const struct timespec tick = {.tv_nsec = 1000000};
    for (; atomic_load(&leaving) > 0 && timeout_ms > 0; timeout_ms--)
        nanosleep(&tick, NULL);
    return atomic_load(&leaving) == 0;
}
