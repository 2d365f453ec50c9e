// SPDX-License-Identifier: GPL-3.0-or-later
// Shared by the commands on libvirt's objects. See objects.h.
#include "cmd/objects.h"

#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "core/console/editor.h"
#include "io/file.h"
#include "io/virt/conn.h"
#include "io/xml.h"

enum { XML_MAX = 16 << 20 };

int object_at_node(const struct cmd_call *c, struct err *e)
{
    return c->where.node && !(c->def->flags & CMD_EACH) ? err_wrap(e, "node %s", c->where.node->name) : -1;
}

int object_not_found(const struct cmd_call *c, const char *lister, struct err *e)
{
    if (e->code == ERR_NOT_FOUND && !e->hint)
        err_hint(e, "%s", lister);
    return object_at_node(c, e);
}

void object_add_node(struct cmd_call *c)
{
    if (c->where.node)
        json_object_set_new(c->result, "node", json_text(c->where.node->name));
}

void object_result(struct cmd_call *c, const char *kind, const char *name, const char *uuid)
{
    c->result = json_object();
    if (name)
        json_object_set_new(c->result, "name", json_text(name));
    json_object_set_new(c->result, "uuid", json_text(uuid));
    object_add_node(c);
    ctx_names_add(c->ctx, kind, target_label(&c->where), name ? name : uuid);
}

void object_gone(struct cmd_call *c, const char *kind)
{
    static const char *const keys[] = {"name", "port", "uuid"};
    const char *name = NULL;
    for (size_t i = 0; i < ARRAY_SIZE(keys) && !name; i++)
        name = json_text_at(c->result, keys[i]);
    ctx_names_remove(c->ctx, kind, target_label(&c->where), name);
}

void object_remember(struct cmd_call *c, const char *kind, const char *key, bool whole)
{
    _cleanup_strv_ struct strv names = STRV_INIT;
    size_t i;
    json_t *row;
    json_array_foreach(c->result, i, row) strv_add(&names, json_text_at(row, key));
    if (whole)
        ctx_names_set(c->ctx, kind, target_label(&c->where), &names);
    else
        for (i = 0; i < names.n; i++)
            ctx_names_add(c->ctx, kind, target_label(&c->where), names.s[i]);
}

int object_dest(struct cmd_call *c, int opt, const char *noun, struct virt_conn **ret, struct err *e)
{
    _cleanup_(virt_conn_unref_p) struct virt_conn *to = NULL;
    const struct target *dest = &c->vals[opt].target;
    if (ctx_connect(c->ctx, c->job, dest->uri, &to, e) < 0)
        return err_wrap(e, "node %s", target_label(dest));
    if (strcmp(virt_conn_uri(to), virt_conn_uri(c->conn)) == 0)
        return err_set(e, ERR_USAGE, "the %s is on %s: that is where it would be cloned to", noun, target_label(dest));
    *ret = steal(&to);
    return 0;
}

void object_cloned(struct cmd_call *c, int opt, const char *kind, const char *name, const struct view *unchanged)
{
    if (!json_array_size(json_object_get(c->result, "steps")))
        c->view = unchanged;
    ctx_names_add(c->ctx, kind, target_label(&c->vals[opt].target), name);
}

int object_read_file(const char *path, char **ret, struct err *e)
{
    return file_read_text(path, XML_MAX, ret, e);
}

int object_from_file(struct cmd_call *c, int file, const char *verb, const char *noun, object_make *make, struct err *e)
{
    const char *path = c->vals[file].s;
    const struct opt_val *validate = cmd_val(c, "validate");
    _cleanup_free_ char *xml = NULL;
    if (object_read_file(path, &xml, e) < 0)
        return -1;
    if (make(c, xml, validate && validate->b, e) < 0)
        return err_wrap(e, "failed to %s %s from %s", verb, noun, path);
    json_object_set_new(c->result, "file", json_text(path));
    return 0;
}

int object_xml_result(struct cmd_call *c, const char *xml, int xpath, int wrap, struct err *e)
{
    _cleanup_(xml_free_p) struct xml_doc *doc = NULL;
    _cleanup_free_ char *part = NULL;
    if (c->vals[xpath].s &&
        (xml_parse(xml, &doc, e) < 0 || xml_query(doc, c->vals[xpath].s, c->vals[wrap].b, &part, e) < 0))
        return -1;
    c->result = json_text(part ? part : xml);
    return 0;
}

int object_print_xml(struct cmd_call *c, const char *xml)
{
    static const struct view text = {VIEW_TEXT};
    c->view = &text;
    c->result = json_text(xml);
    return 0;
}

struct edited {
    struct cmd_call *c;
    const struct object_edit *how;
    const char *what;
};

static int read_edited(void *data, char **ret, struct err *e)
{
    const struct object_edit *how = ((struct edited *)data)->how;
    return how->read(how->object, ret, e);
}

static int define_edited(void *data, const char *text, struct err *e)
{
    const struct edited *it = data;
    json_auto_t *before = steal(&it->c->result);
    if (it->how->define(it->c, text, it->how->validate, e) == 0)
        return 0;
    it->c->result = steal(&before);
    return err_wrap(e, "failed to define %s", it->what);
}

int object_edit(struct cmd_call *c, const struct object_edit *how, struct err *e)
{
    const char *name = json_text_at(c->result, "name");
    _cleanup_free_ char *what = xasprintf("%s '%s'", how->noun, name ? name : json_text_at(c->result, "file"));
    struct edited it = {c, how, what};
    bool changed;
    if (editor_run(c->job, &(struct editor){what, how->instead, how->always, read_edited, define_edited, &it}, &changed,
                   e) < 0) {
        json_decref(steal(&c->result)); // a failed command's result would be shown
        return -1;
    }
    json_object_set_new(c->result, "changed", json_boolean(changed));
    if (!changed)
        c->view = how->unchanged;
    return 0;
}
