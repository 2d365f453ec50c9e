// SPDX-License-Identifier: GPL-3.0-or-later
// Which disks a migration may copy. Job threads. Decides and tells; the proof itself is the copy engine's
// (core/copy/copy.h). See migrate/disks.h.
#include "core/migrate/disks.h"

#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "core/console/out.h"
#include "core/copy/copy.h"
#include "core/guest/domxml.h"
#include "core/guest/files.h"
#include "io/job.h"
#include "io/virt/pool.h"
#include "io/virt/vol.h"
#include "io/virt/xml.h"

static const unsigned COPIES = VIRT_MIGRATE_NON_SHARED_DISK | VIRT_MIGRATE_NON_SHARED_INC;

static bool has_text(const json_t *list, const char *text)
{
    size_t i;
    json_t *one;
    json_array_foreach(list, i, one)
    {
        if (text && strcmp(json_string_value(one), text) == 0)
            return true;
    }
    return false;
}

// libvirt's own rule (qemuMigrationAnyCopyDisk): what is named; or else what can be written by this guest alone.
static bool is_copied(const json_t *disk, const json_t *named)
{
    if (named)
        return has_text(named, json_text_at(disk, "target"));
    return !json_is_true(json_object_get(disk, "readonly")) && !json_is_true(json_object_get(disk, "shareable"));
}

static bool is_network(const char *type)
{
    return type && strcmp(type, "network") == 0;
}

static char *network_name(struct xml_doc *doc, struct xml_node *disk)
{
    _cleanup_free_ char *protocol = xml_string(doc, disk, "string(./source/@protocol)");
    _cleanup_free_ char *name = xml_string(doc, disk, "string(./source/@name)");
    _cleanup_buf_ struct buf b = BUF_INIT;
    size_t n;
    _cleanup_free_ struct xml_node **hosts = xml_nodes(doc, disk, "./source/host", &n);
    buf_addf(&b, "%s:%s", protocol ? protocol : "?", name ? name : "");
    for (size_t i = 0; i < n; i++) {
        _cleanup_free_ char *host = xml_string(doc, hosts[i], "concat(@transport, '@', @name, ':', @port, @socket)");
        buf_addf(&b, " %s", host);
    }
    return buf_steal(&b);
}

bool migrate_disk_is_global(const char *name)
{
    return !strstr(name, "unix@") && !strstr(name, "@localhost") && !strstr(name, "@127.") && !strstr(name, "@::1") &&
           (strchr(name, ' ') || str_starts(name, "rbd:")); // rbd without hosts: those of ceph.conf
}

// What one definition names: the disk's source, and its pool.
static void add_end(json_t *row, struct xml_doc *doc, struct xml_node *node, const json_t *disk, const char *source,
                    const char *pool)
{
    _cleanup_free_ char *network = is_network(json_text_at(disk, "type")) ? network_name(doc, node) : NULL;
    json_object_set_new(row, source, json_text(network ? network : json_text_at(disk, "source")));
    json_object_set_new(row, pool, json_text(json_text_at(disk, "pool")));
}

static void add_row(json_t *rows, struct xml_doc *doc, struct xml_node *node, const json_t *disk, struct xml_doc *dest)
{
    const char *type = json_text_at(disk, "type"), *target = json_text_at(disk, "target");
    json_t *row = json_pack("{s:o, s:o}", "target", json_text(target), "type", json_text(type));
    add_end(row, doc, node, disk, "from", "pool");
    add_end(row, doc, node, disk, "to", "to_pool");
    size_t n = 0;
    _cleanup_free_ struct xml_node **there = dest ? xml_nodes(dest, NULL, "/domain/devices/disk", &n) : NULL;
    for (size_t i = 0; i < n; i++) {
        json_t *other = domxml_disk(dest, there[i]);
        const char *its = json_text_at(other, "target"), *kind = json_text_at(other, "type");
        if (target && its && strcmp(its, target) == 0) {
            add_end(row, dest, there[i], other, "to", "to_pool");
            // A network disk here and a file there are nothing that can be compared.
            if (is_network(type) != is_network(kind))
                json_object_set_new(row, "type", json_text("mixed"));
        }
        json_decref(other);
    }
    json_array_append_new(rows, row);
}

