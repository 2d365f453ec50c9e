// SPDX-License-Identifier: GPL-3.0-or-later
// An event as a value, on its way to those who subscribed. Main thread. See virt/event_priv.h.
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "io/job.h"
#include "io/virt/event_priv.h"
#include "io/virt/priv.h"

json_t *virt_event_object(const char *kind)
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
    json_t *v = virt_event_object(kind);
    json_object_set_new(v, "domain", json_text(virDomainGetName(dom)));
    json_object_set_new(v, "uuid", json_text(uuid));
    return v;
}

void virt_event_deliver_text(struct virt_source *from, json_t *event, const char *text)
{
    json_object_set_new(event, "text", json_text(text));
    const char *uuid = json_text_at(event, "uuid"), *id = uuid ? uuid : json_text_at(event, "nodedev");
    (void)atomic_load(&from->made);
    lock_acquire(from->lock);
    for (const struct virt_sub *s = from->subs; s; s = s->next) {
        if (s->fn && (!*s->uuid || strcmp(s->uuid, id) == 0))
            s->fn(event, s->data);
    }
    lock_release(from->lock);
    json_decref(event);
}

void virt_event_deliver(struct virt_source *from, json_t *event, const char *tail_fmt, ...)
{
    va_list ap;
    va_start(ap, tail_fmt);
    char *tail = xvasprintf(tail_fmt, ap);
    va_end(ap);
    char *text =
        xasprintf("event '%s' for domain '%s'%s", json_text_at(event, "event"), json_text_at(event, "domain"), tail);
    virt_event_deliver_text(from, event, text);
    free(text);
    free(tail);
}
