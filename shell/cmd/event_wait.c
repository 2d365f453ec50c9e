// SPDX-License-Identifier: GPL-3.0-or-later
// Waiting for libvirt's events, as event, net-event and the like do. The body waits on a job's thread; events arrive on
// the main thread and are shown from there. See event_wait.h.
#include "cmd/event_wait.h"

#include <math.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/json.h"
#include "core/console/out.h"
#include "io/job.h"
#include "io/virt/conn.h"
#include "io/virt/event.h"

// A connection that breaks makes no event: how often to look.
static const double LOOK_MS = 1000;

static char *timestamp(double at)
{
    time_t s = (time_t)at;
    struct tm tm;
    char day[32];
    strftime(day, sizeof(day), "%Y-%m-%d %H:%M:%S", gmtime_r(&s, &tm));
    return xasprintf("%s.%03d+0000: ", day, (int)((at - floor(at)) * 1e3));
}

// Main thread.
void event_wait_on(const json_t *event, void *data)
{
    struct event_wait *w = data;
    const struct cmd_call *c = w->c;
    lock_acquire(w->lock);
    bool show = w->loop || w->events == 0;
    w->events += show;
    lock_wake(w->lock);
    lock_release(w->lock);
    if (!show)
        return; // the one that was waited for has come, and this one before we were off the list
    json_t *v = json_deep_copy(event);
    const char *node = c->where.node ? c->where.node->name : NULL;
    if (node)
        json_object_set_new(v, "node", json_text(node));
    char *when = w->timestamp ? timestamp(json_number_value(json_object_get(v, "time"))) : xstrdup("");
    char *text = xasprintf("%s%s%s%s", when, node ? node : "", node ? ": " : "", json_text_at(v, "text"));
    json_object_set_new(v, "text", json_text(text));
    free(text);
    free(when);
    out_event(v);
}

static int lost(struct cmd_call *c, struct err *e)
{
    err_set(e, ERR_UNREACHABLE, "the connection to %s was lost", target_label(&c->where));
    return -1;
}

// Until there is what was waited for.
static int wait_for_events(struct event_wait *w, struct err *e)
{
    struct cmd_call *c = w->c;
    double left = w->timeout_ms;
    int r = 0;
    w->ended = "event";
    lock_acquire(w->lock);
    while (w->loop || w->events == 0) {
        double from = clock_mono_ms();
        _cleanup_err_ struct err why = ERR_INIT;
        int waited = left > 0 ? lock_wait(w->lock, c->job, left < LOOK_MS ? left : LOOK_MS, &why) : 0;
        left -= clock_mono_ms() - from;
        if (waited < 0 && why.code == ERR_CANCELLED) {
            w->ended = "interrupt";
            break;
        }
        if (left <= 0) {
            w->ended = w->events && !w->loop ? "event" : "timeout";
            break;
        }
        if (!virt_conn_alive(c->conn)) {
            r = lost(c, e);
            break;
        }
    }
    lock_release(w->lock);
    return r;
}

bool event_wait_lists(struct cmd_call *c, const char *const *names, size_t n)
{
    static const struct view_col cols[] = {{"name"}, {NULL}};
    static const struct view view = {VIEW_LINES, cols};
    if (!cmd_val(c, "list")->b)
        return false;
    c->result = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(c->result, json_pack("{s:o}", "name", json_text(names[i])));
    c->view = &view;
    return true;
}

void event_wait_begin(struct event_wait *w, struct cmd_call *c)
{
    const struct opt_val *timeout = cmd_val(c, "timeout");
    *w = (struct event_wait){.c = c,
                             .loop = cmd_val(c, "loop")->b,
                             .timestamp = cmd_val(c, "timestamp")->b,
                             .timeout_ms = timeout->given ? timeout->ms : INFINITY,
                             .lock = lock_new()};
}

int event_wait_until(struct event_wait *w, int r, struct err *e)
{
    return r < 0 ? -1 : wait_for_events(w, e);
}

int event_wait_end(struct event_wait *w, int r, struct virt_sub **subs, size_t n, struct err *e)
{
    struct cmd_call *c = w->c;
    if (r == 0 && !w->ended)
        r = wait_for_events(w, e);
    for (size_t i = 0; i < n; i++)
        virt_event_unsubscribe(subs[i]);
    lock_free(w->lock);
    if (r < 0)
        return -1;
    c->result = json_object();
    json_object_set_new(c->result, "events", json_integer((json_int_t)w->events));
    json_object_set_new(c->result, "ended", json_text(w->ended));
    // As virsh: nothing at all in the time given is a failure.
    return *w->ended == 't' && !w->events ? err_set(e, ERR_TIMEOUT, "event loop timed out") : 0;
}

int event_wait_objects(struct cmd_call *c, const char *const *names, const enum virt_event_objects *which,
                       const char *uuid, struct err *e)
{
    const char *event = cmd_val(c, "event")->s;
    struct event_wait w;
    struct virt_sub *sub = NULL;
    size_t i = 0;
    if (!event)
        return err_set(e, ERR_USAGE, "one of --list or --event TYPE is required");
    while (strcmp(names[i], event) != 0)
        i++;
    event_wait_begin(&w, c);
    int r = virt_event_subscribe_objects(c->conn, which[i], uuid, event_wait_on, &w, &sub, e);
    return event_wait_end(&w, r, &sub, 1, e);
}