json_t *migrate_disks_of(struct xml_doc *source, struct xml_doc *dest, const json_t *named)
{
    size_t n;
    _cleanup_free_ struct xml_node **nodes = xml_nodes(source, NULL, "/domain/devices/disk[source]", &n);
    json_t *rows = json_array();
    for (size_t i = 0; i < n; i++) {
        json_t *disk = domxml_disk(source, nodes[i]);
        if (is_copied(disk, named))
            add_row(rows, source, nodes[i], disk, dest);
        json_decref(disk);
    }
    return rows;
}

// --- Where to look

// "user@host:port" of qemu+ssh://user@host:port/system?…; the caller frees.
static char *authority_of(const char *uri)
{
    const char *at = strstr(uri, "://");
    return at ? xstrndup(at + 3, strcspn(at + 3, "/?")) : xstrdup("");
}

static bool goes_by_ssh(const char *uri)
{
    const char *plus = uri + strcspn(uri, "+:");
    return str_starts(plus, "+ssh:") || str_starts(plus, "+libssh");
}

// The port is cut off; 0: there is none.
static int cut_port(char *authority)
{
    char *colon = strrchr(authority, ':');
    if (!colon || strchr(colon, ']'))
        return 0;
    *colon = '\0';
    return atoi(colon + 1);
}

// A node that has this URI, or whose address is the host there, by whatever way libvirt is reached.
static struct node *node_of_uri(struct ctx *ctx, const char *uri)
{
    _cleanup_free_ char *host = authority_of(uri);
    cut_port(host);
    const char *at = strrchr(host, '@'), *name = at ? at + 1 : host;
    size_t n;
    struct node **all = inventory_all(ctx_inventory(ctx), &n), *found = NULL;
    for (size_t i = 0; i < n && !found; i++) {
        if (all[i]->address && (strcmp(all[i]->uri, uri) == 0 || strcmp(all[i]->address, name) == 0))
            found = node_ref(all[i]);
    }
    node_list_free(all, n);
    return found;
}

// A host that is no node, but is reached by ssh: it is logged in to in the same way, its key checked as strictly.
static int unlisted_node(const char *uri, struct node **ret, struct err *e)
{
    if (!goes_by_ssh(uri))
        return err_set(e, ERR_UNSUPPORTED, "%s is not a node of the inventory, so it has no ssh login", uri);
    _cleanup_free_ char *authority = authority_of(uri);
    int port = cut_port(authority);
    return node_new("host", authority, port, uri, NULL, NULL, ret, e);
}

// *ret NULL: this machine.
static int node_of(const struct migrate_request *rq, const struct target *t, const char *uri, struct node **ret,
                   struct err *e)
{
    *ret = t->node && t->node->address ? node_ref(t->node) : NULL;
    if (*ret || !uri || guest_is_local(uri))
        return 0;
    *ret = node_of_uri(rq->ctx, uri);
    if (*ret)
        return 0;
    // "As seen from the source" may be another host than the one that this console finds by that name.
    if (t == rq->dest && (rq->plan->flags & VIRT_MIGRATE_PEER2PEER))
        return err_set(e, ERR_UNSUPPORTED, "%s is not a node of the inventory", uri);
    return unlisted_node(uri, ret, e);
}

int migrate_path_on(struct virt_conn *conn, const char *source, const char *pool, char **ret, struct err *e)
{
    if (!pool) {
        if (!source || *source != '/')
            return err_set(e, ERR_UNSUPPORTED, "%s is no path", source ? source : "(nothing)");
        *ret = xstrdup(source);
        return 0;
    }
    _cleanup_(virt_vol_free_p) struct virt_vol *vol = NULL;
    _cleanup_(virt_pool_free_p) struct virt_pool *p = NULL;
    _cleanup_(xml_free_p) struct xml_doc *doc = NULL;
    _cleanup_free_ char *xml = NULL;
    _cleanup_err_ struct err none = ERR_INIT;
    if (virt_vol_lookup(conn, pool, source, &vol, &none) == 0)
        return virt_vol_path(vol, ret, e);
    if (virt_pool_lookup(conn, pool, &p, e) < 0 || virt_pool_xml(p, false, &xml, e) < 0 || xml_parse(xml, &doc, e) < 0)
        return -1;
    _cleanup_free_ char *dir = xml_string(doc, NULL, "string(/pool/target/path)");
    if (!dir)
        return err_set(e, ERR_NOT_FOUND, "pool '%s' has no path", pool);
    *ret = xasprintf("%s/%s", dir, source);
    return 0;
}

