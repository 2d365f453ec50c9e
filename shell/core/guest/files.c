// SPDX-License-Identifier: GPL-3.0-or-later
// A domain's files: named by its descriptions, seen on its node, put in copy order. Job threads. See guest/files.h.
#include "core/guest/files.h"

#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/strv.h"
#include "core/guest/domxml.h"
#include "core/guest/look.h"
#include "io/virt/dom.h"
#include "io/virt/info.h"
#include "io/virt/pool.h"
#include "io/virt/snapshot.h"
#include "io/virt/vol.h"
#include "io/virt/xml.h"

// Where libvirt's system daemon keeps what the XML need not name.
#define STATE "/var/lib/libvirt"

struct guest_files {
    struct virt_dom *dom;   // NULL: a saved image's
    struct virt_conn *conn; // lent by dom, or by the caller
    bool system;            // the system daemon's, whose directories are known
    json_t *tops;           // rows without what the node tells, in the order of the descriptions
    json_t *links;          // {PATH: {"backing", "format"}}: chains that a description spells out
    json_t *facts;          // {PATH: what was seen}; of others' paths, too. NULL: nobody has looked
};

void guest_files_free(struct guest_files *f)
{
    if (!f)
        return;
    virt_dom_free(f->dom);
    json_decref(f->tops);
    json_decref(f->links);
    json_decref(f->facts);
    free(f);
}

static void guest_files_free_p(struct guest_files **f)
{
    guest_files_free(*f);
}

static bool has_path(const json_t *rows, const char *path)
{
    size_t i;
    json_t *row;
    json_array_foreach((json_t *)rows, i, row)
    {
        const char *there = json_text_at(row, "path");
        if (there && strcmp(there, path) == 0)
            return true;
    }
    return false;
}

static json_t *new_row(const char *kind, const char *type, const char *path)
{
    return json_pack(
        "{s:o, s:n, s:n, s:o, s:n, s:o, s:n, s:n, s:n, s:n, s:n, s:n, s:n, s:n, s:n, s:n, s:n, s:n, s:b, s:b, s:b, "
        "s:n, s:b, s:n}",
        "kind", json_text(kind), "target", "device", "type", json_text(type), "format", "path", json_text(path), "pool",
        "volume", "size", "mtime", "inode", "allocation", "virtual_size", "owner", "group", "mode", "backing",
        "backing_format", "relative", 0, "readonly", 0, "shareable", 0, "exists", "in_use", 0, "problem");
}

// Takes the row; a path that is there already stays the first one's.
static void add_top(struct guest_files *g, json_t *row)
{
    const char *path = json_text_at(row, "path");
    if (path && has_path(g->tops, path))
        json_decref(row);
    else
        json_array_append_new(g->tops, row);
}

static void add_file(struct guest_files *g, const char *kind, const char *type, const char *format, const char *path)
{
    if (!path || *path != '/')
        return;
    json_t *row = new_row(kind, type, path);
    json_object_set_new(row, "format", json_text(format));
    add_top(g, row);
}

// The path of a volume, as libvirt knows it; without it the row says why.
static void resolve_volume(struct guest_files *g, json_t *row, const char *pool, const char *name)
{
    _cleanup_(virt_vol_free_p) struct virt_vol *vol = NULL;
    _cleanup_free_ char *path = NULL;
    _cleanup_err_ struct err e = ERR_INIT;
    json_object_set_new(row, "pool", json_text(pool));
    json_object_set_new(row, "volume", json_text(name));
    if (virt_vol_lookup(g->conn, pool, name, &vol, &e) < 0 || virt_vol_path(vol, &path, &e) < 0) {
        json_object_set_new(row, "problem", json_text(e.msg));
        if (e.code == ERR_NOT_FOUND)
            json_object_set_new(row, "exists", json_false());
        return;
    }
    json_object_set_new(row, "path", json_text(path));
}

// A file may be a volume of a pool too. Failing means that it is none, or that this hypervisor has no pools.
static void find_volume(struct guest_files *g, json_t *row)
{
    _cleanup_(virt_vol_free_p) struct virt_vol *vol = NULL;
    _cleanup_(virt_pool_free_p) struct virt_pool *pool = NULL;
    _cleanup_err_ struct err ignored = ERR_INIT;
    const char *path = json_text_at(row, "path");
    if (json_text_at(row, "pool") || !path || *path != '/' ||
        virt_vol_lookup(g->conn, NULL, path, &vol, &ignored) < 0 || virt_vol_pool(vol, &pool, &ignored) < 0)
        return;
    json_object_set_new(row, "pool", json_text(virt_pool_name(pool)));
    json_object_set_new(row, "volume", json_text(virt_vol_name(vol)));
}

