// SPDX-License-Identifier: GPL-3.0-or-later
// A host's own network interfaces, changed: iface-define, -undefine, -edit, -start, -destroy, and the restore point of
// all of them: iface-begin, -commit, -rollback.
#include "base/json.h"
#include "base/mem.h"
#include "cmd/commands.h"
#include "cmd/iface/iface.h"
#include "cmd/objects.h"
#include "cmd/rows.h"

enum { INTERFACE, FILE_OPT = INTERFACE, VALIDATE };

static const struct opt_def plain_opts[] = {[INTERFACE] = INTERFACE_ROW, {NULL}};
static const struct opt_def define_opts[] = {
    [FILE_OPT] = FILE_ROW("file containing an XML interface description"), [VALIDATE] = VALIDATE_ROW(0), {NULL}};

// ---- all of them

static int change(struct cmd_call *c, int (*fn)(struct virt_conn *conn, struct err *e), const char *verb, struct err *e)
{
    if (fn(c->conn, e) < 0)
        return err_wrap(e, "failed to %s the interfaces' change", verb);
    c->result = json_object();
    object_add_node(c);
    return 0;
}

static int run_begin(struct cmd_call *c, struct err *e)
{
    return change(c, virt_iface_begin, "begin", e);
}

static int run_commit(struct cmd_call *c, struct err *e)
{
    return change(c, virt_iface_commit, "commit", e);
}

static int run_rollback(struct cmd_call *c, struct err *e)
{
    return change(c, virt_iface_rollback, "take back", e);
}

const struct cmd_def cmd_iface_begin = {
    .name = "iface-begin",
    .group = "Networks",
    .summary = "create a restore point of the host's interfaces",
    .help =
        "What is changed from then on, iface-commit keeps and iface-rollback takes back; a host that is started anew\n"
        "in between takes it back itself.",
    .example = "iface-begin\niface-define br0.xml\niface-commit",
    .flags = CMD_CONN,
    .view = {VIEW_NONE, .message = "Network config change transaction started"},
    .run = run_begin};

const struct cmd_def cmd_iface_commit = {.name = "iface-commit",
                                         .group = "Networks",
                                         .summary = "commit changes made since iface-begin and free restore point",
                                         .example = "iface-commit",
                                         .flags = CMD_CONN,
                                         .view = {VIEW_NONE, .message = "Network config change transaction committed"},
                                         .run = run_commit};

const struct cmd_def cmd_iface_rollback = {
    .name = "iface-rollback",
    .group = "Networks",
    .summary = "rollback to previous saved configuration created via iface-begin",
    .example = "iface-rollback",
    .flags = CMD_CONN,
    .view = {VIEW_NONE, .message = "Network config change transaction rolled back"},
    .run = run_rollback};

// ---- one of them

static int define(struct cmd_call *c, const char *xml, bool validate, struct err *e)
{
    _cleanup_(virt_iface_free_p) struct virt_iface *iface = NULL;
    if (virt_iface_define(c->conn, xml, validate, &iface, e) < 0)
        return -1;
    iface_result(c, iface);
    return 0;
}

static int run_define(struct cmd_call *c, struct err *e)
{
    return object_from_file(c, FILE_OPT, "define", "interface", define, e);
}

static int read_xml(void *iface, char **ret, struct err *e)
{
    return virt_iface_xml(iface, true, ret, e);
}

static int run_edit(struct cmd_call *c, struct err *e)
{
    static const struct view unchanged = {VIEW_NONE, .message = "Interface {name} XML configuration not changed."};
    _cleanup_(virt_iface_free_p) struct virt_iface *iface = NULL;
    if (iface_find(c, INTERFACE, &iface, e) < 0)
        return -1;
    iface_result(c, iface);
    struct object_edit how = {"interface", "iface-dumpxml and iface-define", &unchanged, read_xml, iface, define,
                              false};
    return object_edit(c, &how, e);
}

static int act(struct cmd_call *c, int (*fn)(struct virt_iface *i, struct err *e), const char *verb, struct err *e)
{
    _cleanup_(virt_iface_free_p) struct virt_iface *iface = NULL;
    if (iface_find(c, INTERFACE, &iface, e) < 0)
        return -1;
    if (fn(iface, e) < 0)
        return err_wrap(e, "failed to %s interface '%s'", verb, virt_iface_name(iface));
    iface_result(c, iface);
    return 0;
}

static int run_start(struct cmd_call *c, struct err *e)
{
    return act(c, virt_iface_start, "start", e);
}

static int run_destroy(struct cmd_call *c, struct err *e)
{
    return act(c, virt_iface_destroy, "destroy", e);
}

static int run_undefine(struct cmd_call *c, struct err *e)
{
    if (act(c, virt_iface_undefine, "undefine", e) < 0)
        return -1;
    ctx_names_remove(c->ctx, "interface", target_label(&c->where), json_text_at(c->result, "name"));
    return 0;
}

const struct cmd_def cmd_iface_define = {
    .name = "iface-define",
    .group = "Networks",
    .summary = "define or modify an inactive persistent physical host interface from an XML file",
    .help = "The file is read here, on the admin's machine. bridge-ensure makes a bridge, and comes back to it.",
    .example = "iface-define br0.xml --node dest",
    .opts = define_opts,
    .flags = CMD_CONN,
    .view = {VIEW_NONE, .message = "Interface {name} defined from {file}"},
    .run = run_define};

const struct cmd_def cmd_iface_edit = {.name = "iface-edit",
                                       .group = "Networks",
                                       .summary = "edit XML configuration for a physical host interface",
                                       .help =
                                           EDIT_HELP "An active interface goes on\nas it is until it is started anew.",
                                       .example = "iface-edit br0",
                                       .opts = plain_opts,
                                       .flags = CMD_CONN,
                                       .view = {VIEW_NONE, .message = "Interface {name} XML configuration edited."},
                                       .run = run_edit};

const struct cmd_def cmd_iface_start = {.name = "iface-start",
                                        .group = "Networks",
                                        .summary = "start a physical host interface (\"if-up\")",
                                        .example = "iface-start br0",
                                        .opts = plain_opts,
                                        .flags = CMD_CONN,
                                        .view = {VIEW_NONE, .message = "Interface {name} started"},
                                        .run = run_start};

const struct cmd_def cmd_iface_destroy = {
    .name = "iface-destroy",
    .group = "Networks",
    .summary = "destroy a physical host interface (\"if-down\")",
    .help = "Not the one over which the node is reached: nobody could start it again from here.",
    .example = "iface-destroy br0",
    .opts = plain_opts,
    .flags = CMD_CONN | CMD_DESTROYS,
    .view = {VIEW_NONE, .message = "Interface {name} destroyed"},
    .run = run_destroy};

const struct cmd_def cmd_iface_undefine = {.name = "iface-undefine",
                                           .group = "Networks",
                                           .summary =
                                               "undefine a physical host interface (remove it from configuration)",
                                           .example = "iface-undefine br0",
                                           .opts = plain_opts,
                                           .flags = CMD_CONN | CMD_DESTROYS,
                                           .view = {VIEW_NONE, .message = "Interface {name} undefined"},
                                           .run = run_undefine};
