// SPDX-License-Identifier: GPL-3.0-or-later
// Network filters: listed, described, defined, edited, undefined.
#include "io/virt/nwfilter.h"
#include "base/json.h"
#include "base/mem.h"
#include "cmd/commands.h"
#include "cmd/objects.h"
#include "cmd/rows.h"

enum { NWFILTER, FILE_OPT = NWFILTER, XPATH, VALIDATE = XPATH, WRAP };

static const struct opt_def plain_opts[] = {[NWFILTER] = NWFILTER_ROW, {NULL}};
static const struct opt_def xml_opts[] = {[NWFILTER] = NWFILTER_ROW, [XPATH] = XPATH_ROW, [WRAP] = WRAP_ROW, {NULL}};
static const struct opt_def define_opts[] = {
    [FILE_OPT] = FILE_ROW("file containing an XML network filter description"),
    [VALIDATE] = VALIDATE_ROW(0),
    {NULL},
};

static const struct view_col cols[] = {{"uuid", "UUID"}, {"name", "Name"}, {NULL}};

static int find(struct cmd_call *c, struct virt_nwfilter **ret, struct err *e)
{
    return virt_nwfilter_lookup(c->conn, c->vals[NWFILTER].s, ret, e) == 0
               ? 0
               : object_not_found(c, "nwfilter-list shows the filters that are there", e);
}

static void filter_result(struct cmd_call *c, const struct virt_nwfilter *filter)
{
    object_result(c, "nwfilter", virt_nwfilter_name(filter), virt_nwfilter_uuid(filter));
}

static int run_list(struct cmd_call *c, struct err *e)
{
    if (virt_nwfilter_list(c->conn, &c->result, e) < 0)
        return -1;
    object_remember(c, "nwfilter", "name", true);
    return 0;
}

static int run_dumpxml(struct cmd_call *c, struct err *e)
{
    _cleanup_(virt_nwfilter_free_p) struct virt_nwfilter *filter = NULL;
    _cleanup_free_ char *xml = NULL;
    if (find(c, &filter, e) < 0 || virt_nwfilter_xml(filter, &xml, e) < 0)
        return -1;
    return object_xml_result(c, xml, XPATH, WRAP, e);
}

static int define(struct cmd_call *c, const char *xml, bool validate, struct err *e)
{
    _cleanup_(virt_nwfilter_free_p) struct virt_nwfilter *filter = NULL;
    if (virt_nwfilter_define(c->conn, xml, validate, &filter, e) < 0)
        return -1;
    filter_result(c, filter);
    return 0;
}

static int run_define(struct cmd_call *c, struct err *e)
{
    return object_from_file(c, FILE_OPT, "define", "network filter", define, e);
}

static int run_undefine(struct cmd_call *c, struct err *e)
{
    _cleanup_(virt_nwfilter_free_p) struct virt_nwfilter *filter = NULL;
    if (find(c, &filter, e) < 0)
        return -1;
    if (virt_nwfilter_undefine(filter, e) < 0) {
        if (e->code == ERR_STATE && !e->hint)
            err_hint(e, "nwfilter-binding-list shows the network cards that it is bound to");
        return err_wrap(e, "failed to undefine network filter '%s'", virt_nwfilter_name(filter));
    }
    filter_result(c, filter);
    object_gone(c, "nwfilter");
    return 0;
}

static int read_xml(void *filter, char **ret, struct err *e)
{
    return virt_nwfilter_xml(filter, ret, e);
}

static int run_edit(struct cmd_call *c, struct err *e)
{
    static const struct view unchanged = {VIEW_NONE, .message = "Network filter {name} XML configuration not changed."};
    _cleanup_(virt_nwfilter_free_p) struct virt_nwfilter *filter = NULL;
    if (find(c, &filter, e) < 0)
        return -1;
    filter_result(c, filter);
    struct object_edit how = {
        "network filter", "nwfilter-dumpxml and nwfilter-define", &unchanged, read_xml, filter, define, false};
    return object_edit(c, &how, e);
}

const struct cmd_def cmd_nwfilter_define = {.name = "nwfilter-define",
                                            .group = "Networks",
                                            .summary = "define or update a network filter from an XML file",
                                            .help = "The file is read here, on the admin's machine.",
                                            .example = "nwfilter-define no-spoof.xml --node dest",
                                            .opts = define_opts,
                                            .flags = CMD_CONN,
                                            .view = {VIEW_NONE, .message = "Network filter {name} defined from {file}"},
                                            .run = run_define};

const struct cmd_def cmd_nwfilter_dumpxml = {.name = "nwfilter-dumpxml",
                                             .group = "Networks",
                                             .summary = "network filter information in XML",
                                             .example = "nwfilter-dumpxml clean-traffic",
                                             .opts = xml_opts,
                                             .flags = CMD_CONN,
                                             .view = {VIEW_TEXT},
                                             .run = run_dumpxml};

const struct cmd_def cmd_nwfilter_edit = {
    .name = "nwfilter-edit",
    .group = "Networks",
    .summary = "edit XML configuration for a network filter",
    .help = EDIT_HELP "Guests that it is bound to\nobey the new one at once.",
    .example = "nwfilter-edit clean-traffic",
    .opts = plain_opts,
    .flags = CMD_CONN,
    .view = {VIEW_NONE, .message = "Network filter {name} XML configuration edited."},
    .run = run_edit};

const struct cmd_def cmd_nwfilter_list = {
    .name = "nwfilter-list",
    .group = "Networks",
    .summary = "list network filters",
    .example = "nwfilter-list\nnwfilter-list --node all",
    .flags = CMD_CONN | CMD_EACH,
    .view = {VIEW_TABLE, cols, .empty = "no packet filters: nwfilter-define FILE adds one"},
    .run = run_list};

const struct cmd_def cmd_nwfilter_undefine = {.name = "nwfilter-undefine",
                                              .group = "Networks",
                                              .summary = "undefine a network filter",
                                              .help = "Not while a running guest uses it.",
                                              .example = "nwfilter-undefine no-spoof",
                                              .opts = plain_opts,
                                              .flags = CMD_CONN | CMD_DESTROYS,
                                              .view = {VIEW_NONE, .message = "Network filter {name} undefined"},
                                              .run = run_undefine};
