// SPDX-License-Identifier: GPL-3.0-or-later
// Looking at several nodes at once, and those that refuse. See nfs_nodes.h.
#include "cmd/nfs/nfs_nodes.h"

#include <string.h>

#include "base/json.h"
#include "io/job.h"

struct one {
    struct nfs_place at;
    bool seen, again; // again: named twice
    struct err err;
};

struct fan {
    struct cmd_call *c;
    struct nfs_nodes *all;
    struct one *one;
};

static void look(struct job *job, size_t i, void *arg)
{
    struct fan *f = arg;
    struct one *o = &f->one[i];
    if (!o->again)
        o->seen = nfs_mount_look(f->c->ctx, job, f->all->nodes[i], f->all->dir, &o->at, &o->err) == 0;
}

static const char *state_of(const struct err *e)
{
    bool lost = e->code == ERR_UNREACHABLE || e->code == ERR_TIMEOUT || e->code == ERR_AUTH || e->code == ERR_HOSTKEY;
    return lost ? "unreachable" : e->code == ERR_STATE ? "conflict" : "failed";
}

static void refuse(struct nfs_nodes *all, const struct node *node, struct err *e)
{
    json_array_append_new(all->refused, json_pack("{s:o, s:o, s:o, s:{s:o, s:o, s:o}}", "node", json_text(node->name),
                                                  "what", json_text(all->what), "state", json_text(state_of(e)),
                                                  "error", "code", json_text(err_code_name(e->code)), "msg",
                                                  json_text(e->msg), "hint", json_text(e->hint)));
    err_join(&all->first, e);
}

// A node's steps go into a plan of their own first: one that refuses halfway leaves nothing in the plan.
static void plan_node(struct fan *f, size_t i, struct plan *p)
{
    struct nfs_nodes *all = f->all;
    struct one *o = &f->one[i];
    size_t before = p->n;
    if (o->seen && all->plan(f->c, p, all->nodes[i], &o->at, all->data, &o->err) == 0)
        return;
    plan_truncate(p, before);
    refuse(all, all->nodes[i], &o->err);
}

static int make(struct cmd_call *c, enum apply_mode mode, void *data, struct plan *p, struct err *e)
{
    (void)mode;
    struct nfs_nodes *all = data;
    json_decref(all->refused);
    all->refused = json_array();
    err_release(&all->first);
    struct fan f = {c, all, xcalloc(all->n, sizeof(*f.one))};
    for (size_t i = 0; i < all->n; i++) {
        for (size_t k = 0; k < i; k++)
            f.one[i].again = f.one[i].again || all->nodes[k] == all->nodes[i];
    }
    job_each(c->job, all->n, look, &f);
    for (size_t i = 0; i < all->n; i++) {
        if (!f.one[i].again)
            plan_node(&f, i, p);
        if (f.one[i].seen)
            nfs_place_release(&f.one[i].at);
        err_release(&f.one[i].err);
    }
    free(f.one);
    return job_check(c->job, e);
}

int nfs_nodes_run(struct cmd_call *c, enum apply_mode mode, struct apply *a, struct nfs_nodes *all, struct err *e)
{
    _cleanup_strv_ struct strv names = STRV_INIT;
    for (size_t i = 0; i < all->n; i++)
        strv_add(&names, all->nodes[i]->name);
    const struct apply_stage stage = {make};
    a->nodes = &names;
    a->stages = &stage;
    a->n_stages = 1;
    a->data = all;
    int r = apply_run(c, mode, a, e);
    json_t *items = json_object_get(c->result, "items");
    if (items && all->refused)
        json_array_extend(items, all->refused);
    if (err_is_set(&all->first) && (r == 0 || e->code != ERR_CANCELLED)) {
        if (r < 0)
            err_join(&all->first, e);
        err_release(e);
        err_move(e, &all->first);
        r = -1;
    }
    json_decref(all->refused);
    err_release(&all->first);
    return r;
}
