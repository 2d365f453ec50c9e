// SPDX-License-Identifier: GPL-3.0-or-later
// A network from a local file of XML: defined (persistent, not started), or created (transient, running); and its
// definition in an editor.
#include "base/json.h"
#include "base/mem.h"
#include "cmd/commands.h"
#include "cmd/domain/power.h"
#include "cmd/net/net.h"
#include "cmd/objects.h"
#include "cmd/rows.h"
#include "core/console/editor.h"
#include "io/virt/net.h"

enum { FILE_OPT, VALIDATE };
enum { NETWORK };

static const struct opt_def file_opts[] = {
    [FILE_OPT] = FILE_ROW("file containing an XML network description"),
    [VALIDATE] = VALIDATE_ROW(0),
    {NULL},
};
static const struct opt_def edit_opts[] = {[NETWORK] = NETWORK_ROW, {NULL}};

static int from_file(struct cmd_call *c, const char *verb,
                     int (*make)(struct virt_conn *, const char *, bool, struct virt_net **, struct err *),
                     struct err *e)
{
    _cleanup_free_ char *xml = NULL;
    _cleanup_(virt_net_free_p) struct virt_net *net = NULL;
    if (domain_read_file(c->vals[FILE_OPT].s, &xml, e) < 0)
        return -1;
    if (make(c->conn, xml, c->vals[VALIDATE].b, &net, e) < 0)
        return err_wrap(e, "failed to %s network from %s", verb, c->vals[FILE_OPT].s);
    net_result(c, net);
    json_object_set_new(c->result, "file", json_text(c->vals[FILE_OPT].s));
    return 0;
}

static int run_define(struct cmd_call *c, struct err *e)
{
    return from_file(c, "define", virt_net_define, e);
}

static int run_create(struct cmd_call *c, struct err *e)
{
    return from_file(c, "create", virt_net_create, e);
}

struct edited {
    struct cmd_call *c;
    struct virt_net *net;
};

static int read_xml(void *data, char **ret, struct err *e)
{
    return virt_net_xml(((struct edited *)data)->net, true, ret, e);
}

static int write_xml(void *data, const char *text, struct err *e)
{
    struct edited *it = data;
    _cleanup_(virt_net_free_p) struct virt_net *net = NULL;
    if (virt_net_define(it->c->conn, text, false, &net, e) < 0)
        return err_wrap(e, "failed to define network '%s'", virt_net_name(it->net));
    json_decref(it->c->result);
    net_result(it->c, net);
    return 0;
}

static int run_edit(struct cmd_call *c, struct err *e)
{
    static const struct view unchanged = {VIEW_NONE, .message = "Network {name} XML configuration not changed."};
    _cleanup_(virt_net_free_p) struct virt_net *net = NULL;
    if (net_find(c, NETWORK, &net, e) < 0)
        return -1;
    _cleanup_free_ char *what = xasprintf("network '%s'", virt_net_name(net));
    struct edited it = {c, net};
    struct editor ed = {what, "net-dumpxml and net-define", read_xml, write_xml, &it};
    net_result(c, net);
    return object_edit(c, &ed, &unchanged, e);
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
