// SPDX-License-Identifier: GPL-3.0-or-later
// A domain's disks and interfaces, out of its XML.
#include "cmd/commands.h"
#include "cmd/rows.h"
#include "core/guest/domxml.h"
#include "io/virt/xml.h"

enum { DOMAIN, INACTIVE, DETAILS };

static const struct opt_def blk_opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [INACTIVE] = {"inactive", OPT_BOOL, 0, "get inactive rather than running configuration", .bits = VIRT_XML_INACTIVE},
    [DETAILS] = {"details", OPT_BOOL, 0, "additionally display the type and device value"},
    {NULL},
};

static const struct opt_def if_opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [INACTIVE] = {"inactive", OPT_BOOL, 0, "get inactive rather than running configuration", .bits = VIRT_XML_INACTIVE},
    {NULL},
};

static const struct view_col blk_cols[] = {
    {"type", "Type"}, {"device", "Device"}, {"target", "Target"}, {"source", "Source"}, {NULL}};
static const struct view details_view = {VIEW_TABLE, blk_cols};
static const struct view_col if_cols[] = {{"interface", "Interface"}, {"type", "Type"}, {"source", "Source"},
                                          {"model", "Model"},         {"mac", "MAC"},   {NULL}};

static int read_xml(struct cmd_call *c, struct xml_doc **ret, struct err *e)
{
    _cleanup_free_ char *xml = NULL;
    if (virt_dom_xml(c->vals[DOMAIN].dom, cmd_bits(c), &xml, e) < 0)
        return -1;
    return xml_parse(xml, ret, e);
}

static int run_blk(struct cmd_call *c, struct err *e)
{
    _cleanup_(xml_free_p) struct xml_doc *doc = NULL;
    if (read_xml(c, &doc, e) < 0)
        return -1;
    c->result = domxml_disks(doc);
    if (c->vals[DETAILS].b)
        c->view = &details_view;
    return 0;
}

static int run_if(struct cmd_call *c, struct err *e)
{
    _cleanup_(xml_free_p) struct xml_doc *doc = NULL;
    if (read_xml(c, &doc, e) < 0)
        return -1;
    c->result = domxml_interfaces(doc);
    return 0;
}

const struct cmd_def cmd_domblklist = {.name = "domblklist",
                                       .group = "Domains",
                                       .summary = "list all domain blocks",
                                       .example = "domblklist share --details",
                                       .opts = blk_opts,
                                       .flags = CMD_CONN | CMD_READS,
                                       .view = {VIEW_TABLE, blk_cols + 2, .empty = "no disks"},
                                       .run = run_blk};

const struct cmd_def cmd_domiflist = {
    .name = "domiflist",
    .group = "Domains",
    .summary = "list all domain virtual interfaces",
    .example = "domiflist share",
    .opts = if_opts,
    .flags = CMD_CONN | CMD_READS,
    .view = {VIEW_TABLE, if_cols, .empty = "no interfaces: attach-interface DOMAIN TYPE SOURCE adds one"},
    .run = run_if};
