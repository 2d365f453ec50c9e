// SPDX-License-Identifier: GPL-3.0-or-later
// What guests and pools have, by the owner's name and where it is. Main thread, but for the job that asks libvirt.
// Failures are silent: nobody asked. See names_of.h.
#include "core/console/names_of.h"

#include <string.h>

#include "base/mem.h"
#include "core/console/ctx_priv.h"
#include "io/job.h"
#include "io/virt/dom.h"
#include "io/virt/pool.h"
#include "io/virt/snapshot.h"
#include "io/virt/vol.h"
#include "io/virt/xml.h"
#include "io/xml.h"

static int list_snapshots(struct virt_conn *c, const char *domain, struct strv *ret, struct err *e)
{
    _cleanup_(virt_dom_free_p) struct virt_dom *dom = NULL;
    return virt_dom_lookup(c, domain, &dom, e) < 0 ? -1 : virt_snap_names(dom, ret, e);
}

static int list_checkpoints(struct virt_conn *c, const char *domain, struct strv *ret, struct err *e)
{
    _cleanup_(virt_dom_free_p) struct virt_dom *dom = NULL;
    return virt_dom_lookup(c, domain, &dom, e) < 0 ? -1 : virt_checkpoint_names(dom, ret, e);
}

static int list_vols(struct virt_conn *c, const char *pool, struct strv *ret, struct err *e)
{
    _cleanup_(virt_pool_free_p) struct virt_pool *p = NULL;
    return virt_pool_lookup(c, pool, &p, e) < 0 ? -1 : virt_vol_names(p, ret, e);
}

// In a guest's description, or by a call of its own.
static const struct {
    const char *name, *xpath;
    int (*list)(struct virt_conn *c, const char *owner, struct strv *ret, struct err *e);
} kinds[] = {
    {"disk", "/domain/devices/disk/target/@dev | /domain/devices/disk/source/@file | /domain/devices/disk/source/@dev",
     NULL},
    {"drive", "/domain/devices/disk[@device='cdrom' or @device='floppy']/target/@dev", NULL},
    {"card", "/domain/devices/interface/target/@dev | /domain/devices/interface/mac/@address", NULL},
    {"alias", "/domain/devices/*/alias/@name", NULL},
    {"snapshot", NULL, list_snapshots},
    {"checkpoint", NULL, list_checkpoints},
    {"vol", NULL, list_vols},
};
enum { KINDS = ARRAY_SIZE(kinds) };

struct owner {
    char *name, *where;
    struct strv found[KINDS];
    bool have[KINDS];
};
// One job for all the owners at a place, however many pools that has.
struct asked {
    struct ctx *ctx;
    size_t kind;
    char *uri;
    struct owner *owners;
    size_t n;
};

char *names_of_place(const char *label, const char *owner)
{
    return xasprintf("%s\n%s", label, owner);
}

// One description tells of all kinds that are in it.
static void read_description(struct owner *o, struct virt_conn *conn)
{
    _cleanup_err_ struct err ignored = ERR_INIT;
    _cleanup_(virt_dom_free_p) struct virt_dom *dom = NULL;
    _cleanup_(xml_free_p) struct xml_doc *doc = NULL;
    _cleanup_free_ char *xml = NULL;
    if (virt_dom_lookup(conn, o->name, &dom, &ignored) < 0 || virt_dom_xml(dom, 0, &xml, &ignored) < 0 ||
        xml_parse(xml, &doc, &ignored) < 0)
        return;
    for (size_t k = 0; k < KINDS; k++) {
        size_t n = 0;
        o->have[k] = kinds[k].xpath;
        _cleanup_free_ struct xml_node **nodes = o->have[k] ? xml_nodes(doc, NULL, kinds[k].xpath, &n) : NULL;
        for (size_t i = 0; i < n; i++) {
            char *text = xml_node_text(nodes[i]);
            if (text)
                strv_take(&o->found[k], text);
        }
    }
}

static void run_ask(struct job *job, void *arg)
{
    struct asked *a = arg;
    _cleanup_err_ struct err no = ERR_INIT;
    _cleanup_(virt_conn_unref_p) struct virt_conn *conn = NULL;
    if (ctx_connect_quietly(a->ctx, job, a->uri, &conn, &no) < 0)
        return;
    for (size_t i = 0; i < a->n && !job_cancelled(job); i++) {
        struct owner *o = &a->owners[i];
        _cleanup_err_ struct err ignored = ERR_INIT; // a pool that is off has none to list
        if (kinds[a->kind].list)
            o->have[a->kind] = kinds[a->kind].list(conn, o->name, &o->found[a->kind], &ignored) == 0;
        else
            read_description(o, conn);
    }
}

