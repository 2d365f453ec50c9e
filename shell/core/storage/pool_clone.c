// SPDX-License-Identifier: GPL-3.0-or-later
// Cloning a pool's definition. Job threads. See pool_clone.h.
#include "core/storage/pool_clone.h"

#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "core/console/out.h"
#include "core/storage/storage_xml.h"
#include "io/job.h"
#include "io/virt/pool.h"

struct clone {
    const struct pool_clone *pc;
    struct job *job;
    const char *name;
    char *xml, *target;
    bool active, autostart; // as on the source
    bool has_dir;           // of a kind whose building makes a directory and no more
    struct virt_pool *pool; // on the destination
    json_t *steps;
    // What is to be undone.
    bool defined, made_dir, started, autostart_set;
    enum virt_dir_state dir; // before anything was done
};

static void clone_release(struct clone *k)
{
    free(k->xml);
    free(k->target);
    virt_pool_free(k->pool);
    json_decref(k->steps);
}

static void did(struct clone *k, const char *step, const char *told)
{
    json_array_append_new(k->steps, json_text(step));
    out_notice(OUT_INFO, "pool %s: %s on %s", k->name, told, k->pc->to_label);
}

static int read_source(struct clone *k, struct err *e)
{
    struct virt_pool *from = k->pc->from;
    if (virt_pool_is_active(from, &k->active, e) < 0 || virt_pool_autostart(from, &k->autostart, e) < 0 ||
        virt_pool_xml(from, true, &k->xml, e) < 0 || storage_pool_target(k->xml, &k->target, &k->has_dir, e) < 0)
        return err_wrap(e, "reading pool '%s' on %s", k->name, k->pc->from_label);
    out_notice(OUT_INFO, "pool %s: read on %s", k->name, k->pc->from_label);
    return 0;
}

// 0: k->pool is set if the destination has the same pool already.
static int look_at_destination(struct clone *k, struct err *e)
{
    _cleanup_(virt_pool_free_p) struct virt_pool *there = NULL;
    _cleanup_free_ char *xml = NULL, *ours = NULL, *theirs = NULL;
    if (virt_pool_lookup(k->pc->to, k->name, &there, e) < 0) {
        if (e->code != ERR_NOT_FOUND)
            return -1;
        err_release(e);
        return 0;
    }
    if (virt_pool_xml(there, true, &xml, e) < 0 || storage_pool_essence(k->xml, &ours, e) < 0 ||
        storage_pool_essence(xml, &theirs, e) < 0)
        return -1;
    if (strcmp(ours, theirs) != 0) {
        err_set(e, ERR_EXISTS, "%s has a pool '%s' with another definition; nothing was changed", k->pc->to_label,
                k->name);
        return err_hint(e, "compare pool-dumpxml %s on both; pool-undefine it on %s if it is not needed there", k->name,
                        k->pc->to_label);
    }
    out_notice(OUT_INFO, "pool %s: defined on %s already, the same", k->name, k->pc->to_label);
    k->pool = steal(&there);
    return 0;
}

static int define(struct clone *k, struct err *e)
{
    // Before the definition: two pools on one target are refused.
    k->dir = k->has_dir && k->target ? virt_pool_probe_dir(k->pc->to, k->target) : VIRT_DIR_UNKNOWN;
    // A new directory gets mode and owner as on the source; one that is there keeps its own.
    _cleanup_free_ char *bare = NULL;
    if (k->dir != VIRT_DIR_MISSING && storage_pool_without_permissions(k->xml, &bare, e) < 0)
        return -1;
    if (virt_pool_define(k->pc->to, bare ? bare : k->xml, false, &k->pool, e) < 0)
        return -1;
    k->defined = true;
    did(k, "define", "defined");
    return 0;
}

static int build(struct clone *k, struct err *e)
{
    if (virt_pool_build(k->pool, VIRT_POOL_BUILD, e) < 0)
        return err_wrap(e, "failed to build pool '%s' on %s", k->name, k->pc->to_label);
    k->made_dir = k->dir == VIRT_DIR_MISSING;
    did(k, "build", "built");
    return job_check(k->job, e);
}

