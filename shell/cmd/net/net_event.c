// SPDX-License-Identifier: GPL-3.0-or-later
// Waiting for what happens to networks.
#include <math.h>

#include "base/json.h"
#include "base/mem.h"
#include "cmd/commands.h"
#include "cmd/event_wait.h"
#include "cmd/net/net.h"
#include "io/virt/event.h"
#include "io/virt/net.h"

enum { NETWORK, EVENT, LOOP, TIMEOUT, LIST, TIMESTAMP };

static const char *const kinds[] = {"lifecycle", NULL};

static const struct opt_def opts[] = {
    [NETWORK] = {"network", OPT_NETWORK, OPTF_POS, "filter by network name or uuid"},
    [EVENT] = {"event", OPT_ENUM, OPTF_POS, "which event type to wait for", .choices = kinds, .excludes = "list"},
    [LOOP] = {"loop", OPT_BOOL, 0, "loop until timeout or interrupt, rather than one-shot"},
    [TIMEOUT] = {"timeout", OPT_DURATION, OPTF_POS, "give up after this time", .unit = "s"},
    [LIST] = {"list", OPT_BOOL, 0, "list valid event types"},
    [TIMESTAMP] = {"timestamp", OPT_BOOL, 0, "show timestamp for each printed event"},
    {NULL},
};

static const struct view_col list_cols[] = {{"name"}, {NULL}};
static const struct view list_view = {VIEW_LINES, list_cols};

static int run(struct cmd_call *c, struct err *e)
{
    _cleanup_(virt_net_free_p) struct virt_net *net = NULL;
    if (c->vals[LIST].b) {
        c->result = json_pack("[{s:o}]", "name", json_text(kinds[0]));
        c->view = &list_view;
        return 0;
    }
    if (!c->vals[EVENT].s)
        return err_set(e, ERR_USAGE, "one of --list or --event TYPE is required");
    if (c->vals[NETWORK].s && net_find(c, NETWORK, &net, e) < 0)
        return -1;
    struct event_wait w = {.c = c,
                           .loop = c->vals[LOOP].b,
                           .timestamp = c->vals[TIMESTAMP].b,
                           .timeout_ms = c->vals[TIMEOUT].given ? c->vals[TIMEOUT].ms : INFINITY};
    struct virt_sub *sub = NULL;
    event_wait_begin(&w);
    int r = virt_event_subscribe_objects(c->conn, VIRT_EVENT_NETWORKS, net ? virt_net_uuid(net) : NULL, event_wait_on,
                                         &w, &sub, e);
    return event_wait_end(&w, r, &sub, 1, e);
}

const struct cmd_def cmd_net_event = {
    .name = "net-event",
    .group = "Networks",
    .summary = "wait for network events, or list their types",
    .help =
        "Ends after one event, or with --loop at Ctrl-C or the timeout; with several nodes, after one of each. Fails\n"
        "if the timeout passes without any. With --json each event is an object on a line of its own.",
    .example = "net-event --event lifecycle --loop\nnet-event --network default --event lifecycle --timeout 60",
    .opts = opts,
    .flags = CMD_CONN | CMD_EACH | CMD_STOP_IS_END,
    .view = {VIEW_NONE, .message = "events received: {events}"},
    .run = run};
