// SPDX-License-Identifier: GPL-3.0-or-later
// A part of a network's configuration: added, taken away or changed, without stopping it.
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "cmd/commands.h"
#include "cmd/net/net.h"
#include "cmd/objects.h"
#include "cmd/rows.h"
#include "io/virt/net.h"

enum { NETWORK, COMMAND_OPT, SECTION, XML, PARENT_INDEX, CONFIG, LIVE, CURRENT };

static const char *const commands[] = {"add", "add-first", "add-last", "delete", "modify", NULL};

static const struct opt_def opts[] = {
    [NETWORK] = NETWORK_ROW,
    [COMMAND_OPT] = {"command", OPT_ENUM, OPTF_POS | OPTF_REQ, "type of update; add is add-last", .choices = commands},
    [SECTION] = {"section", OPT_ENUM, OPTF_POS | OPTF_REQ, "which section of network configuration to update",
                 .choices = virt_net_sections + 1},
    [XML] = {"xml", OPT_PATH, OPTF_POS | OPTF_REQ,
             "name of file containing xml (or, if it starts with '<', the complete xml element itself) to add/modify, "
             "or to be matched for search"},
    [PARENT_INDEX] = {"parent-index", OPT_INT, OPTF_POS, "which parent object to search through", .def = "-1",
                      .min = -1, .max = 0x7fffffff},
    [CONFIG] = {"config", OPT_BOOL, 0, "affect next network startup", .bits = VIRT_NET_AFFECT_CONFIG},
    [LIVE] = {"live", OPT_BOOL, 0, "affect running network", .bits = VIRT_NET_AFFECT_LIVE},
    [CURRENT] = {"current", OPT_BOOL, 0, "affect current state of network", .excludes = "config|live"},
    {NULL},
};

static unsigned number_of(const char *const *words, const char *word)
{
    unsigned i = 0;
    while (strcmp(words[i], word) != 0)
        i++;
    return i;
}

static int affected(struct virt_net *net, unsigned bits, const char **ret, struct err *e)
{
    bool active = false;
    if (!bits && virt_net_is_active(net, &active, e) < 0)
        return -1;
    *ret = bits == (VIRT_NET_AFFECT_CONFIG | VIRT_NET_AFFECT_LIVE) ? "persistent config and live state"
           : active || bits == VIRT_NET_AFFECT_LIVE                ? "live state"
                                                                   : "persistent config";
    return 0;
}

static int run(struct cmd_call *c, struct err *e)
{
    _cleanup_(virt_net_free_p) struct virt_net *net = NULL;
    _cleanup_free_ char *text = NULL;
    const char *command = c->vals[COMMAND_OPT].s, *xml = c->vals[XML].s, *what;
    if (strcmp(command, "add") == 0)
        command = "add-last";
    if (*xml != '<' && object_read_file(xml, &text, e) < 0)
        return -1;
    if (net_find(c, NETWORK, &net, e) < 0)
        return -1;
    if (virt_net_update(net, number_of(virt_net_commands, command), number_of(virt_net_sections, c->vals[SECTION].s),
                        (int)c->vals[PARENT_INDEX].i, text ? text : xml, cmd_bits(c), e) < 0)
        return err_wrap(e, "failed to update network '%s'", virt_net_name(net));
    if (affected(net, cmd_bits(c), &what, e) < 0)
        return -1;
    net_result(c, net);
    json_object_set_new(c->result, "affected", json_text(what));
    return 0;
}

const struct cmd_def cmd_net_update = {
    .name = "net-update",
    .group = "Networks",
    .summary = "update parts of an existing network's configuration",
    .help =
        "The file is read here, on the admin's machine. Without --config and --live: what runs, if it does, else the\n"
        "configuration.",
    .example = "net-update default add ip-dhcp-host \"<host mac='52:54:00:12:34:56' ip='192.168.122.10'/>\" --live "
               "--config\nnet-update default delete dns-host host.xml --config",
    .opts = opts,
    .flags = CMD_CONN,
    .view = {VIEW_NONE, .message = "Updated network {name} {affected}"},
    .run = run};