static void asked_end(struct job *job, void *arg)
{
    struct asked *a = arg;
    (void)job;
    for (size_t i = 0; i < a->n; i++) {
        struct owner *o = &a->owners[i];
        for (size_t k = 0; k < KINDS; k++) {
            if (o->have[k])
                ctx_names_set(a->ctx, kinds[k].name, o->where, &o->found[k]);
            strv_release(&o->found[k]);
        }
        free(o->name);
        free(o->where);
    }
    free(a->owners);
    free(a->uri);
    free(a);
}

static void ask(struct ctx *ctx, size_t kind, const struct target *t, const struct strv *owners)
{
    struct asked *a = xnew(struct asked);
    *a = (struct asked){.ctx = ctx, .kind = kind, .uri = xstrdup(t->uri), .n = owners->n};
    a->owners = xcalloc(owners->n, sizeof(*a->owners));
    for (size_t i = 0; i < owners->n; i++) {
        a->owners[i].name = xstrdup(owners->s[i]);
        a->owners[i].where = names_of_place(target_label(t), owners->s[i]);
    }
    _cleanup_err_ struct err ignored = ERR_INIT;
    if (!job_start("names of", run_ask, asked_end, a, &ignored))
        asked_end(NULL, a);
}

// `owner` NULL: each that is known there, of the kind `of`.
static void look_at(struct ctx *ctx, const char *kind, const struct target *t, const char *of, const char *owner,
                    const char *prefix, struct strv *out)
{
    _cleanup_strv_ struct strv owners = STRV_INIT;
    size_t k = 0;
    if (owner)
        strv_add(&owners, owner);
    else
        ctx_names(ctx, of, target_label(t), "", &owners);
    for (size_t i = 0; i < owners.n; i++) {
        _cleanup_free_ char *where = names_of_place(target_label(t), owners.s[i]);
        ctx_names(ctx, kind, where, prefix, out);
    }
    while (k < KINDS && strcmp(kinds[k].name, kind) != 0)
        k++;
    if (ctx->watch && owners.n && k < KINDS)
        ask(ctx, k, t, &owners);
}

static bool is_known(struct ctx *ctx, const char *label, const char *of, const char *owner)
{
    _cleanup_strv_ struct strv names = STRV_INIT;
    ctx_names(ctx, of, label, owner, &names);
    return strv_has(&names, owner);
}

// Where a command would look: on the node that is named, else on the current host, else wherever the owner was seen.
static void look_around(struct ctx *ctx, const char *kind, struct node *named, const char *of, const char *owner,
                        const char *prefix, struct strv *out)
{
    _cleanup_target_ struct target current = {NULL, NULL};
    if (named) {
        look_at(ctx, kind, &(struct target){named, named->uri}, of, owner, prefix, out);
        return;
    }
    if (ctx_current(ctx, &current)) {
        look_at(ctx, kind, &current, of, owner, prefix, out);
        return;
    }
    size_t n;
    struct node **nodes = inventory_hypervisors(ctx->inventory, &n);
    if (!n)
        look_at(ctx, kind, &(struct target){NULL, NULL}, of, owner, prefix, out); // libvirt's default
    for (size_t i = 0; i < n; i++) {
        if (!owner || is_known(ctx, nodes[i]->name, of, owner))
            look_at(ctx, kind, &(struct target){nodes[i], nodes[i]->uri}, of, owner, prefix, out);
    }
    node_list_free(nodes, n);
}

void names_of_domain(struct ctx *ctx, const char *kind, const char *place, const char *domain, const char *prefix,
                     struct strv *out)
{
    const char *at = strrchr(domain, '@');
    _cleanup_(node_unref_p) struct node *named = at ? inventory_peek(ctx->inventory, at + 1) : NULL;
    _cleanup_free_ char *name = xstrndup(domain, named ? (size_t)(at - domain) : strlen(domain));
    if (!named && place)
        named = inventory_peek(ctx->inventory, place);
    look_around(ctx, kind, named, "domain", name, prefix, out);
}

void names_of_pool(struct ctx *ctx, const char *kind, const char *place, const char *pool, const char *prefix,
                   struct strv *out)
{
    _cleanup_(node_unref_p) struct node *named = place ? inventory_peek(ctx->inventory, place) : NULL;
    look_around(ctx, kind, named, "pool", pool, prefix, out);
}
