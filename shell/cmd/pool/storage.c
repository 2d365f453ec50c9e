// SPDX-License-Identifier: GPL-3.0-or-later
// Shared by the commands on pools and volumes. See storage.h.
#include "cmd/pool/storage.h"

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "cmd/objects.h"
#include "core/console/names_of.h"
#include "core/console/out.h"
#include "core/guest/files.h"
#include "core/guest/users.h"
#include "io/job.h"
#include "io/virt/conn.h"
#include "io/virt/pool.h"
#include "io/virt/vol.h"

int storage_pool(struct cmd_call *c, int opt, struct virt_pool **ret, struct err *e)
{
    if (virt_pool_lookup(c->conn, c->vals[opt].s, ret, e) == 0)
        return 0;
    return object_not_found(c, "pool-list --all shows the pools that are there", e);
}

int storage_vol(struct cmd_call *c, int vol, int pool, struct virt_vol **ret, struct err *e)
{
    const char *text = c->vals[vol].s, *in = pool == NO_POOL ? NULL : c->vals[pool].s;
    _cleanup_(virt_pool_free_p) struct virt_pool *p = NULL;
    if (in && storage_pool(c, pool, &p, e) < 0)
        return -1;
    if (virt_vol_find(c->conn, p, text, ret, e) == 0)
        return 0;
    if (e->code == ERR_NOT_FOUND && in)
        err_hint(e, "vol-list %s shows the volumes that are there", in);
    err_wrap(e, "failed to get vol '%s'%s", text,
             e->code == ERR_NOT_FOUND && !in && pool != NO_POOL ? ", specifying --pool might help" : "");
    return object_at_node(c, e);
}

static int object_to(const char *command, bool force, struct err *e)
{
    if (!force)
        return err_hint(e, "%s --force does it all the same", command);
    out_notice(OUT_WARN, "%s", e->msg);
    err_release(e);
    return 0;
}

int storage_refuse_used(struct cmd_call *c, const char *what, const struct users_query *q, bool force, struct err *e)
{
    _cleanup_buf_ struct buf list = BUF_INIT;
    _cleanup_strv_ struct strv users = STRV_INIT;
    _cleanup_err_ struct err unknown = ERR_INIT;
    struct users_query here = *q;
    if (!guest_is_system(virt_conn_uri(c->conn)))
        return 0;
    here.ctx = c->ctx;
    here.job = c->job;
    here.here = &c->where;
    here.conn = c->conn;
    bool known = users_find(&here, &users, &unknown) == 0;
    if (job_check(c->job, e) < 0)
        return -1;
    if (users.n) {
        for (size_t i = 0; i < users.n; i++)
            buf_addf(&list, "%s%s", i ? ", " : "", users.s[i]);
        err_set(e, ERR_STATE, "%s is used by %s", what, buf_str(&list));
    } else if (!known) {
        err_set(e, unknown.code, "cannot tell whether %s is used: %s", what, unknown.msg);
    }
    return err_is_set(e) ? object_to(c->def->name, force, e) : 0;
}

int storage_refuse_used_vol(struct cmd_call *c, struct virt_vol *vol, bool running, bool force, struct err *e)
{
    _cleanup_free_ char *path = NULL, *what = xasprintf("volume '%s'", virt_vol_name(vol));
    if (virt_vol_path(vol, &path, e) < 0)
        return -1;
    return storage_refuse_used(c, what, &(struct users_query){.path = path, .running = running}, force, e);
}

void storage_pool_result(struct cmd_call *c, const struct virt_pool *pool)
{
    object_result(c, "pool", virt_pool_name(pool), virt_pool_uuid(pool));
}

void storage_vol_result(struct cmd_call *c, const struct virt_vol *vol, const struct virt_pool *pool)
{
    c->result = json_object();
    json_object_set_new(c->result, "name", json_text(virt_vol_name(vol)));
    json_object_set_new(c->result, "key", json_text(virt_vol_key(vol)));
    if (pool)
        json_object_set_new(c->result, "pool", json_text(virt_pool_name(pool)));
    object_add_node(c);
    if (pool) {
        _cleanup_free_ char *place = names_of_place(target_label(&c->where), virt_pool_name(pool));
        ctx_names_add(c->ctx, "vol", place, virt_vol_name(vol));
    }
}

void storage_remember_vols(struct cmd_call *c, const char *pool, const struct strv *names, const char *gone)
{
    _cleanup_free_ char *place = names_of_place(target_label(&c->where), pool);
    if (names)
        ctx_names_set(c->ctx, "vol", place, names);
    else
        ctx_names_remove(c->ctx, "vol", place, gone);
}

void storage_complete_type(struct ctx *ctx, const char *prefix, struct strv *out)
{
    (void)ctx;
    for (const char *const *t = virt_pool_type_names(); *t; t++) {
        if (str_starts(*t, prefix))
            strv_add(out, *t);
    }
}
