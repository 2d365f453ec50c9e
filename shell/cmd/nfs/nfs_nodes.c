// SPDX-License-Identifier: GPL-3.0-or-later
// Looking at several nodes at once, and those that refuse. See nfs_nodes.h.
#include "cmd/nfs/nfs_nodes.h"

#include <string.h>

#include "base/json.h"
#include "io/job.h"

struct nfs_nodes {
    const struct opt_val *nodes;
    const char *dir, *what;
    nfs_plan *plan;
    const struct nfs_source *source;
    json_t *refused;  // items of the report
    struct err first; // the first node's reason; the others' words are added
};

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
        o->seen = nfs_mount_look(f->c->ctx, job, f->all->nodes->nodes[i], f->all->dir, &o->at, &o->err) == 0;
}

static const char *state_of(const struct err *e)
{
    bool lost = e->code == ERR_UNREACHABLE || e->code == ERR_TIMEOUT || e->code == ERR_AUTH || e->code == ERR_HOSTKEY;
    return lost ? "unreachable" : e->code == ERR_STATE ? "conflict" : "failed";
}

static void refuse(struct nfs_nodes *all, const struct node *node, struct err *e)
{
    json_array_append_new(all->refused, edit_refusal(node->name, all->what, state_of(e), e));
    err_join(&all->first, e);
}

// A node's steps go into a plan of their own first: one that refuses halfway leaves nothing in the plan.
static void plan_node(struct fan *f, size_t i, struct plan *p)
{
    struct nfs_nodes *all = f->all;
    struct one *o = &f->one[i];
    size_t before = p->n;
    struct node *node = all->nodes->nodes[i];
    if (o->seen && all->plan(f->c, p, node, &o->at, all->source, &o->err) == 0)
        return;
    plan_truncate(p, before);
    refuse(all, node, &o->err);
}

static int make(struct cmd_call *c, enum apply_mode mode, void *data, struct plan *p, struct err *e)
{
    (void)mode;
    struct nfs_nodes *all = data;
    size_t n = all->nodes->n_nodes;
    json_decref(all->refused);
    all->refused = json_array();
    err_release(&all->first);
    struct fan f = {c, all, xcalloc(n, sizeof(*f.one))};
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < i; k++)
            f.one[i].again = f.one[i].again || all->nodes->nodes[k] == all->nodes->nodes[i];
    }
    job_each(c->job, n, look, &f);
    for (size_t i = 0; i < n; i++) {
        if (!f.one[i].again)
            plan_node(&f, i, p);
        if (f.one[i].seen)
            nfs_place_release(&f.one[i].at);
        err_release(&f.one[i].err);
    }
    free(f.one);
    return job_check(c->job, e);
}

static int apply_all(struct cmd_call *c, struct nfs_nodes *all, const json_t *about, struct err *e)
{
    _cleanup_strv_ struct strv names = STRV_INIT;
    for (size_t i = 0; i < all->nodes->n_nodes; i++)
        strv_add(&names, all->nodes->nodes[i]->name);
    const struct apply_stage stage = {make};
    const struct apply a = {c->def->name, about, &names, &stage, 1, all};
    int r = apply_run(c, apply_mode_of(c), &a, e);
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

int nfs_nodes_run(struct cmd_call *c, const char *what, nfs_plan *plan, struct err *e)
{
    const struct opt_val *dir = cmd_val(c, "dir"), *from = cmd_val(c, "source"), *options = cmd_val(c, "options");
    _cleanup_nfs_source_ struct nfs_source source = {.text = NULL};
    if (nfs_check_dir(dir->s, e) < 0 || (options && options->s && nfs_check_options(options->s, e) < 0) ||
        (from && nfs_source_parse(c->ctx, from->s, &source, e) < 0))
        return -1;
    json_auto_t *about = json_object();
    if (from)
        json_object_set_new(about, "source", json_text(source.text));
    json_object_set_new(about, "dir", json_text(dir->s));
    struct nfs_nodes all = {cmd_val(c, "nodes"), dir->s, what, plan, from ? &source : NULL, NULL, ERR_INIT};
    return apply_all(c, &all, about, e);
}
