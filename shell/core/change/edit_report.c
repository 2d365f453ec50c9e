// SPDX-License-Identifier: GPL-3.0-or-later
// What a run tells: an item for each change, progress, and one error for all. Any thread.
#include <string.h>

#include "base/diff.h"
#include "base/json.h"
#include "core/change/edit_priv.h"
#include "core/console/inventory.h"
#include "core/console/out.h"

const char *edit_error_state(const struct err *err)
{
    switch (err->code) {
    case ERR_UNREACHABLE:
    case ERR_TIMEOUT:
        return "unreachable";
    case ERR_STATE:
        return "conflict";
    default:
        return "failed";
    }
}

json_t *edit_item_json(const struct edit_item *item)
{
    json_t *v = json_object();
    json_object_set_new(v, "node", json_text(item->node));
    json_object_set_new(v, "what", json_text(item->what));
    if (item->path)
        json_object_set_new(v, "path", json_text(item->path));
    json_object_set_new(v, "state", json_text(item->state));
    if (item->diff)
        json_object_set(v, "diff", item->diff);
    if (item->words)
        json_object_set(v, "words", item->words);
    if (json_array_size(item->notes))
        json_object_set(v, "notes", item->notes);
    if (err_is_set(&item->err))
        json_object_set_new(v, "error",
                            json_pack("{s:o, s:o, s:o}", "code", json_text(err_code_name(item->err.code)), "msg",
                                      json_text(item->err.msg), "hint", json_text(item->err.hint)));
    return v;
}

void edit_item_release(struct edit_item *item)
{
    free(item->what);
    free(item->path);
    json_decref(item->diff);
    json_decref(item->words);
    json_decref(item->notes);
    err_release(&item->err);
}

int edit_sum_up(const struct edit_item *items, size_t n, struct err *e)
{
    for (size_t i = 0; i < n; i++) {
        _cleanup_err_ struct err x = ERR_INIT;
        if (!err_is_set(&items[i].err))
            continue;
        err_copy(&x, &items[i].err);
        size_t len = strlen(items[i].node);
        if (strncmp(x.msg, items[i].node, len) != 0 || x.msg[len] != ':')
            err_wrap(&x, "%s", items[i].node);
        err_join(e, &x);
    }
    return err_is_set(e) ? -1 : 0;
}

json_t *edit_diff(const char *path, const struct change_file *a, const struct change_file *b)
{
    _cleanup_buf_ struct buf out = BUF_INIT;
    diff_unified(path, buf_str(&a->text), a->text.len, buf_str(&b->text), b->text.len, &out);
    if (a->exists != b->exists)
        buf_addf(&out, "%s%s\n", path, b->exists ? " is made" : " is removed");
    return out.len ? json_textn(out.s, out.len) : NULL;
}

void edit_progress(const char *title, const char *node, const char *text, bool done)
{
    _cleanup_free_ char *line = xasprintf("%s: %s", node, text);
    out_progress(
        json_pack("{s:o, s:o, s:o}", "job", json_text(title), "node", json_text(node), "text", json_text(line)), done);
}

// What undoing needs to find the node again, should it have left the inventory.
json_t *edit_node_about(const struct node *n)
{
    if (!n)
        return json_null();
    _cleanup_free_ char *target =
        n->address ? xasprintf("%s%s%s", n->user ? n->user : "", n->user ? "@" : "", n->address) : NULL;
    return json_pack("{s:o, s:o, s:i, s:o, s:o}", "name", json_text(n->name), "target", json_text(target), "port",
                     n->port, "uri", json_text(n->uri), "fingerprint", json_text(n->fingerprint));
}

void edit_add_note(struct edit_item *item, const char *text)
{
    if (!item->notes)
        item->notes = json_array();
    json_array_append_new(item->notes, json_text(text));
}

void edit_take_notes(struct edit_item *item, const struct facts *facts)
{
    const char *note;
    for (size_t i = 0; (note = facts_next(facts, "note", &i));)
        edit_add_note(item, note);
}

json_t *edit_refusal(const char *node, const char *what, const char *state, const struct err *why)
{
    json_t *error = json_pack("{s:o, s:o, s:o}", "code", json_text(err_code_name(why->code)), "msg",
                              json_text(why->msg), "hint", json_text(why->hint));
    return json_pack("{s:o, s:o, s:o, s:o}", "node", json_text(node), "what", json_text(what), "state",
                     json_text(state), "error", error);
}

void edit_refuse(json_t *refused, enum err_code *code, const char *node, const char *what, const char *state,
                 const struct err *why)
{
    json_auto_t *refusal = edit_refusal(node, what, state, why);
    size_t i;
    const json_t *old;
    json_array_foreach(refused, i, old)
    {
        if (json_equal(old, refusal))
            return;
    }
    json_array_append(refused, refusal);
    if (*code == ERR_NONE)
        *code = why->code;
    out_notice(OUT_WARN, "%s%s%s", why->msg, why->hint ? "; " : "", why->hint ? why->hint : "");
}

json_t *edit_error_json(const struct err *e)
{
    return json_pack("{s:o, s:o}", "code", json_text(err_code_name(e->code)), "msg", json_text(e->msg));
}