// --- The proof

struct choice {
    const struct migrate_request *rq;
    struct virt_conn *dest; // NULL: not reached
    struct node *from, *to;
    struct err no_way; // why there is no looking at all
    json_t *copied, *shared;
};

// ret_why: of COPY_UNTOLD; the caller frees.
static int prove_paths(struct choice *c, const json_t *row, enum copy_shared *ret, char **ret_why, struct err *e)
{
    _cleanup_free_ char *from = NULL, *to = NULL;
    _cleanup_err_ struct err problem = ERR_INIT;
    const char *to_pool = json_text_at(row, "to_pool");
    if (err_is_set(&c->no_way)) {
        *ret_why = xstrdup(c->no_way.msg);
        return 0;
    }
    if (to_pool && !c->dest && ctx_connect(c->rq->ctx, c->rq->job, c->rq->dest->uri, &c->dest, &problem) < 0) {
        *ret_why = xstrdup(problem.msg);
        return job_check(c->rq->job, e);
    }
    if (migrate_path_on(virt_dom_conn(c->rq->dom), json_text_at(row, "from"), json_text_at(row, "pool"), &from,
                        &problem) < 0 ||
        migrate_path_on(c->dest, json_text_at(row, "to"), to_pool, &to, &problem) < 0) {
        *ret_why = xstrdup(problem.msg);
        return 0;
    }
    struct copy_twin twin = {.here = from, .there = to};
    int r = copy_are_shared(c->rq->ctx, c->rq->job, c->from, c->to, (struct copy_twin *[]){&twin}, 1, e);
    *ret = twin.told;
    *ret_why = twin.why;
    return r;
}

static int prove(struct choice *c, const json_t *row, enum copy_shared *ret, char **ret_why, struct err *e)
{
    const char *type = json_text_at(row, "type"), *from = json_text_at(row, "from"), *to = json_text_at(row, "to");
    *ret = COPY_UNTOLD;
    if (is_network(type)) {
        if (from && to && strcmp(from, to) == 0 && migrate_disk_is_global(from))
            *ret = COPY_SHARED; // the name is the address
        else
            *ret_why = xasprintf("it is a network disk, %s here and %s there", from ? from : "-", to ? to : "-");
        return 0;
    }
    if (!type || (strcmp(type, "file") != 0 && strcmp(type, "block") != 0 && strcmp(type, "volume") != 0)) {
        *ret_why = xasprintf("nothing is known of a disk of type %s", type ? type : "-");
        return 0;
    }
    return prove_paths(c, row, ret, ret_why, e);
}

static int judge(struct choice *c, const json_t *row, bool named, struct err *e)
{
    enum copy_shared is;
    _cleanup_free_ char *why = NULL;
    const char *target = json_text_at(row, "target"), *name = virt_dom_name(c->rq->dom),
               *from = json_text_at(row, "from");
    const char *source = target_label(c->rq->source), *dest = target_label(c->rq->dest);
    if (prove(c, row, &is, &why, e) < 0)
        return -1;
    if (is == COPY_SHARED && named) {
        err_set(e, ERR_UNSAFE,
                "%s of '%s' (%s) is the same on %s and %s: it would be copied onto itself while "
                "the guest uses it",
                target, name, from, source, dest);
        return err_hint(e, "leave it out of --migrate-disks: it need not be copied");
    }
    if (is == COPY_UNTOLD && !c->rq->plan->unchecked) {
        err_set(e, ERR_UNSAFE, "whether %s and %s share %s of '%s' (%s) cannot be told: %s", source, dest, target, name,
                from ? from : "-", why ? why : "-");
        return err_hint(e, "if they do, name the others with --migrate-disks; if you know that they do not: "
                           "--copy-storage-unchecked");
    }
    if (is == COPY_UNTOLD)
        out_notice(OUT_WARN,
                   "whether %s and %s share %s of '%s' cannot be told (%s): it is copied, as "
                   "--copy-storage-unchecked says",
                   source, dest, target, name, why ? why : "-");
    if (is == COPY_SHARED)
        out_notice(OUT_INFO, "%s of '%s' (%s) is the same on %s and %s: it is not copied", target, name, from, source,
                   dest);
    json_array_append_new(is == COPY_SHARED ? c->shared : c->copied, json_text(target));
    return 0;
}