// Building makes the pool's directory; it is not done where there is one, because it would change that one's mode.
// Other kinds of pools are never built: that would be to format a device of the other host.
static int start(struct clone *k, struct err *e)
{
    bool running;
    if (virt_pool_is_active(k->pool, &running, e) < 0)
        return -1;
    if (running || !k->active)
        return 0;
    if (k->dir == VIRT_DIR_MISSING && k->has_dir && build(k, e) < 0)
        return -1;
    int r = virt_pool_start(k->pool, 0, e);
    if (r < 0 && k->dir == VIRT_DIR_UNKNOWN && k->has_dir) {
        err_release(e);
        if (build(k, e) < 0)
            return -1;
        r = virt_pool_start(k->pool, 0, e);
    }
    if (r < 0)
        return err_wrap(e, "failed to start pool '%s' on %s", k->name, k->pc->to_label);
    k->started = true;
    did(k, "start", "started");
    return 0;
}

static int autostart(struct clone *k, struct err *e)
{
    bool on;
    if (virt_pool_autostart(k->pool, &on, e) < 0)
        return -1;
    if (on == k->autostart)
        return 0;
    if (virt_pool_set_autostart(k->pool, k->autostart, e) < 0)
        return err_wrap(e, "failed to set the autostart of pool '%s' on %s", k->name, k->pc->to_label);
    k->autostart_set = true;
    did(k, "autostart", k->autostart ? "marked as autostarted" : "unmarked as autostarted");
    return 0;
}

static bool undo_one(struct clone *k, const char *told, int r, struct err *e)
{
    if (r == 0)
        out_notice(OUT_INFO, "pool %s: %s on %s again", k->name, told, k->pc->to_label);
    else
        out_notice(OUT_WARN, "pool %s: could not be %s on %s: %s", k->name, told, k->pc->to_label, e->msg);
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
                       virt_pool_set_autostart(k->pool, !k->autostart, &e), &e);
    if (k->started)
        ok &= undo_one(k, "stopped", virt_pool_destroy(k->pool, &e), &e);
    if (k->made_dir) // removes the directory, and only if it is empty
        ok &= undo_one(k, "deleted", virt_pool_delete(k->pool, &e), &e);
    if (k->defined)
        ok &= undo_one(k, "undefined", virt_pool_undefine(k->pool, &e), &e);
    return ok;
}

static int change(struct clone *k, struct err *e)
{
    if (!k->pool && define(k, e) < 0)
        return err_wrap(e, "failed to define pool '%s' on %s", k->name, k->pc->to_label);
    if (job_check(k->job, e) < 0 || start(k, e) < 0 || job_check(k->job, e) < 0 || autostart(k, e) < 0)
        return -1;
    return job_check(k->job, e);
}

int pool_clone(const struct pool_clone *pc, struct job *job, json_t **ret, struct err *e)
{
    _cleanup_(clone_release) struct clone k = {
        .pc = pc, .job = job, .name = virt_pool_name(pc->from), .steps = json_array()};
    if (read_source(&k, e) < 0 || look_at_destination(&k, e) < 0 || job_check(job, e) < 0)
        return -1;
    bool existed = k.pool;
    if (change(&k, e) < 0) {
        bool clean = undo(&k);
        if (!clean)
            return err_hint(e, "pool-info %s on %s shows what is left of it", k.name, pc->to_label);
        return e->hint ? -1 : err_hint(e, "%s is as it was before", pc->to_label);
    }
    json_t *v = json_object();
    json_object_set_new(v, "name", json_text(k.name));
    json_object_set_new(v, "from", json_text(pc->from_label));
    json_object_set_new(v, "to", json_text(pc->to_label));
    json_object_set_new(v, "existed", json_boolean(existed));
    json_object_set_new(v, "active", json_boolean(k.active));
    json_object_set_new(v, "autostart", json_boolean(k.autostart));
    json_object_set(v, "steps", k.steps);
    *ret = v;
    return 0;
}
