// SPDX-License-Identifier: GPL-3.0-or-later
// Waiting for QEMU's own events.
#include "base/buf.h"
#include "base/json.h"
#include "cmd/commands.h"
#include "cmd/event_wait.h"
#include "io/virt/monitor.h"

enum { DOMAIN, EVENT, PRETTY, REGEX, NO_CASE };

static const struct opt_def opts[] = {
    [DOMAIN] = {"domain", OPT_DOMAIN, OPTF_POS, "filter by domain name, id or uuid"},
    [EVENT] = {"event", OPT_STRING, OPTF_POS, "filter by event name"},
    [PRETTY] = {"pretty", OPT_BOOL, 0, "pretty-print any JSON output"},
    [REGEX] = {"regex", OPT_BOOL, 0, "treat event as a regex rather than literal filter", .bits = VIRT_QEMU_EVENT_REGEX,
               .needs = "event"},
    [NO_CASE] = {"no-case", OPT_BOOL, 0, "treat event case-insensitively", .bits = VIRT_QEMU_EVENT_NO_CASE,
                 .needs = "event"},
    EVENT_WAIT_ROWS,
    {NULL},
};

// Main thread.
static void on_event(const json_t *event, void *data)
{
    struct event_wait *w = data;
    const char *details = json_text_at(event, "details");
    json_error_t why;
    json_auto_t *value = w->c->vals[PRETTY].b && details ? json_loads(details, 0, &why) : NULL;
    _cleanup_free_ char *pretty = value ? json_dump_printable(value, JSON_INDENT(2)) : NULL;
    json_auto_t *shown = json_deep_copy(event);
    if (w->timestamp || pretty) {
        _cleanup_free_ char *text =
            xasprintf("event %s for domain '%s': %s", json_text_at(event, "type"), json_text_at(event, "domain"),
                      pretty    ? pretty
                      : details ? details
                                : "(null)");
        json_object_set_new(shown, "text", json_text(text));
    }
    event_wait_on(shown, w);
}

static int run(struct cmd_call *c, struct err *e)
{
    struct event_wait w;
    struct virt_qemu_events *subscribed = NULL;
    event_wait_begin(&w, c);
    int r = virt_qemu_events_subscribe(c->conn, c->vals[DOMAIN].dom, c->vals[EVENT].s,
                                       cmd_bits_between(c, REGEX, NO_CASE), on_event, &w, &subscribed, e);
    r = event_wait_until(&w, r, e);
    virt_qemu_events_unsubscribe(subscribed);
    return event_wait_end(&w, r, NULL, 0, e);
}

const struct cmd_def cmd_qemu_monitor_event = {
    .name = "qemu-monitor-event",
    .group = "Domains",
    .summary = "QEMU Monitor Events",
    .help = "As QEMU itself tells them, before libvirt understands them (event shows libvirt's).\n" EVENT_HELP,
    .example = "qemu-monitor-event share --loop\nqemu-monitor-event --event 'block.*' --regex --no-case --pretty\n"
               "qemu-monitor-event --node all --loop",
    .opts = opts,
    .flags = CMD_CONN | CMD_EACH | CMD_STOP_IS_END,
    .view = {VIEW_NONE, .message = "events received: {events}"},
    .run = run};
