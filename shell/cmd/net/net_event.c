// SPDX-License-Identifier: GPL-3.0-or-later
// Waiting for what happens to networks.
#include "base/mem.h"
#include "cmd/commands.h"
#include "cmd/event_wait.h"
#include "cmd/net/net.h"
#include "io/virt/net.h"

enum { NETWORK, EVENT };

static const char *const kinds[] = {"lifecycle", NULL};
static const enum virt_event_objects which[] = {VIRT_EVENT_NETWORKS};

static const struct opt_def opts[] = {
    [NETWORK] = {"network", OPT_NETWORK, OPTF_POS, "filter by network name or uuid"},
    [EVENT] = {"event", OPT_ENUM, OPTF_POS, "which event type to wait for", .choices = kinds, .excludes = "list"},
    EVENT_ROWS,
    {NULL},
};

static int run(struct cmd_call *c, struct err *e)
{
    _cleanup_(virt_net_free_p) struct virt_net *net = NULL;
    if (event_wait_lists(c, kinds, ARRAY_SIZE(kinds) - 1))
        return 0;
    if (c->vals[NETWORK].s && net_find(c, NETWORK, &net, e) < 0)
        return -1;
    return event_wait_objects(c, kinds, which, net ? virt_net_uuid(net) : NULL, e);
}

const struct cmd_def cmd_net_event = {
    .name = "net-event",
    .group = "Networks",
    .summary = "wait for network events, or list their types",
    .help = EVENT_HELP,
    .example = "net-event --event lifecycle --loop\nnet-event --network default --event lifecycle --timeout 60",
    .opts = opts,
    .flags = CMD_CONN | CMD_EACH | CMD_STOP_IS_END,
    .view = {VIEW_NONE, .message = "events received: {events}"},
    .run = run};
