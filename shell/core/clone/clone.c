// SPDX-License-Identifier: GPL-3.0-or-later
// Cloning a definition, whatever it is of. Job threads. See clone_priv.h.
#include "core/clone/clone.h"

#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "core/clone/clone_priv.h"
#include "core/console/out.h"
#include "io/job.h"

void clone_did(struct clone *k, const char *step, const char *told)
{
    json_array_append_new(k->steps, json_text(step));
    out_notice(OUT_INFO, "%s %s: %s on %s", k->ops->noun, k->name, told, k->way->to_label);
}

int clone_failed(const struct clone *k, const char *verb, struct err *e)
{
    return err_wrap(e, "failed to %s %s '%s' on %s", verb, k->ops->noun, k->name, k->way->to_label);
}

static int read_source(struct clone *k, struct err *e)
{
    if (k->ops->is_active(k->from, &k->active, e) < 0 || k->ops->autostart(k->from, &k->autostart, e) < 0 ||
        k->ops->config(k->from, &k->xml, e) < 0 || (k->ops->read && k->ops->read(k, e) < 0))
        return err_wrap(e, "reading %s '%s' on %s", k->ops->noun, k->name, k->way->from_label);
    out_notice(OUT_INFO, "%s %s: read on %s", k->ops->noun, k->name, k->way->from_label);
    return 0;
}

// *ret: how the one that is there differs, in words; NULL: not at all.
static int compare(const struct clone *k, const char **ret, struct err *e)
{
    _cleanup_free_ char *xml = NULL, *ours = NULL, *theirs = NULL;
    bool persistent;
    if (k->ops->is_persistent(k->there, &persistent, e) < 0 || k->ops->config(k->there, &xml, e) < 0 ||
        k->ops->essence(k->xml, &ours, e) < 0 || k->ops->essence(xml, &theirs, e) < 0)
        return -1;
    *ret = !persistent ? "that is transient" : strcmp(ours, theirs) != 0 ? "with another definition" : NULL;
    return 0;
}

// k->there is set if the destination has the same already.
static int look_at_destination(struct clone *k, struct err *e)
{
    const char *noun = k->ops->noun, *family = k->ops->family, *to = k->way->to_label, *how;
    if (k->ops->lookup(k->way->to, k->name, &k->there, e) < 0) {
        if (e->code != ERR_NOT_FOUND)
            return -1;
        err_release(e);
        return 0;
    }
    if (compare(k, &how, e) < 0)
        return -1;
    if (!how) {
        out_notice(OUT_INFO, "%s %s: defined on %s already, the same", noun, k->name, to);
        return 0;
    }
    err_set(e, ERR_EXISTS, "%s has a %s '%s' %s; nothing was changed", to, noun, k->name, how);
    return err_hint(e, "compare %s-dumpxml %s on both; %s-undefine it on %s if it is not needed there", family, k->name,
                    family, to);
}

static int define(struct clone *k, struct err *e)
{
    _cleanup_free_ char *instead = NULL;
    if ((k->ops->definition && k->ops->definition(k, &instead, e) < 0) ||
        k->ops->define(k->way->to, instead ? instead : k->xml, &k->there, e) < 0)
        return clone_failed(k, "define", e);
    k->defined = true;
    clone_did(k, "define", "defined");
    return 0;
}

static int start(struct clone *k, struct err *e)
{
    bool running;
    if (k->ops->is_active(k->there, &running, e) < 0)
        return -1;
    if (running || !k->active)
        return 0;
    if (k->ops->start(k, e) < 0)
        return -1;
    k->started = true;
    clone_did(k, "start", "started");
    return 0;
}

static const char *marked(bool on)
{
    return on ? "marked as autostarted" : "unmarked as autostarted";
}

static int autostart(struct clone *k, struct err *e)
{
    bool on;
    if (k->ops->autostart(k->there, &on, e) < 0)
        return -1;
    if (on == k->autostart)
        return 0;
    if (k->ops->set_autostart(k->there, k->autostart, e) < 0)
        return clone_failed(k, "set the autostart of", e);
    k->autostart_set = true;
    clone_did(k, "autostart", marked(k->autostart));
    return 0;
}

bool clone_undone(const struct clone *k, const char *told, int r, struct err *e)
{
    const char *noun = k->ops->noun, *to = k->way->to_label;
    if (r == 0)
        out_notice(OUT_INFO, "%s %s: %s on %s again", noun, k->name, told, to);
    else
        out_notice(OUT_WARN, "%s %s: could not be %s on %s: %s", noun, k->name, told, to, e->msg);
    err_release(e);
    return r == 0;
}

// The last step first; false: something is left. The error that led here stays in its own struct.
static bool undo(struct clone *k)
{
    _cleanup_err_ struct err e = ERR_INIT;
    bool ok = true;
    if (k->autostart_set)
        ok &= clone_undone(k, marked(!k->autostart), k->ops->set_autostart(k->there, !k->autostart, &e), &e);
    if (k->started)
        ok &= clone_undone(k, "stopped", k->ops->destroy(k->there, &e), &e);
    if (k->ops->undo_start)
        ok &= k->ops->undo_start(k);
    if (k->defined)
        ok &= clone_undone(k, "undefined", k->ops->undefine(k->there, &e), &e);
    return ok;
}

static int change(struct clone *k, struct err *e)
{
    if (!k->there && define(k, e) < 0)
        return -1;
    if (job_check(k->job, e) < 0 || start(k, e) < 0 || job_check(k->job, e) < 0 || autostart(k, e) < 0)
        return -1;
    return job_check(k->job, e);
}

static json_t *told(const struct clone *k, bool existed)
{
    json_t *v = json_object();
    json_object_set_new(v, "name", json_text(k->name));
    json_object_set_new(v, "from", json_text(k->way->from_label));
    json_object_set_new(v, "to", json_text(k->way->to_label));
    json_object_set_new(v, "existed", json_boolean(existed));
    json_object_set_new(v, "active", json_boolean(k->active));
    json_object_set_new(v, "autostart", json_boolean(k->autostart));
    json_object_set(v, "steps", k->steps);
    return v;
}

static int clone(struct clone *k, json_t **ret, struct err *e)
{
    if (read_source(k, e) < 0 || look_at_destination(k, e) < 0 || job_check(k->job, e) < 0)
        return -1;
    bool existed = k->there;
    if (change(k, e) < 0) {
        bool clean = undo(k);
        if (!clean)
            return err_hint(e, "%s-info %s on %s shows what is left of it", k->ops->family, k->name, k->way->to_label);
        return e->hint ? -1 : err_hint(e, "%s is as it was before", k->way->to_label);
    }
    *ret = told(k, existed);
    return 0;
}

int clone_run(struct clone *k, json_t **ret, struct err *e)
{
    k->name = k->ops->name(k->from);
    k->steps = json_array();
    int r = clone(k, ret, e);
    json_decref(k->steps);
    free(k->xml);
    k->ops->free(k->there);
    return r;
}
