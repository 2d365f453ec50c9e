// SPDX-License-Identifier: GPL-3.0-or-later
// QEMU's monitor, by way of libvirt. Job threads. See virt/monitor.h.
#include "io/virt/monitor.h"

#include <libvirt/libvirt-qemu.h>

#include "base/buf.h"
#include "base/json.h"
#include "io/job.h"
#include "io/virt/event_priv.h"
#include "io/virt/priv.h"

enum { TELLS = 6000000 };

int virt_qemu_blockers_parse(const char *answer, json_t **ret, struct err *e)
{
    json_error_t why;
    json_auto_t *all = json_loads(answer, 0, &why);
    const json_t *told = json_object_get(all, "return");
    const char *refused = json_text_at(json_object_get(all, "error"), "desc");
    if (refused)
        return err_set(e, ERR_FAILED, "query-migrate: %s", refused);
    if (!json_is_object(told))
        return err_set(e, ERR_FAILED, "query-migrate: not an answer of QEMU's: %.200s", answer);
    json_t *reasons = json_object_get(told, "blocked-reasons"); // left out where there are none
    *ret = json_is_array(reasons) ? json_incref(reasons) : json_array();
    return 0;
}

int virt_qemu_blockers(struct virt_dom *d, json_t **ret, struct err *e)
{
    char *answer = NULL;
    unsigned long version = 0;
    if (VIRT(virConnectGetVersion(d->conn->ptr, &version)) < 0)
        return virt_fail(e, NULL);
    if (version < TELLS)
        return err_set(e, ERR_UNSUPPORTED, "only QEMU tells what blocks a migration, and since 6.0");
    if (VIRT(virDomainQemuMonitorCommand(d->ptr, "{\"execute\":\"query-migrate\"}", &answer, 0)) < 0)
        return virt_fail(e, NULL);
    int r = virt_qemu_blockers_parse(answer ? answer : "", ret, e);
    free(answer);
    return r;
}

int virt_qemu_monitor(struct virt_dom *d, const char *command, bool hmp, const int *fds, size_t n_fds, char **ret,
                      struct err *e)
{
    unsigned flags = hmp ? VIR_DOMAIN_QEMU_MONITOR_COMMAND_HMP : 0;
    char *answer = NULL;
    int r = n_fds ? VIRT(virDomainQemuMonitorCommandWithFiles(d->ptr, command, (unsigned)n_fds, (int *)fds, NULL, NULL,
                                                              &answer, flags))
                  : VIRT(virDomainQemuMonitorCommand(d->ptr, command, &answer, flags));
    if (r < 0)
        return virt_fail(e, NULL);
    *ret = answer ? answer : xstrdup("");
    return 0;
}

struct virt_qemu_events {
    struct virt_conn *conn;
    struct lock *lock; // held while fn is called
    virt_event_fn *fn; // NULL: unsubscribed
    void *data;
    int id;
    atomic_int refs; // the subscriber's and libvirt's
};

static void events_unref(void *data)
{
    struct virt_qemu_events *s = data;
    if (atomic_fetch_sub(&s->refs, 1) != 1)
        return;
    lock_free(s->lock);
    free(s);
}

// Main thread, out of the loop.
static void on_event(virConnectPtr conn, virDomainPtr dom, const char *event, long long seconds, unsigned micros,
                     const char *details, void *data)
{
    struct virt_qemu_events *s = data;
    (void)conn;
    json_t *v = virt_event_begin("qemu-monitor-event", dom);
    _cleanup_free_ char *text = xasprintf("event %s at %lld.%06u for domain '%s': %s", event, seconds, micros,
                                          json_text_at(v, "domain"), details ? details : "(null)");
    json_object_set_new(v, "type", json_text(event));
    json_object_set_new(v, "seconds", json_integer(seconds));
    json_object_set_new(v, "microseconds", json_integer(micros));
    json_object_set_new(v, "details", json_text(details));
    json_object_set_new(v, "text", json_text(text));
    lock_acquire(s->lock);
    if (s->fn)
        s->fn(v, s->data);
    lock_release(s->lock);
    json_decref(v);
}

int virt_qemu_events_subscribe(struct virt_conn *c, struct virt_dom *dom, const char *event, unsigned flags,
                               virt_event_fn *fn, void *data, struct virt_qemu_events **ret, struct err *e)
{
    struct virt_qemu_events *s = xnew(struct virt_qemu_events);
    s->lock = lock_new();
    s->fn = fn;
    s->data = data;
    atomic_init(&s->refs, 2);
    s->id = VIRT(virConnectDomainQemuMonitorEventRegister(c->ptr, dom ? dom->ptr : NULL, event, on_event, s,
                                                          events_unref, flags));
    if (s->id < 0) { // then libvirt has taken no reference
        virt_fail(e, NULL);
        lock_free(s->lock);
        free(s);
        return -1;
    }
    s->conn = virt_conn_ref(c);
    *ret = s;
    return 0;
}

static void leave(void *data)
{
    struct virt_qemu_events *s = data;
    // On a dead connection this fails, and libvirt lets go of us when the connection is closed.
    (void)VIRT(virConnectDomainQemuMonitorEventDeregister(s->conn->ptr, s->id));
    virt_conn_unref(s->conn);
    events_unref(s);
    virt_event_told();
}

void virt_qemu_events_unsubscribe(struct virt_qemu_events *s)
{
    if (!s)
        return;
    lock_acquire(s->lock);
    s->fn = NULL;
    lock_release(s->lock);
    virt_event_tell(leave, s);
}
