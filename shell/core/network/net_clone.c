// SPDX-License-Identifier: GPL-3.0-or-later
// Cloning a network's definition. Job threads. See net_clone.h.
#include "core/network/net_clone.h"

#include <string.h>

#include "base/json.h"
#include "core/console/out.h"
#include "io/job.h"
#include "io/virt/net.h"
#include "io/xml.h"

struct clone {
    const struct net_clone *nc;
    struct job *job;
    const char *name;
    char *xml;
    bool active, autostart; // as on the source
    struct virt_net *net;   // on the destination
    json_t *steps;
    bool defined, started, autostart_set; // what is to be undone
};

static void clone_release(struct clone *k)
{
    free(k->xml);
    virt_net_free(k->net);
    json_decref(k->steps);
}

static void did(struct clone *k, const char *step, const char *told)
{
    json_array_append_new(k->steps, json_text(step));
    out_notice(OUT_INFO, "network %s: %s on %s", k->name, told, k->nc->to_label);
}

int net_essence(const char *xml, char **ret, struct err *e)
{
    _cleanup_(xml_free_p) struct xml_doc *doc = NULL;
    if (xml_parse(xml, &doc, e) < 0)
        return -1;
    xml_remove(doc, "/network/uuid | /network/mac | /network/@connections | //text()[normalize-space() = '']");
    *ret = xml_text(doc);
    return 0;
}

static int read_source(struct clone *k, struct err *e)
{
    bool persistent;
    struct virt_net *from = k->nc->from;
    if (virt_net_is_active(from, &k->active, e) < 0 || virt_net_is_persistent(from, &persistent, e) < 0 ||
        virt_net_autostart(from, &k->autostart, e) < 0 || virt_net_xml(from, persistent, &k->xml, e) < 0)
        return err_wrap(e, "reading network '%s' on %s", k->name, k->nc->from_label);
    out_notice(OUT_INFO, "network %s: read on %s", k->name, k->nc->from_label);
    return 0;
}

// 0: k->net is set if the destination has the same network already.
static int look_at_destination(struct clone *k, struct err *e)
{
    _cleanup_(virt_net_free_p) struct virt_net *there = NULL;
    _cleanup_free_ char *xml = NULL, *ours = NULL, *theirs = NULL;
    bool persistent;
    if (virt_net_lookup(k->nc->to, k->name, &there, e) < 0) {
        if (e->code != ERR_NOT_FOUND)
            return -1;
        err_release(e);
        return 0;
    }
    if (virt_net_is_persistent(there, &persistent, e) < 0 || virt_net_xml(there, persistent, &xml, e) < 0 ||
        net_essence(k->xml, &ours, e) < 0 || net_essence(xml, &theirs, e) < 0)
        return -1;
    if (strcmp(ours, theirs) != 0 || !persistent) {
        err_set(e, ERR_EXISTS, "%s has a network '%s' %s; nothing was changed", k->nc->to_label, k->name,
                persistent ? "with another definition" : "that is transient");
        return err_hint(e, "compare net-dumpxml %s on both; net-undefine it on %s if it is not needed there", k->name,
                        k->nc->to_label);
    }
    out_notice(OUT_INFO, "network %s: defined on %s already, the same", k->name, k->nc->to_label);
    k->net = steal(&there);
    return 0;
}

static int define(struct clone *k, struct err *e)
{
    if (virt_net_define(k->nc->to, k->xml, false, &k->net, e) < 0)
        return err_wrap(e, "failed to define network '%s' on %s", k->name, k->nc->to_label);
    k->defined = true;
    did(k, "define", "defined");
    return 0;
}

static int start(struct clone *k, struct err *e)
{
    bool running;
    if (virt_net_is_active(k->net, &running, e) < 0)
        return -1;
    if (running || !k->active)
        return 0;
    if (virt_net_start(k->net, e) < 0)
        return err_wrap(e, "failed to start network '%s' on %s", k->name, k->nc->to_label);
    k->started = true;
    did(k, "start", "started");
    return 0;
}

static int autostart(struct clone *k, struct err *e)
{
    bool on;
    if (virt_net_autostart(k->net, &on, e) < 0)
        return -1;
    if (on == k->autostart)
        return 0;
    if (virt_net_set_autostart(k->net, k->autostart, e) < 0)
        return err_wrap(e, "failed to set the autostart of network '%s' on %s", k->name, k->nc->to_label);
    k->autostart_set = true;
    did(k, "autostart", k->autostart ? "marked as autostarted" : "unmarked as autostarted");
    return 0;
}

static bool undo_one(struct clone *k, const char *told, int r, struct err *e)
{
    if (r == 0)
        out_notice(OUT_INFO, "network %s: %s on %s again", k->name, told, k->nc->to_label);
    else
        out_notice(OUT_WARN, "network %s: could not be %s on %s: %s", k->name, told, k->nc->to_label, e->msg);
    err_release(e);
    return r == 0;
}

// The last step first; false: something is left. The error that led here stays in its own struct.
static bool undo(struct clone *k)
{
    _cleanup_err_ struct err e = ERR_INIT;
    bool ok = true;
    if (k->autostart_set)
        ok &= undo_one(k, k->autostart ? "unmarked as autostarted" : "marked as autostarted",
                       virt_net_set_autostart(k->net, !k->autostart, &e), &e);
    if (k->started)
        ok &= undo_one(k, "stopped", virt_net_destroy(k->net, &e), &e);
    if (k->defined)
        ok &= undo_one(k, "undefined", virt_net_undefine(k->net, &e), &e);
    return ok;
}

static int change(struct clone *k, struct err *e)
{
    if (!k->net && define(k, e) < 0)
        return -1;
    if (job_check(k->job, e) < 0 || start(k, e) < 0 || job_check(k->job, e) < 0 || autostart(k, e) < 0)
        return -1;
    return job_check(k->job, e);
}

int net_clone(const struct net_clone *nc, struct job *job, json_t **ret, struct err *e)
{
    _cleanup_(clone_release) struct clone k = {
        .nc = nc, .job = job, .name = virt_net_name(nc->from), .steps = json_array()};
    if (read_source(&k, e) < 0 || look_at_destination(&k, e) < 0 || job_check(job, e) < 0)
        return -1;
    bool existed = k.net;
    if (change(&k, e) < 0) {
        bool clean = undo(&k);
        if (!clean)
            return err_hint(e, "net-info %s on %s shows what is left of it", k.name, nc->to_label);
        return e->hint ? -1 : err_hint(e, "%s is as it was before", nc->to_label);
    }
    json_t *v = json_object();
    json_object_set_new(v, "name", json_text(k.name));
    json_object_set_new(v, "from", json_text(nc->from_label));
    json_object_set_new(v, "to", json_text(nc->to_label));
    json_object_set_new(v, "existed", json_boolean(existed));
    json_object_set_new(v, "active", json_boolean(k.active));
    json_object_set_new(v, "autostart", json_boolean(k.autostart));
    json_object_set(v, "steps", k.steps);
    *ret = v;
    return 0;
}
