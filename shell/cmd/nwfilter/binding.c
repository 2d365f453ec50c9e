// SPDX-License-Identifier: GPL-3.0-or-later
// Which filter a network card is bound to: listed, described, made and taken away.
#include "base/json.h"
#include "base/mem.h"
#include "cmd/commands.h"
#include "cmd/objects.h"
#include "cmd/rows.h"
#include "io/virt/nwfilter.h"

enum { BINDING, FILE_OPT = BINDING, XPATH, VALIDATE = XPATH, WRAP };

// Seen by nwfilter-binding-list.
static void complete_binding(struct ctx *ctx, const char *prefix, struct strv *out)
{
    ctx_names(ctx, "nwfilter-binding", NULL, prefix, out);
}

#define BINDING_ROW                                                                                                    \
    {                                                                                                                  \
        "binding", OPT_STRING, OPTF_POS | OPTF_REQ, "network filter binding port dev", .complete = complete_binding    \
    }
static const struct opt_def plain_opts[] = {[BINDING] = BINDING_ROW, {NULL}};
static const struct opt_def xml_opts[] = {[BINDING] = BINDING_ROW, [XPATH] = XPATH_ROW, [WRAP] = WRAP_ROW, {NULL}};
static const struct opt_def create_opts[] = {
    [FILE_OPT] = FILE_ROW("file containing an XML network filter binding description"),
    [VALIDATE] = VALIDATE_ROW(0),
    {NULL},
};
static const struct view_col cols[] = {{"port", "Port Dev"}, {"filter", "Filter"}, {NULL}};

static int run_list(struct cmd_call *c, struct err *e)
{
    if (virt_nwfilter_bindings(c->conn, &c->result, e) < 0)
        return -1;
    object_remember(c, "nwfilter-binding", "port", true);
    return 0;
}

static int failed(struct cmd_call *c, const char *verb, struct err *e)
{
    err_wrap(e, "failed to %s the filter binding of '%s'", verb, c->vals[BINDING].s);
    return object_not_found(c, "nwfilter-binding-list shows the bindings that are there", e);
}

static int run_dumpxml(struct cmd_call *c, struct err *e)
{
    _cleanup_free_ char *xml = NULL;
    if (virt_nwfilter_binding_xml(c->conn, c->vals[BINDING].s, &xml, e) < 0)
        return failed(c, "get", e);
    return object_xml_result(c, xml, XPATH, WRAP, e);
}

static void result(struct cmd_call *c, const char *port)
{
    c->result = json_pack("{s:o}", "port", json_text(port));
    object_add_node(c);
}

static int make(struct cmd_call *c, const char *xml, bool validate, struct err *e)
{
    _cleanup_free_ char *port = NULL;
    if (virt_nwfilter_binding_create(c->conn, xml, validate, &port, e) < 0)
        return -1;
    result(c, port);
    ctx_names_add(c->ctx, "nwfilter-binding", target_label(&c->where), port);
    return 0;
}

static int run_create(struct cmd_call *c, struct err *e)
{
    return object_from_file(c, FILE_OPT, "create", "network filter binding", make, e);
}

static int run_delete(struct cmd_call *c, struct err *e)
{
    const char *port = c->vals[BINDING].s;
    if (virt_nwfilter_binding_delete(c->conn, port, e) < 0)
        return failed(c, "delete", e);
    result(c, port);
    ctx_names_remove(c->ctx, "nwfilter-binding", target_label(&c->where), port);
    return 0;
}

const struct cmd_def cmd_nwfilter_binding_create = {
    .name = "nwfilter-binding-create",
    .group = "Networks",
    .summary = "create a network filter binding from an XML file",
    .help = "For a network card that libvirt itself has given none.",
    .example = "nwfilter-binding-create binding.xml",
    .opts = create_opts,
    .flags = CMD_CONN,
    .view = {VIEW_NONE, .message = "Network filter binding on {port} created from {file}"},
    .run = run_create};

const struct cmd_def cmd_nwfilter_binding_delete = {
    .name = "nwfilter-binding-delete",
    .group = "Networks",
    .summary = "delete a network filter binding",
    .help = "What the guest sends and gets through that network card is filtered no longer.",
    .example = "nwfilter-binding-delete vnet0",
    .opts = plain_opts,
    .flags = CMD_CONN | CMD_DESTROYS,
    .view = {VIEW_NONE, .message = "Network filter binding on {port} deleted"},
    .run = run_delete};

const struct cmd_def cmd_nwfilter_binding_dumpxml = {.name = "nwfilter-binding-dumpxml",
                                                     .group = "Networks",
                                                     .summary = "network filter binding information in XML",
                                                     .example = "nwfilter-binding-dumpxml vnet0",
                                                     .opts = xml_opts,
                                                     .flags = CMD_CONN,
                                                     .view = {VIEW_TEXT},
                                                     .run = run_dumpxml};

const struct cmd_def cmd_nwfilter_binding_list = {
    .name = "nwfilter-binding-list",
    .group = "Networks",
    .summary = "list network filter bindings",
    .help = "Which network card of a guest (its device on the host) each filter is bound to.",
    .example = "nwfilter-binding-list --node all",
    .flags = CMD_CONN | CMD_EACH,
    .view = {VIEW_TABLE, cols, .empty = "no interface of a running guest has a packet filter"},
    .run = run_list};
