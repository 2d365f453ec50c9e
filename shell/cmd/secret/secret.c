// SPDX-License-Identifier: GPL-3.0-or-later
// libvirt's secrets, without their values: listed, described, defined, undefined.
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "cmd/commands.h"
#include "cmd/objects.h"
#include "cmd/rows.h"
#include "cmd/secret/secret.h"
#include "io/virt/secret.h"

enum { EPHEMERAL, NO_EPHEMERAL, PRIVATE, NO_PRIVATE };
enum { SECRET, FILE_OPT = SECRET, XPATH, VALIDATE = XPATH, WRAP };

static const struct opt_def list_opts[] = {
    [EPHEMERAL] = {"ephemeral", OPT_BOOL, 0, "list ephemeral secrets", .bits = VIRT_SECRET_EPHEMERAL},
    [NO_EPHEMERAL] = {"no-ephemeral", OPT_BOOL, 0, "list non-ephemeral secrets", .bits = VIRT_SECRET_NO_EPHEMERAL},
    [PRIVATE] = {"private", OPT_BOOL, 0, "list private secrets", .bits = VIRT_SECRET_PRIVATE},
    [NO_PRIVATE] = {"no-private", OPT_BOOL, 0, "list non-private secrets", .bits = VIRT_SECRET_NO_PRIVATE},
    {NULL},
};
static const struct opt_def plain_opts[] = {[SECRET] = SECRET_ROW, {NULL}};
static const struct opt_def xml_opts[] = {[SECRET] = SECRET_ROW, [XPATH] = XPATH_ROW, [WRAP] = WRAP_ROW, {NULL}};
static const struct opt_def define_opts[] = {
    [FILE_OPT] = FILE_ROW("file containing secret attributes in XML"),
    [VALIDATE] = VALIDATE_ROW(0),
    {NULL},
};

static const struct view_col cols[] = {{"uuid", "UUID"}, {"used_for", "Usage"}, {NULL}};

int secret_find(struct cmd_call *c, int opt, struct virt_secret **ret, struct err *e)
{
    return virt_secret_lookup(c->conn, c->vals[opt].s, ret, e) == 0
               ? 0
               : object_not_found(c, "secret-list shows the secrets that are there, by their UUIDs", e);
}

void secret_result(struct cmd_call *c, const struct virt_secret *secret)
{
    object_result(c, "secret", NULL, virt_secret_uuid(secret));
}

void secret_value_release(struct secret_value *v)
{
    if (v->s)
        mem_wipe(v->s, v->n);
    free(v->s);
}

static int run_list(struct cmd_call *c, struct err *e)
{
    size_t i;
    json_t *row;
    if (virt_secret_list(c->conn, cmd_bits(c), &c->result, e) < 0)
        return -1;
    json_array_foreach(c->result, i, row)
    {
        const char *type = json_text_at(row, "usage_type"), *id = json_text_at(row, "usage");
        _cleanup_free_ char *text = xasprintf("%s %s", type, id ? id : "");
        json_object_set_new(row, "used_for", json_text(strcmp(type, "none") == 0 ? "Unused" : text));
    }
    object_remember(c, "secret", "uuid", !cmd_bits(c));
    return 0;
}

static int run_dumpxml(struct cmd_call *c, struct err *e)
{
    _cleanup_(virt_secret_free_p) struct virt_secret *secret = NULL;
    _cleanup_free_ char *xml = NULL;
    if (secret_find(c, SECRET, &secret, e) < 0 || virt_secret_xml(secret, &xml, e) < 0)
        return -1;
    return object_xml_result(c, xml, XPATH, WRAP, e);
}

static int define(struct cmd_call *c, const char *xml, bool validate, struct err *e)
{
    _cleanup_(virt_secret_free_p) struct virt_secret *secret = NULL;
    if (virt_secret_define(c->conn, xml, validate, &secret, e) < 0)
        return -1;
    secret_result(c, secret);
    return 0;
}

static int run_define(struct cmd_call *c, struct err *e)
{
    return object_from_file(c, FILE_OPT, "define", "secret", define, e);
}

static int run_undefine(struct cmd_call *c, struct err *e)
{
    _cleanup_(virt_secret_free_p) struct virt_secret *secret = NULL;
    if (secret_find(c, SECRET, &secret, e) < 0)
        return -1;
    if (virt_secret_undefine(secret, e) < 0)
        return err_wrap(e, "failed to undefine secret %s", virt_secret_uuid(secret));
    secret_result(c, secret);
    object_gone(c, "secret");
    return 0;
}

const struct cmd_def cmd_secret_define = {
    .name = "secret-define",
    .group = "Secrets",
    .summary = "define or modify a secret from an XML file",
    .help =
        "The file is read here, on the admin's machine. It says what the secret is for; secret-set-value gives it its\n"
        "value.",
    .example = "secret-define ceph.xml\nsecret-define ceph.xml --node dest",
    .opts = define_opts,
    .flags = CMD_CONN,
    .view = {VIEW_NONE, .message = "Secret {uuid} created"},
    .run = run_define};

const struct cmd_def cmd_secret_dumpxml = {.name = "secret-dumpxml",
                                           .group = "Secrets",
                                           .summary = "secret attributes in XML",
                                           .help = "Its value is not among them.",
                                           .example = "secret-dumpxml 55806c7d-8e93-456f-829b-607d8c198367",
                                           .opts = xml_opts,
                                           .flags = CMD_CONN,
                                           .view = {VIEW_TEXT},
                                           .run = run_dumpxml};

const struct cmd_def cmd_secret_list = {.name = "secret-list",
                                        .group = "Secrets",
                                        .summary = "list secrets",
                                        .help =
                                            "What libvirt keeps passwords and keys for, by UUID; their values are not "
                                            "asked for.",
                                        .example = "secret-list\nsecret-list --node all",
                                        .opts = list_opts,
                                        .flags = CMD_CONN | CMD_EACH,
                                        .view = {VIEW_TABLE, cols, .empty = "no secrets: secret-define FILE adds one"},
                                        .run = run_list};

const struct cmd_def cmd_secret_undefine = {.name = "secret-undefine",
                                            .group = "Secrets",
                                            .summary = "undefine a secret",
                                            .help = "Its value is lost with it.",
                                            .example = "secret-undefine 55806c7d-8e93-456f-829b-607d8c198367",
                                            .opts = plain_opts,
                                            .flags = CMD_CONN | CMD_DESTROYS,
                                            .view = {VIEW_NONE, .message = "Secret {uuid} deleted"},
                                            .run = run_undefine};
