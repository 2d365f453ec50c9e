// SPDX-License-Identifier: GPL-3.0-or-later
// A secret and its value to another node, over the connections to libvirt.
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "cmd/commands.h"
#include "cmd/objects.h"
#include "cmd/rows.h"
#include "cmd/secret/secret.h"
#include "io/job.h"
#include "io/virt/secret.h"

enum { SECRET, DEST };

static const struct opt_def opts[] = {
    [SECRET] = SECRET_ROW,
    [DEST] = DEST_ROW("the node (or URI) that is to have the secret too"),
    {NULL},
};

static const struct view unchanged = {VIEW_NONE, .message = "Secret {uuid} is on {to} already, as on {from}"};

// A secret that nobody has given a value is one without.
static int read_value(struct virt_secret *secret, struct secret_value *ret, struct err *e)
{
    if (virt_secret_value(secret, &ret->s, &ret->n, e) == 0)
        return 0;
    if (e->code != ERR_NOT_FOUND)
        return -1;
    err_release(e);
    return 0;
}

static int other(const struct cmd_call *c, const char *what, struct err *e)
{
    err_set(e, ERR_EXISTS, "%s has secret %s with another %s; nothing was changed", target_label(&c->vals[DEST].target),
            c->vals[SECRET].s, what);
    return err_hint(e, "secret-undefine it there if it is not needed");
}

// *ret is set if the destination has it already; *ret_valued: with this value.
static int look_at_destination(struct cmd_call *c, struct virt_conn *to, const char *xml, const struct secret_value *v,
                               struct virt_secret **ret, bool *ret_valued, struct err *e)
{
    _cleanup_(virt_secret_free_p) struct virt_secret *there = NULL;
    _cleanup_(secret_value_release) struct secret_value theirs = {NULL, 0};
    _cleanup_free_ char *their_xml = NULL;
    if (virt_secret_lookup(to, c->vals[SECRET].s, &there, e) < 0) {
        if (e->code != ERR_NOT_FOUND)
            return -1;
        err_release(e);
        return 0;
    }
    if (virt_secret_xml(there, &their_xml, e) < 0)
        return -1;
    if (strcmp(xml, their_xml) != 0)
        return other(c, "definition", e);
    if (read_value(there, &theirs, e) < 0)
        return -1;
    if (theirs.s && (!v->s || theirs.n != v->n || memcmp(theirs.s, v->s, v->n) != 0))
        return other(c, "value", e);
    *ret_valued = theirs.s != NULL;
    *ret = steal(&there);
    return 0;
}

static int give(struct cmd_call *c, struct virt_conn *to, const char *xml, const struct secret_value *v, json_t *steps,
                struct err *e)
{
    _cleanup_(virt_secret_free_p) struct virt_secret *there = NULL;
    bool valued = false;
    if (look_at_destination(c, to, xml, v, &there, &valued, e) < 0 || job_check(c->job, e) < 0)
        return -1;
    bool defined = !there;
    if (defined && virt_secret_define(to, xml, false, &there, e) < 0)
        return err_wrap(e, "failed to define secret %s on %s", c->vals[SECRET].s, target_label(&c->vals[DEST].target));
    if (defined)
        json_array_append_new(steps, json_text("define"));
    if (!v->s || valued)
        return 0;
    if (virt_secret_set_value(there, v->s, v->n, e) == 0) {
        json_array_append_new(steps, json_text("set-value"));
        return 0;
    }
    err_wrap(e, "failed to set the value of secret %s on %s", c->vals[SECRET].s, target_label(&c->vals[DEST].target));
    _cleanup_err_ struct err undone = ERR_INIT;
    if (defined && virt_secret_undefine(there, &undone) < 0)
        return err_hint(e, "it is defined there now, without a value: %s", undone.msg);
    return -1;
}

static int run(struct cmd_call *c, struct err *e)
{
    _cleanup_(virt_secret_free_p) struct virt_secret *secret = NULL;
    _cleanup_(virt_conn_unref_p) struct virt_conn *to = NULL;
    _cleanup_(secret_value_release) struct secret_value v = {NULL, 0};
    _cleanup_free_ char *xml = NULL;
    if (secret_find(c, SECRET, &secret, e) < 0 || object_dest(c, DEST, "secret", &to, e) < 0 ||
        virt_secret_xml(secret, &xml, e) < 0)
        return -1;
    if (read_value(secret, &v, e) < 0)
        return e->code == ERR_AUTH ? err_hint(e, "its value does not leave the host: secret-dumpxml, secret-define and "
                                                 "secret-set-value make one like it")
                                   : -1;
    json_auto_t *steps = json_array();
    if (give(c, to, xml, &v, steps, e) < 0)
        return -1;
    c->result = json_object();
    json_object_set_new(c->result, "uuid", json_text(virt_secret_uuid(secret)));
    json_object_set_new(c->result, "from", json_text(target_label(&c->where)));
    json_object_set_new(c->result, "to", json_text(target_label(&c->vals[DEST].target)));
    json_object_set_new(c->result, "has_value", json_boolean(v.s != NULL));
    json_object_set(c->result, "steps", steps);
    object_cloned(c, DEST, "secret", virt_secret_uuid(secret), &unchanged);
    return 0;
}

const struct cmd_def cmd_secret_clone = {
    .name = "secret-clone",
    .group = "Secrets",
    .summary = "give another node the same secret",
    .help =
        "Definition and value, under the same UUID, as definitions of guests and pools name it. The value goes from\n"
        "libvirt to libvirt through this console's memory: it is in no file, argument, log or journal. A secret of\n"
        "that UUID with another definition or value is left alone. A private one cannot be cloned.",
    .example = "secret-clone 55806c7d-8e93-456f-829b-607d8c198367 dest --node source",
    .opts = opts,
    .flags = CMD_CONN,
    .view = {VIEW_NONE, .message = "Secret {uuid} cloned from {from} to {to}"},
    .run = run};
