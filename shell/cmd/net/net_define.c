// SPDX-License-Identifier: GPL-3.0-or-later
// A network from a local file of XML: defined (persistent, not started), or created (transient, running); and its
// definition in an editor.
#include "cmd/commands.h"
#include "cmd/net/net.h"
#include "cmd/objects.h"
#include "cmd/rows.h"
#include "io/virt/net.h"

enum { FILE_OPT, VALIDATE };
enum { NETWORK };

static const struct opt_def file_opts[] = {
    [FILE_OPT] = FILE_ROW("file containing an XML network description"),
    [VALIDATE] = VALIDATE_ROW(0),
    {NULL},
};
static const struct opt_def edit_opts[] = {[NETWORK] = NETWORK_ROW, {NULL}};

static int define(struct cmd_call *c, const char *xml, bool validate, struct err *e)
{
    _cleanup_(virt_net_free_p) struct virt_net *net = NULL;
    if (virt_net_define(c->conn, xml, validate, &net, e) < 0)
        return -1;
    net_result(c, net);
    return 0;
}

static int create(struct cmd_call *c, const char *xml, bool validate, struct err *e)
{
    _cleanup_(virt_net_free_p) struct virt_net *net = NULL;
    if (virt_net_create(c->conn, xml, validate, &net, e) < 0)
        return -1;
    net_result(c, net);
    return 0;
}

static int run_define(struct cmd_call *c, struct err *e)
{
    return object_from_file(c, FILE_OPT, "define", "network", define, e);
}

static int run_create(struct cmd_call *c, struct err *e)
{
    return object_from_file(c, FILE_OPT, "create", "network", create, e);
}

static int read_xml(void *net, char **ret, struct err *e)
{
    return virt_net_xml(net, true, ret, e);
}

static int run_edit(struct cmd_call *c, struct err *e)
{
    static const struct view unchanged = {VIEW_NONE, .message = "Network {name} XML configuration not changed."};
    _cleanup_(virt_net_free_p) struct virt_net *net = NULL;
    if (net_find(c, NETWORK, &net, e) < 0)
        return -1;
    net_result(c, net);
    struct object_edit how = {"network", "net-dumpxml and net-define", &unchanged, read_xml, net, define, false};
    return object_edit(c, &how, e);
}

const struct cmd_def cmd_net_create = {
    .name = "net-create",
    .group = "Networks",
    .summary = "create a network from an XML file",
    .help = "A transient network: it is gone when it stops. The file is read here, on the admin's machine.",
    .example = "net-create lab.xml\nnet-create lab.xml --validate --node dest",
    .opts = file_opts,
    .flags = CMD_CONN,
    .view = {VIEW_NONE, .message = "Network {name} created from {file}"},
    .run = run_create};

const struct cmd_def cmd_net_define = {
    .name = "net-define",
    .group = "Networks",
    .summary = "define an inactive persistent virtual network or modify an existing persistent one from an XML file",
    .help = "The file is read here, on the admin's machine.",
    .example = "net-define lab.xml\nnet-define lab.xml --node dest",
    .opts = file_opts,
    .flags = CMD_CONN,
    .view = {VIEW_NONE, .message = "Network {name} defined from {file}"},
    .run = run_define};

const struct cmd_def cmd_net_edit = {.name = "net-edit",
                                     .group = "Networks",
                                     .summary = "edit XML configuration for a network",
                                     .help = EDIT_HELP "A running network goes on as it is until it is started anew.",
                                     .example = "net-edit default",
                                     .opts = edit_opts,
                                     .flags = CMD_CONN,
                                     .view = {VIEW_NONE, .message = "Network {name} XML configuration edited."},
                                     .run = run_edit};
