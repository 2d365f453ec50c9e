// SPDX-License-Identifier: GPL-3.0-or-later
// Waiting for what happens to domains.
#include "io/virt/event.h"

#include "cmd/commands.h"
#include "cmd/event_wait.h"

enum { DOMAIN, EVENT, ALL };

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
    EVENT_ROWS,
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

static int run(struct cmd_call *c, struct err *e)
{
    const char *kind = c->vals[EVENT].s, *names[VIRT_EVENT_KINDS];
    for (int i = 0; i < VIRT_EVENT_KINDS; i++)
        names[i] = virt_event_name(i);
    if (event_wait_lists(c, names, VIRT_EVENT_KINDS))
        return 0;
    if (!kind && !c->vals[ALL].b)
        return err_set(e, ERR_USAGE, "one of --list, --all, or --event TYPE is required");
    if (kind && virt_event_kind(kind) < 0) {
        const char *near = str_nearest(kind, names, VIRT_EVENT_KINDS);
        err_set(e, ERR_USAGE, "unknown event type '%s'", kind);
        return near ? err_hint(e, "did you mean %s?", near) : err_hint(e, "event --list shows them");
    }
    struct event_wait w;
    struct virt_sub *subs[VIRT_EVENT_KINDS] = {NULL};
    event_wait_begin(&w, c);
    int r = subscribe(&w, subs, e);
    return event_wait_end(&w, r, subs, VIRT_EVENT_KINDS, e);
}

const struct cmd_def cmd_event = {
    .name = "event",
    .group = "Domains",
    .summary = "wait for domain events, or list their types",
    .help = EVENT_HELP,
    .example = "event --event lifecycle --loop\nevent --all --loop --timestamp --node all\nevent share job-completed",
    .opts = opts,
    .flags = CMD_CONN | CMD_EACH | CMD_STOP_IS_END,
    .view = {VIEW_NONE, .message = "events received: {events}"},
    .run = run};