// A <backingStore> with a source says what backs the image, whatever the image says; one without ends the chain in live
// XML, and in inactive XML just means that nobody has looked.
static void add_links(struct guest_files *g, struct xml_doc *doc, struct xml_node *at, const char *path)
{
    _cleanup_free_ char *above = xstrdup(path);
    for (struct xml_node *node = at; above;) {
        size_t n;
        _cleanup_free_ struct xml_node **below = xml_nodes(doc, node, "./backingStore[source]", &n);
        if (!n)
            return;
        node = below[0];
        char *backing = xml_string(doc, node, "string(./source/@file|./source/@dev)");
        _cleanup_free_ char *format = xml_string(doc, node, "string(./format/@type)");
        if (backing)
            json_object_set_new(g->links, above,
                                json_pack("{s:o, s:o}", "backing", json_text(backing), "format", json_text(format)));
        free(above);
        above = backing;
    }
}

// `kind` for all but what `as_disks` already names.
static void add_disks(struct guest_files *g, struct xml_doc *doc, const char *xpath, const char *kind)
{
    size_t n;
    _cleanup_free_ struct xml_node **nodes = xml_nodes(doc, NULL, xpath, &n);
    for (size_t i = 0; i < n; i++) {
        json_auto_t *disk = domxml_disk(doc, nodes[i]);
        const char *source = json_text_at(disk, "source"), *type = json_text_at(disk, "type"),
                   *pool = json_text_at(disk, "pool");
        if (!source)
            continue; // an empty drive
        json_t *row = new_row(kind, type ? type : "file", *source == '/' && !pool ? source : NULL);
        const char *const keys[] = {"target", "device", "format", "readonly", "shareable"};
        for (size_t k = 0; k < ARRAY_SIZE(keys); k++)
            json_object_set(row, keys[k], json_object_get(disk, keys[k]));
        // Without a word libvirt takes it for raw, and does not look.
        if (json_is_null(json_object_get(row, "format")))
            json_object_set_new(row, "format", json_text("raw"));
        if (pool)
            resolve_volume(g, row, pool, source);
        else if (*source != '/')
            json_object_set_new(row, "name", json_text(source));
        const char *path = json_text_at(row, "path");
        if (path)
            add_links(g, doc, nodes[i], path);
        add_top(g, row);
    }
}

char *guest_nvram(struct xml_doc *doc, bool system)
{
    char *path = xml_string(doc, NULL, "string(/domain/os/nvram/source/@file)");
    if (!path)
        path = xml_string(doc, NULL, "string(/domain/os/nvram[not(*)])");
    if (path || !system)
        return path;
    _cleanup_free_ char *uefi = xml_string(
        doc, NULL,
        "string(/domain[os/@firmware='efi' or os/loader/@type='pflash'][not(os/loader/@stateless='yes')]/name)");
    return uefi ? xasprintf(STATE "/qemu/nvram/%s_VARS.fd", uefi) : NULL;
}

static void add_nvram(struct guest_files *g, struct xml_doc *doc)
{
    _cleanup_free_ char *path = guest_nvram(doc, g->system);
    _cleanup_free_ char *format = xml_string(doc, NULL, "string(/domain/os/nvram/@format)");
    add_file(g, "nvram", "file", format ? format : "raw", path);
}

static void add_tpm(struct guest_files *g, struct xml_doc *doc)
{
    _cleanup_free_ char *uuid = xml_string(doc, NULL, "string(/domain[devices/tpm/backend/@type='emulator']/uuid)");
    _cleanup_free_ char *path = xml_string(doc, NULL, "string(/domain/devices/tpm/backend/source/@path)");
    _cleanup_free_ char *usual = uuid && g->system ? xasprintf(STATE "/swtpm/%s", uuid) : NULL;
    if (path || usual)
        add_file(g, "tpm", "dir", NULL, path ? path : usual);
}

static int add_description(struct guest_files *g, const char *xml, struct err *e)
{
    _cleanup_(xml_free_p) struct xml_doc *doc = NULL;
    if (xml_parse(xml, &doc, e) < 0)
        return -1;
    add_disks(g, doc, "/domain/devices/disk", "disk");
    add_nvram(g, doc);
    add_tpm(g, doc);
    return 0;
}

