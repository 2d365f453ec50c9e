// SPDX-License-Identifier: GPL-3.0-or-later
// Waiting for what happens to domains. The body waits on a job's thread; events arrive on the main thread and are shown
// from there.
#include <math.h>
#include <time.h>

#include "base/clock.h"
#include "base/json.h"
#include "cmd/commands.h"
#include "core/console/out.h"
#include "io/job.h"
#include "io/virt/event.h"

enum { DOMAIN, EVENT, ALL, LOOP, TIMEOUT, LIST, TIMESTAMP };

// A connection that breaks makes no event: how often to look.
static const double LOOK_MS = 1000;

static void complete_kinds(struct ctx *ctx, const char *prefix, struct strv *out)
{
    (void)ctx;
    for (int i = 0; i < VIRT_EVENT_KINDS; i++) {
        if (str_starts(virt_event_name(i), prefix))
            strv_add(out, virt_event_name(i));
    }
}

static const struct opt_def opts[] = {
    [DOMAIN] = {"domain", OPT_DOMAIN, OPTF_POS, "filter by domain name, id or uuid", .needs = "event|all|list"},
    [EVENT] = {"event", OPT_STRING, OPTF_POS, "which event type to wait for", .complete = complete_kinds,
               .excludes = "all|list"},
    [ALL] = {"all", OPT_BOOL, 0, "wait for all events instead of just one type", .excludes = "list"},
    [LOOP] = {"loop", OPT_BOOL, 0, "loop until timeout or interrupt, rather than one-shot"},
    [TIMEOUT] = {"timeout", OPT_DURATION, OPTF_POS, "give up after this time", .unit = "s"},
    [LIST] = {"list", OPT_BOOL, 0, "list valid event types"},
    [TIMESTAMP] = {"timestamp", OPT_BOOL, 0, "show timestamp for each printed event"},
    {NULL},
};

struct waiting {
    struct lock *lock;
    struct cmd_call *c;
    size_t events;
};

static char *timestamp(double at)
{
    time_t s = (time_t)at;
    struct tm tm;
    char day[32];
    strftime(day, sizeof(day), "%Y-%m-%d %H:%M:%S", gmtime_r(&s, &tm));
    return xasprintf("%s.%03d+0000: ", day, (int)((at - floor(at)) * 1e3));
}

// Main thread.
static void on_event(const json_t *event, void *data)
{
    struct waiting *w = data;
    const struct cmd_call *c = w->c;
    lock_acquire(w->lock);
    bool show = c->vals[LOOP].b || w->events == 0;
    w->events += show;
    lock_wake(w->lock);
    lock_release(w->lock);
    if (!show)
        return; // the one that was waited for has come, and this one before we were off the list
    json_t *v = json_deep_copy(event);
    const char *node = c->where.node ? c->where.node->name : NULL;
    if (node)
        json_object_set_new(v, "node", json_text(node));
    char *when = c->vals[TIMESTAMP].b ? timestamp(json_number_value(json_object_get(v, "time"))) : xstrdup("");
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

// Until there is what was waited for: *ret_ended says how it ended.
static int wait_for_events(struct waiting *w, const char **ret_ended, struct err *e)
{
    struct cmd_call *c = w->c;
    double left = c->vals[TIMEOUT].given ? c->vals[TIMEOUT].ms : INFINITY;
    int r = 0;
    *ret_ended = "event";
    lock_acquire(w->lock);
    while (c->vals[LOOP].b || w->events == 0) {
        double from = clock_mono_ms();
        _cleanup_err_ struct err why = ERR_INIT;
        int waited = left > 0 ? lock_wait(w->lock, c->job, left < LOOK_MS ? left : LOOK_MS, &why) : 0;
        left -= clock_mono_ms() - from;
        if (waited < 0 && why.code == ERR_CANCELLED) {
            *ret_ended = "interrupt";
            break;
        }
        if (left <= 0) {
            *ret_ended = w->events && !c->vals[LOOP].b ? "event" : "timeout";
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

static int subscribe(struct waiting *w, struct virt_sub **subs, struct err *e)
{
    struct cmd_call *c = w->c;
    struct virt_dom *dom = c->vals[DOMAIN].dom;
    if (!c->vals[ALL].b)
        return virt_event_subscribe(c->conn, dom, virt_event_kind(c->vals[EVENT].s), on_event, w, &subs[0], e);
    size_t n = 0;
    for (int kind = 0; kind < VIRT_EVENT_KINDS; kind++) {
        // As virsh: a kind that this driver does not have is no failure of "all".
        if (virt_event_subscribe(c->conn, dom, kind, on_event, w, &subs[n], e) == 0)
            n++;
    }
    if (!n)
        return -1;
    err_release(e);
    return 0;
}

static const struct view_col list_cols[] = {{"name"}, {NULL}};
static const struct view list_view = {VIEW_LINES, list_cols};

static int list_kinds(struct cmd_call *c)
{
    c->result = json_array();
    for (int kind = 0; kind < VIRT_EVENT_KINDS; kind++) {
        json_t *row = json_object();
        json_object_set_new(row, "name", json_text(virt_event_name(kind)));
        json_array_append_new(c->result, row);
    }
    c->view = &list_view;
    return 0;
}

static int check_options(struct cmd_call *c, struct err *e)
{
    const char *kind = c->vals[EVENT].s;
    if (!kind && !c->vals[ALL].b && !c->vals[LIST].b)
        return err_set(e, ERR_USAGE, "one of --list, --all, or --event TYPE is required");
    if (kind && virt_event_kind(kind) < 0) {
        const char *names[VIRT_EVENT_KINDS];
        for (int i = 0; i < VIRT_EVENT_KINDS; i++)
            names[i] = virt_event_name(i);
        const char *near = str_nearest(kind, names, VIRT_EVENT_KINDS);
        err_set(e, ERR_USAGE, "unknown event type '%s'", kind);
        return near ? err_hint(e, "did you mean %s?", near) : err_hint(e, "event --list shows them");
    }
    return 0;
}

static int run(struct cmd_call *c, struct err *e)
{
    if (check_options(c, e) < 0)
        return -1;
    if (c->vals[LIST].b)
        return list_kinds(c);
    struct waiting w = {lock_new(), c, 0};
    struct virt_sub *subs[VIRT_EVENT_KINDS] = {NULL};
    const char *ended = "event";
    int r = subscribe(&w, subs, e);
    if (r == 0)
        r = wait_for_events(&w, &ended, e);
    for (size_t i = 0; i < VIRT_EVENT_KINDS; i++)
        virt_event_unsubscribe(subs[i]);
    lock_free(w.lock);
    if (r < 0)
        return -1;
    c->result = json_object();
    json_object_set_new(c->result, "events", json_integer((json_int_t)w.events));
    json_object_set_new(c->result, "ended", json_text(ended));
    // As virsh: nothing at all in the time given is a failure.
    return *ended == 't' && !w.events ? err_set(e, ERR_TIMEOUT, "event loop timed out") : 0;
}

const struct cmd_def cmd_event = {
    .name = "event",
    .group = "Domains",
    .summary = "wait for domain events, or list their types",
    .help =
        "Ends after one event, or with --loop at Ctrl-C or the timeout; with several nodes, after one of each. Fails\n"
        "if the timeout passes without any. With --json each event is an object on a line of its own.",
    .example = "event --event lifecycle --loop\nevent --all --loop --timestamp --node all\nevent share job-completed",
    .opts = opts,
    .flags = CMD_CONN | CMD_EACH | CMD_STOP_IS_END,
    .view = {VIEW_NONE, .message = "events received: {events}"},
    .run = run};
