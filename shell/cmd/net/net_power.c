// SPDX-License-Identifier: GPL-3.0-or-later
// What is done to a network that is there: start, destroy, undefine, autostart.
#include "base/json.h"
#include "base/mem.h"
#include "cmd/commands.h"
#include "cmd/net/net.h"
#include "cmd/objects.h"
#include "cmd/rows.h"
#include "io/virt/net.h"

enum { NETWORK, DISABLE };

static const struct opt_def plain_opts[] = {[NETWORK] = NETWORK_ROW, {NULL}};
static const struct opt_def autostart_opts[] = {
    [NETWORK] = NETWORK_ROW,
    [DISABLE] = {"disable", OPT_BOOL, 0, "disable autostarting"},
    {NULL},
};

static int failed(const struct virt_net *net, const char *verb, const char *state_hint, struct err *e)
{
    if (e->code == ERR_STATE && !e->hint)
        err_hint(e, "%s", state_hint);
    return err_wrap(e, "failed to %s network '%s'", verb, virt_net_name(net));
}

static int run_plain(struct cmd_call *c, const char *verb, int (*act)(struct virt_net *, struct err *),
                     const char *state_hint, struct err *e)
{
    _cleanup_(virt_net_free_p) struct virt_net *net = NULL;
    if (net_find(c, NETWORK, &net, e) < 0)
        return -1;
    if (act(net, e) < 0)
        return failed(net, verb, state_hint, e);
    net_result(c, net);
    return 0;
}

static int run_start(struct cmd_call *c, struct err *e)
{
    return run_plain(c, "start", virt_net_start, "net-list --all shows which networks are active", e);
}

static int run_destroy(struct cmd_call *c, struct err *e)
{
    return run_plain(c, "destroy", virt_net_destroy, "net-list --all shows which networks are active", e);
}

static int run_undefine(struct cmd_call *c, struct err *e)
{
    if (run_plain(c, "undefine", virt_net_undefine, "net-destroy stops it first", e) < 0)
        return -1;
    object_gone(c, "network");
    return 0;
}

static int run_autostart(struct cmd_call *c, struct err *e)
{
    static const struct view off = {VIEW_NONE, .message = "Network {name} unmarked as autostarted"};
    _cleanup_(virt_net_free_p) struct virt_net *net = NULL;
    bool on = !c->vals[DISABLE].b;
    if (net_find(c, NETWORK, &net, e) < 0)
        return -1;
    if (virt_net_set_autostart(net, on, e) < 0)
        return failed(net, on ? "mark as autostarted the" : "unmark as autostarted the",
                      "a network that is not persistent cannot be autostarted: net-define makes it so", e);
    net_result(c, net);
    json_object_set_new(c->result, "autostart", json_boolean(on));
    if (!on)
        c->view = &off;
    return 0;
}

const struct cmd_def cmd_net_autostart = {.name = "net-autostart",
                                          .group = "Networks",
                                          .summary = "autostart a network",
                                          .help = "Configure a network to be automatically started at boot.",
                                          .example = "net-autostart default\nnet-autostart default --disable",
                                          .opts = autostart_opts,
                                          .flags = CMD_CONN,
                                          .view = {VIEW_NONE, .message = "Network {name} marked as autostarted"},
                                          .run = run_autostart};

const struct cmd_def cmd_net_destroy = {
    .name = "net-destroy",
    .group = "Networks",
    .summary = "destroy (stop) a network",
    .help = "Guests that are plugged into it lose their connection, and do not get it back when it is started again.",
    .example = "net-destroy default",
    .opts = plain_opts,
    .flags = CMD_CONN | CMD_DESTROYS,
    .view = {VIEW_NONE, .message = "Network {name} destroyed"},
    .run = run_destroy};

const struct cmd_def cmd_net_start = {.name = "net-start",
                                      .group = "Networks",
                                      .summary = "start a (previously defined) inactive network",
                                      .example = "net-start default\nnet-start default --node dest",
                                      .opts = plain_opts,
                                      .flags = CMD_CONN,
                                      .view = {VIEW_NONE, .message = "Network {name} started"},
                                      .run = run_start};

const struct cmd_def cmd_net_undefine = {.name = "net-undefine",
                                         .group = "Networks",
                                         .summary = "undefine a persistent network",
                                         .help =
                                             "One that runs goes on as a transient network, and is gone when it stops.",
                                         .example = "net-undefine lab",
                                         .opts = plain_opts,
                                         .flags = CMD_CONN | CMD_DESTROYS,
                                         .view = {VIEW_NONE, .message = "Network {name} has been undefined"},
                                         .run = run_undefine};