// What only snapshots name. A driver without snapshots has none.
static int add_snapshots(struct guest_files *g, struct err *e)
{
    json_auto_t *list = NULL;
    size_t i, n;
    json_t *row;
    if (virt_snap_list(g->dom, NULL, VIRT_SNAP_TOPOLOGICAL, &list, e) < 0) {
        if (e->code != ERR_UNSUPPORTED)
            return -1;
        err_release(e);
        return 0;
    }
    json_array_foreach(list, i, row)
    {
        _cleanup_(xml_free_p) struct xml_doc *doc = NULL;
        if (xml_parse(json_text_at(row, "xml"), &doc, e) < 0)
            return err_wrap(e, "snapshot '%s'", json_text_at(row, "name"));
        add_disks(g, doc, "/domainsnapshot/*[self::domain or self::inactiveDomain]/devices/disk", "snapshot");
        add_disks(g, doc, "/domainsnapshot/disks/disk[@snapshot='external']", "snapshot");
        _cleanup_free_ struct xml_node **memory =
            xml_nodes(doc, NULL, "/domainsnapshot/memory[@snapshot='external']/@file", &n);
        _cleanup_free_ char *path = n ? xml_node_text(memory[0]) : NULL;
        add_file(g, "snapshot", "file", NULL, path);
    }
    return 0;
}

static void add_saved(struct guest_files *g)
{
    _cleanup_free_ char *path = xasprintf(STATE "/qemu/save/%s.save", virt_dom_name(g->dom));
    add_file(g, "save", "file", NULL, path);
}

static int add_known(struct guest_files *g, const struct guest_known *known, struct err *e)
{
    if ((known->inactive && add_description(g, known->inactive, e) < 0) ||
        (known->xml && add_description(g, known->xml, e) < 0))
        return -1;
    if (g->system && known->saved)
        add_saved(g);
    return known->has_snapshots ? add_snapshots(g, e) : 0;
}

static int ask(struct guest_files *g, struct err *e)
{
    _cleanup_free_ char *xml = NULL, *inactive = NULL;
    int active = virt_dom_is_active(g->dom, e), saved = 0;
    if (active < 0 || virt_dom_xml(g->dom, VIRT_XML_INACTIVE, &inactive, e) < 0 ||
        (active && virt_dom_xml(g->dom, 0, &xml, e) < 0) ||
        (g->system && (saved = virt_dom_has_managed_save(g->dom, e)) < 0))
        return -1;
    const struct guest_known known = {xml, inactive, saved > 0, true};
    return add_known(g, &known, e);
}

static bool is_image(const json_t *row)
{
    const char *kind = json_text_at(row, "kind");
    return (strcmp(kind, "disk") == 0 || strcmp(kind, "snapshot") == 0) && json_text_at(row, "format");
}

static json_t *paths_of(const struct guest_files *g)
{
    json_t *paths = json_object(), *row;
    size_t i;
    json_array_foreach(g->tops, i, row)
    {
        const char *path = json_text_at(row, "path");
        if (path)
            json_object_set_new(paths, path,
                                is_image(row) ? json_text(json_text_at(row, "format"))
                                : strcmp(json_text_at(row, "kind"), "save") == 0 ? json_text(GUEST_LOOK_SAVE)
                                                                                 : json_null());
    }
    return paths;
}

// Adds them, unless one of them is something else here.
static bool merge(json_t *to, const json_t *more)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)more, key, value)
    {
        const json_t *there = json_object_get(to, key);
        if (there && !json_equal(there, value))
            return false;
    }
    return json_object_update(to, (json_t *)more) == 0;
}

// Those of which nobody has looked yet, but for what two guests take for different things.
static int look_once(const struct guest_place *p, struct guest_files *const *all, size_t n, struct err *e)
{
    json_auto_t *paths = json_object(), *links = json_object(), *facts = json_object();
    for (size_t i = 0; i < n; i++) {
        if (all[i]->facts)
            continue;
        json_auto_t *own = paths_of(all[i]);
        if (merge(paths, own) && merge(links, all[i]->links))
            all[i]->facts = json_incref(facts);
    }
    return guest_look_chains(p, paths, links, facts, e);
}

int guest_files_seen(struct ctx *ctx, struct job *job, struct node *node, struct guest_files *const *all, size_t n,
                     struct err *e)
{
    for (size_t i = 0; i < n; i++) {
        struct guest_place p = {ctx, job, node, all[i]->system};
        if (!all[i]->facts && look_once(&p, &all[i], n - i, e) < 0)
            return -1;
    }
    return 0;
}

