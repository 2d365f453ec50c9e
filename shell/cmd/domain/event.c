// SPDX-License-Identifier: GPL-3.0-or-later
// Waiting for what happens to domains.
#include <math.h>

#include "base/json.h"
#include "cmd/commands.h"
#include "cmd/event_wait.h"
#include "io/virt/event.h"

enum { DOMAIN, EVENT, ALL, LOOP, TIMEOUT, LIST, TIMESTAMP };

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

static int subscribe(struct event_wait *w, struct virt_sub **subs, struct err *e)
{
    struct cmd_call *c = w->c;
    struct virt_dom *dom = c->vals[DOMAIN].dom;
    if (!c->vals[ALL].b)
        return virt_event_subscribe(c->conn, dom, virt_event_kind(c->vals[EVENT].s), event_wait_on, w, &subs[0], e);
    size_t n = 0;
    for (int kind = 0; kind < VIRT_EVENT_KINDS; kind++) {
        // As virsh: a kind that this driver does not have is no failure of "all".
        if (virt_event_subscribe(c->conn, dom, kind, event_wait_on, w, &subs[n], e) == 0)
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
    struct event_wait w = {.c = c,
                           .loop = c->vals[LOOP].b,
                           .timestamp = c->vals[TIMESTAMP].b,
                           .timeout_ms = c->vals[TIMEOUT].given ? c->vals[TIMEOUT].ms : INFINITY};
    struct virt_sub *subs[VIRT_EVENT_KINDS] = {NULL};
    event_wait_begin(&w);
    int r = subscribe(&w, subs, e);
    return event_wait_end(&w, r, subs, VIRT_EVENT_KINDS, e);
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
