// SPDX-License-Identifier: GPL-3.0-or-later
// Facts about a network, its description, and its two names.
#include "base/json.h"
#include "base/mem.h"
#include "cmd/commands.h"
#include "cmd/net/net.h"
#include "cmd/objects.h"
#include "cmd/rows.h"
#include "io/virt/net.h"

enum { NETWORK, INACTIVE, XPATH, WRAP };

static const struct opt_def plain_opts[] = {[NETWORK] = NETWORK_ROW, {NULL}};
static const struct opt_def xml_opts[] = {
    [NETWORK] = NETWORK_ROW,
    [INACTIVE] = {"inactive", OPT_BOOL, 0, "show inactive defined XML"},
    [XPATH] = XPATH_ROW,
    [WRAP] = WRAP_ROW,
    {NULL},
};

static const struct view_col cols[] = {{"name", "Name"},
                                       {"uuid", "UUID"},
                                       {"active", "Active"},
                                       {"persistent", "Persistent"},
                                       {"autostart", "Autostart"},
                                       {"bridge", "Bridge"},
                                       {NULL}};

static int run_info(struct cmd_call *c, struct err *e)
{
    _cleanup_(virt_net_free_p) struct virt_net *net = NULL;
    return net_find(c, NETWORK, &net, e) < 0 ? -1 : virt_net_info(net, &c->result, e);
}

static int run_dumpxml(struct cmd_call *c, struct err *e)
{
    _cleanup_(virt_net_free_p) struct virt_net *net = NULL;
    _cleanup_free_ char *xml = NULL;
    if (net_find(c, NETWORK, &net, e) < 0 || virt_net_xml(net, c->vals[INACTIVE].b, &xml, e) < 0)
        return -1;
    return object_xml_result(c, xml, XPATH, WRAP, e);
}

static int run_name(struct cmd_call *c, struct err *e)
{
    _cleanup_(virt_net_free_p) struct virt_net *net = NULL;
    if (net_find(c, NETWORK, &net, e) < 0)
        return -1;
    c->result = json_text(virt_net_name(net));
    return 0;
}

static int run_uuid(struct cmd_call *c, struct err *e)
{
    _cleanup_(virt_net_free_p) struct virt_net *net = NULL;
    if (net_find(c, NETWORK, &net, e) < 0)
        return -1;
    c->result = json_text(virt_net_uuid(net));
    return 0;
}

const struct cmd_def cmd_net_dumpxml = {.name = "net-dumpxml",
                                        .group = "Networks",
                                        .summary = "network information in XML",
                                        .example =
                                            "net-dumpxml default --inactive\nnet-dumpxml default --xpath //bridge",
                                        .opts = xml_opts,
                                        .flags = CMD_CONN,
                                        .view = {VIEW_TEXT},
                                        .run = run_dumpxml};

const struct cmd_def cmd_net_info = {.name = "net-info",
                                     .group = "Networks",
                                     .summary = "network information",
                                     .example = "net-info default\nnet-info default --node all",
                                     .opts = plain_opts,
                                     .flags = CMD_CONN | CMD_EACH,
                                     .view = {VIEW_FIELDS, cols},
                                     .run = run_info};

const struct cmd_def cmd_net_name = {.name = "net-name",
                                     .group = "Networks",
                                     .summary = "convert a network UUID to network name",
                                     .example = "net-name dd8fe884-6c02-601e-7551-cca97df1c5df",
                                     .opts = plain_opts,
                                     .flags = CMD_CONN,
                                     .view = {VIEW_TEXT},
                                     .run = run_name};

const struct cmd_def cmd_net_uuid = {.name = "net-uuid",
                                     .group = "Networks",
                                     .summary = "convert a network name to network UUID",
                                     .example = "net-uuid default",
                                     .opts = plain_opts,
                                     .flags = CMD_CONN,
                                     .view = {VIEW_TEXT},
                                     .run = run_uuid};