// What the node told, into the row.
static void fill(struct guest_files *g, json_t *row)
{
    static const char *const keys[] = {"size",  "mtime", "inode",  "allocation", "owner",
                                       "group", "mode",  "exists", "in_use",     "problem"};
    const char *path = json_text_at(row, "path"), *format;
    const json_t *fact = path ? json_object_get(g->facts, path) : NULL;
    if (!fact)
        return;
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
        json_object_set(row, keys[i], json_object_get(fact, keys[i]));
    if (strcmp(json_text_at(row, "kind"), "save") == 0)
        json_object_set(row, "was_running", json_object_get(fact, "was_running")); // absent: it does not tell
    const json_t *info = json_object_get(fact, "info");
    const char *backing = guest_backing(g->facts, g->links, path, &format);
    const char *written = json_text_at(info, "backing-filename");
    if (json_object_get(info, "virtual-size"))
        json_object_set(row, "virtual_size", json_object_get(info, "virtual-size"));
    if (!json_text_at(row, "format") && json_text_at(info, "format"))
        json_object_set(row, "format", json_object_get(info, "format"));
    json_object_set_new(row, "backing", json_text(backing));
    json_object_set_new(row, "backing_format", json_text(format));
    json_object_set_new(row, "relative", json_boolean(written && *written != '/' && !strchr(written, ':')));
}

// The row, and before it all that is below it and has no row of its own yet.
static void emit(struct guest_files *g, json_t *list, json_t *top)
{
    json_auto_t *chain = json_array();
    const char *path = json_text_at(top, "path"), *format;
    fill(g, top);
    json_array_append(chain, top);
    for (const char *b = path;
         b && (b = guest_backing(g->facts, g->links, b, &format)) && !has_path(list, b) && !has_path(chain, b);) {
        json_t *row = new_row("backing", *b == '/' ? "file" : "network", *b == '/' ? b : NULL);
        json_object_set(row, "target", json_object_get(top, "target"));
        json_object_set(row, "device", json_object_get(top, "device"));
        json_object_set_new(row, "readonly", json_true());
        json_object_set_new(row, "format", json_text(format));
        if (*b != '/')
            json_object_set_new(row, "name", json_text(b));
        else if (str_starts(b, "/dev/"))
            json_object_set_new(row, "type", json_text("block"));
        fill(g, row);
        json_array_append_new(chain, row);
    }
    for (size_t i = json_array_size(chain); i-- > 0;) {
        json_t *row = json_array_get(chain, i);
        if (json_text_at(row, "path") && has_path(list, json_text_at(row, "path")))
            continue; // came as another one's backing file
        find_volume(g, row);
        json_array_append(list, row);
    }
}

int guest_files_named(struct virt_dom *dom, const struct guest_known *known, struct guest_files **ret, struct err *e)
{
    _cleanup_(guest_files_free_p) struct guest_files *g = xcalloc(1, sizeof(*g));
    *g = (struct guest_files){virt_dom_ref(dom), virt_dom_conn(dom), false, json_array(), json_object(), NULL};
    g->system = guest_is_system(virt_conn_uri(g->conn));
    if ((known ? add_known(g, known, e) : ask(g, e)) < 0)
        return -1;
    *ret = steal(&g);
    return 0;
}

int guest_files_image(struct virt_conn *conn, const char *xml, const char *image, struct guest_files **ret,
                      struct err *e)
{
    _cleanup_(guest_files_free_p) struct guest_files *g = xcalloc(1, sizeof(*g));
    *g = (struct guest_files){NULL, conn, guest_is_system(virt_conn_uri(conn)), json_array(), json_object(), NULL};
    if (add_description(g, xml, e) < 0)
        return -1;
    add_file(g, "save", "file", NULL, image);
    *ret = steal(&g);
    return 0;
}

json_t *guest_files_rows(struct guest_files *g)
{
    json_t *list = json_array(), *row;
    size_t i;
    json_array_foreach(g->tops, i, row)
    {
        emit(g, list, row);
    }
    return list;
}

int guest_files(struct ctx *ctx, struct job *job, struct node *node, struct virt_dom *dom, json_t **ret, struct err *e)
{
    _cleanup_(guest_files_free_p) struct guest_files *g = NULL;
    if (guest_files_named(dom, NULL, &g, e) < 0 || guest_files_seen(ctx, job, node, &g, 1, e) < 0)
        return -1;
    *ret = guest_files_rows(g);
    return 0;
}

// qemu+ssh://host/system?…
bool guest_is_system(const char *uri)
{
    size_t n = strcspn(uri, "?");
    return n >= 7 && strncmp(uri + n - 7, "/system", 7) == 0;
}

// test:///default, qemu:///system
bool guest_is_local(const char *uri)
{
    const char *host = strstr(uri, "://");
    return host && host[3] == '/';
}

int guest_machine(struct node *node, const char *uri, const char *label, struct node **ret, struct err *e)
{
    struct node *found = node && node->address ? node : NULL;
    if (!found && !guest_is_local(uri)) {
        err_set(e, ERR_UNSUPPORTED, "%s is not a node of the inventory: its files cannot be reached", label);
        return err_hint(e, "node-add NAME ADDRESS makes it one");
    }
    *ret = found;
    return 0;
}
