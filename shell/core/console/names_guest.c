// SPDX-License-Identifier: GPL-3.0-or-later
// A guest's disks and cards, by its name and where it is. Main thread, but for the job that asks libvirt. Failures are
// silent: nobody asked. See names_guest.h.
#include "core/console/names_guest.h"

#include <string.h>

#include "base/mem.h"
#include "core/console/ctx_priv.h"
#include "io/job.h"
#include "io/virt/dom.h"
#include "io/virt/xml.h"
#include "io/xml.h"

static const struct {
    const char *name, *xpath;
} kinds[] = {
    {"disk", "/domain/devices/disk/target/@dev | /domain/devices/disk/source/@file | /domain/devices/disk/source/@dev"},
    {"drive", "/domain/devices/disk[@device='cdrom' or @device='floppy']/target/@dev"},
    {"card", "/domain/devices/interface/target/@dev | /domain/devices/interface/mac/@address"},
    {"alias", "/domain/devices/*/alias/@name"},
};

struct asked {
    struct ctx *ctx;
    char *uri, *where, *domain;
    struct strv found[ARRAY_SIZE(kinds)];
    bool have;
};

static void run_ask(struct job *job, void *arg)
{
    struct asked *a = arg;
    _cleanup_err_ struct err ignored = ERR_INIT;
    _cleanup_(virt_conn_unref_p) struct virt_conn *conn = NULL;
    _cleanup_(virt_dom_free_p) struct virt_dom *dom = NULL;
    _cleanup_(xml_free_p) struct xml_doc *doc = NULL;
    _cleanup_free_ char *xml = NULL;
    if (ctx_connect_quietly(a->ctx, job, a->uri, &conn, &ignored) < 0 ||
        virt_dom_lookup(conn, a->domain, &dom, &ignored) < 0 || virt_dom_xml(dom, 0, &xml, &ignored) < 0 ||
        xml_parse(xml, &doc, &ignored) < 0)
        return;
    a->have = true;
    for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
        size_t n;
        _cleanup_free_ struct xml_node **nodes = xml_nodes(doc, NULL, kinds[k].xpath, &n);
        for (size_t i = 0; i < n; i++) {
            char *text = xml_node_text(nodes[i]);
            if (text)
                strv_take(&a->found[k], text);
        }
    }
}

static void asked_end(struct job *job, void *arg)
{
    struct asked *a = arg;
    (void)job;
    for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
        if (a->have)
            ctx_names_set(a->ctx, kinds[k].name, a->where, &a->found[k]);
        strv_release(&a->found[k]);
    }
    free(a->uri);
    free(a->where);
    free(a->domain);
    free(a);
}

static void look(struct ctx *ctx, const char *kind, const struct target *t, const char *domain, const char *prefix,
                 struct strv *out)
{
    _cleanup_free_ char *where = xasprintf("%s\n%s", target_label(t), domain);
    ctx_names(ctx, kind, where, prefix, out);
    if (!ctx->watch)
        return;
    struct asked *a = xnew(struct asked);
    *a = (struct asked){.ctx = ctx, .uri = xstrdup(t->uri), .where = steal(&where), .domain = xstrdup(domain)};
    _cleanup_err_ struct err ignored = ERR_INIT;
    if (!job_start("devices", run_ask, asked_end, a, &ignored))
        asked_end(NULL, a);
}

static bool has_guest(struct ctx *ctx, const char *label, const char *domain)
{
    _cleanup_strv_ struct strv names = STRV_INIT;
    ctx_names(ctx, "domain", label, domain, &names);
    return strv_has(&names, domain);
}

void names_guest_of(struct ctx *ctx, const char *kind, const char *place, const char *domain, const char *prefix,
                    struct strv *out)
{
    const char *at = strrchr(domain, '@');
    _cleanup_(node_unref_p) struct node *named = at ? inventory_peek(ctx->inventory, at + 1) : NULL;
    _cleanup_free_ char *name = xstrndup(domain, named ? (size_t)(at - domain) : strlen(domain));
    _cleanup_target_ struct target current = {NULL, NULL};
    if (!named && place)
        named = inventory_peek(ctx->inventory, place);
    if (named) {
        look(ctx, kind, &(struct target){named, named->uri}, name, prefix, out);
        return;
    }
    if (ctx_current(ctx, &current)) {
        look(ctx, kind, &current, name, prefix, out);
        return;
    }
    size_t n;
    struct node **nodes = inventory_hypervisors(ctx->inventory, &n);
    if (!n)
        look(ctx, kind, &(struct target){NULL, NULL}, name, prefix, out); // libvirt's default
    for (size_t i = 0; i < n; i++) {
        if (has_guest(ctx, nodes[i]->name, name))
            look(ctx, kind, &(struct target){nodes[i], nodes[i]->uri}, name, prefix, out);
    }
    node_list_free(nodes, n);
}