static int rows_of(const struct migrate_request *rq, json_t **ret_rows, bool *ret_named, struct err *e)
{
    _cleanup_free_ char *xml = NULL;
    _cleanup_(xml_free_p) struct xml_doc *doc = NULL, *dest = NULL;
    if (virt_dom_xml(rq->dom, 0, &xml, e) < 0 || xml_parse(xml, &doc, e) < 0)
        return -1;
    json_t *params = virt_migrate_params_json(rq->plan->params);
    const char *theirs = json_text_at(params, virt_param_name(VIRT_PARAM_DEST_XML));
    const json_t *named = json_object_get(params, virt_param_name(VIRT_PARAM_MIGRATE_DISKS));
    int r = theirs ? xml_parse(theirs, &dest, e) : 0;
    if (r == 0) {
        *ret_rows = migrate_disks_of(doc, dest, named);
        *ret_named = named != NULL;
    }
    json_decref(params);
    return r;
}

// libvirt takes an empty list for "all".
static void apply(struct choice *c, bool named)
{
    struct migrate_plan *p = c->rq->plan;
    size_t i;
    json_t *one;
    if (json_array_size(c->copied) == 0) {
        p->flags &= ~(COPIES | (unsigned)VIRT_MIGRATE_NON_SHARED_SYNCHRONOUS_WRITES);
        return;
    }
    // A tunnelled one knows no choice; where nothing is left out, none is needed.
    if (named || ((p->flags & VIRT_MIGRATE_TUNNELLED) && json_array_size(c->shared) == 0))
        return;
    json_array_foreach(c->copied, i, one)
    {
        virt_params_add_string(p->params, VIRT_PARAM_MIGRATE_DISKS, json_string_value(one));
    }
}

int migrate_disks_choose(const struct migrate_request *rq, struct virt_conn *dest, json_t **ret, struct err *e)
{
    // Neither of these copies a disk: libvirt refuses the one, and has done it before the other.
    if (!(rq->plan->flags & COPIES) || (rq->plan->flags & (VIRT_MIGRATE_OFFLINE | VIRT_MIGRATE_POSTCOPY_RESUME)))
        return 0;
    struct choice c = {.rq = rq, .dest = dest ? virt_conn_ref(dest) : NULL};
    json_t *rows = NULL;
    bool named = false;
    int r = rows_of(rq, &rows, &named, e);
    if (r == 0 && node_of(rq, rq->source, virt_conn_uri(virt_dom_conn(rq->dom)), &c.from, &c.no_way) == 0)
        node_of(rq, rq->dest, rq->dest->uri, &c.to, &c.no_way);
    c.copied = json_array();
    c.shared = json_array();
    for (size_t i = 0; r == 0 && i < json_array_size(rows); i++)
        r = judge(&c, json_array_get(rows, i), named, e);
    if (r == 0 && json_array_size(rows) > 0) {
        apply(&c, named);
        *ret = json_pack("{s:O, s:O}", "copied", c.copied, "shared", c.shared);
    }
    json_decref(rows);
    json_decref(c.copied);
    json_decref(c.shared);
    node_unref(c.from);
    node_unref(c.to);
    virt_conn_unref(c.dest);
    err_release(&c.no_way);
    return r;
}
