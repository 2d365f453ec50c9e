// SPDX-License-Identifier: GPL-3.0-or-later
// A host's half of the facts: what its libvirt tells, and what is found on the node itself. Job threads. See priv.h.
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/strv.h"
#include "core/guest/files.h"
#include "core/node/ask.h"
#include "core/node/links.h"
#include "core/node/qemu_user.h"
#include "core/preflight/priv.h"
#include "core/preflight/tools_priv.h"
#include "core/tls/tls.h"
#include "io/job.h"
#include "io/virt/conn.h"
#include "io/virt/host.h"
#include "io/virt/list.h"
#include "io/virt/net.h"
#include "io/virt/nwfilter.h"
#include "io/virt/pool.h"
#include "io/virt/secret.h"
#include "io/virt/xml.h"
#include "io/xml.h"

enum { NS_PER_S = 1000000000 };

void preflight_missing(json_t *to, const char *section, const struct err *why)
{
    json_t *missing = json_object_get(to, "missing");
    if (!missing) {
        missing = json_object();
        json_object_set_new(to, "missing", missing);
    }
    json_object_set_new(missing, section, json_text(why->msg));
}

static void untold(json_t *to, const char *section, const char *why)
{
    _cleanup_err_ struct err e = ERR_INIT;
    err_set(&e, ERR_UNSUPPORTED, "%s", why);
    preflight_missing(to, section, &e);
}

void preflight_wanted_init(struct preflight_wanted *w)
{
    *w = (struct preflight_wanted){json_array(), json_array(), json_array(), json_array()};
}

void preflight_wanted_release(struct preflight_wanted *w)
{
    json_decref(w->machines);
    json_decref(w->paths);
    json_decref(w->names);
    json_decref(w->filters);
    *w = (struct preflight_wanted){NULL, NULL, NULL, NULL};
}

static int ask_hostname(struct virt_conn *c, json_t **ret, struct err *e)
{
    _cleanup_free_ char *name = NULL;
    if (virt_conn_hostname(c, &name, e) < 0)
        return -1;
    *ret = json_text(name);
    return 0;
}

static int ask_domains(struct virt_conn *c, json_t **ret, struct err *e)
{
    return virt_list(c, 0, 0, ret, e);
}

static int ask_pools(struct virt_conn *c, json_t **ret, struct err *e)
{
    static const char *const dropped[] = {"uuid", "persistent", "state", "capacity_bytes", "allocation_bytes"};
    size_t i;
    json_t *row;
    if (virt_pool_list(c, 0, VIRT_POOL_DETAILS | VIRT_POOL_XML, ret, e) < 0)
        return -1;
    json_array_foreach(*ret, i, row)
    {
        for (size_t k = 0; k < ARRAY_SIZE(dropped); k++)
            json_object_del(row, dropped[k]);
    }
    return 0;
}

static int ask_versions(struct virt_conn *c, json_t *host, struct err *e)
{
    unsigned long lib, hypervisor;
    const char *type;
    if (virt_conn_version(c, &lib, &hypervisor, &type, e) < 0)
        return -1;
    json_object_set_new(host, "libvirt", json_integer((json_int_t)lib));
    if (hypervisor)
        json_object_set_new(host, "qemu", json_integer((json_int_t)hypervisor));
    else
        untold(host, "qemu", "libvirt does not tell the version of this hypervisor");
    return 0;
}

static int ask_capabilities(struct virt_conn *c, json_t *host, struct err *e)
{
    _cleanup_free_ char *xml = NULL;
    _cleanup_(xml_free_p) struct xml_doc *doc = NULL;
    if (virt_capabilities(c, &xml, e) < 0 || xml_parse(xml, &doc, e) < 0)
        return -1;
    json_object_set_new(host, "capabilities", json_text(xml));
    _cleanup_free_ char *uuid = xml_string(doc, NULL, "/capabilities/host/uuid");
    if (uuid)
        json_object_set_new(host, "identity", json_text(uuid));
    else
        untold(host, "identity", "libvirt tells no UUID of this host");
    return 0;
}

static int ask_size(struct virt_conn *c, json_t *host, struct err *e)
{
    json_auto_t *info = NULL;
    if (virt_node_info(c, &info, e) < 0)
        return -1;
    json_object_set(host, "cpus", json_object_get(info, "cpus"));
    json_object_set(host, "memory_kib", json_object_get(info, "memory_kib"));
    return 0;
}

static int ask_secrets(struct virt_conn *c, json_t **ret, struct err *e)
{
    return virt_secret_list(c, 0, ret, e);
}

static int ask_nwfilters(struct virt_conn *c, json_t **ret, struct err *e)
{
    json_auto_t *rows = NULL;
    size_t i;
    json_t *row;
    if (virt_nwfilter_list(c, &rows, e) < 0)
        return -1;
    *ret = json_array();
    json_array_foreach(rows, i, row) json_array_append(*ret, json_object_get(row, "name"));
    return 0;
}

// What one question answers: the value of one key, or several keys.
static const struct section {
    const char *keys[2];
    int (*value)(struct virt_conn *c, json_t **ret, struct err *e);
    int (*several)(struct virt_conn *c, json_t *host, struct err *e);
} sections[] = {
    {{"hostname"}, ask_hostname, NULL},
    {{"capabilities", "identity"}, NULL, ask_capabilities},
    {{"libvirt", "qemu"}, NULL, ask_versions},
    {{"cpus", "memory_kib"}, NULL, ask_size},
    {{"free_kib"}, virt_node_free, NULL},
    {{"cells"}, virt_node_cells_free, NULL},
    {{"domains"}, ask_domains, NULL},
    {{"networks"}, virt_networks, NULL},
    {{"pools"}, ask_pools, NULL},
    {{"secrets"}, ask_secrets, NULL},
    {{"nwfilters"}, ask_nwfilters, NULL},
};

static void ask_section(struct virt_conn *c, const struct section *s, json_t *host)
{
    _cleanup_err_ struct err e = ERR_INIT;
    json_t *value = NULL;
    if ((s->value ? s->value(c, &value, &e) : s->several(c, host, &e)) < 0) {
        for (size_t i = 0; i < ARRAY_SIZE(s->keys) && s->keys[i]; i++)
            preflight_missing(host, s->keys[i], &e);
    } else if (value) {
        json_object_set_new(host, s->keys[0], value);
    }
}

static json_t *ask_machine(struct virt_conn *c, const json_t *wanted)
{
    _cleanup_free_ char *xml = NULL;
    _cleanup_err_ struct err e = ERR_INIT;
    json_t *row = json_deep_copy(wanted); // another thread may read it, too
    if (virt_domcapabilities(c, json_text_at(wanted, "emulator"), json_text_at(wanted, "arch"),
                             json_text_at(wanted, "machine"), json_text_at(wanted, "virttype"), &xml, &e) < 0)
        json_object_set_new(row, "error", json_text(e.msg));
    else
        json_object_set_new(row, "xml", json_text(xml));
    return row;
}

// The text of one, or NULL where there is none by that name.
static int ask_filter(struct virt_conn *c, const char *name, char **ret, struct err *e)
{
    _cleanup_(virt_nwfilter_free_p) struct virt_nwfilter *f = NULL;
    if (virt_nwfilter_lookup(c, name, &f, e) == 0 && virt_nwfilter_xml(f, ret, e) == 0)
        return 0;
    if (e->code != ERR_NOT_FOUND)
        return -1;
    err_release(e);
    return 0;
}

// With those to which they refer: the list grows as it is gone through.
static int ask_filters(struct virt_conn *c, const json_t *names, json_t **ret, struct err *e)
{
    json_auto_t *filters = json_object(), *all = json_deep_copy(names);
    for (size_t i = 0; i < json_array_size(all); i++) {
        const char *name = json_string_value(json_array_get(all, i));
        _cleanup_(xml_free_p) struct xml_doc *doc = NULL;
        _cleanup_free_ char *xml = NULL;
        if (ask_filter(c, name, &xml, e) < 0 || (xml && xml_parse(xml, &doc, e) < 0))
            return -1;
        if (!xml)
            continue;
        json_object_set_new(filters, name, json_text(xml));
        preflight_wanted_filters(all, doc);
    }
    *ret = steal(&filters);
    return 0;
}

struct gather {
    struct ctx *ctx;
    struct node *node;
    const struct preflight_wanted *wanted;
    json_t *libvirt, *look; // what each thread found
};

static void ask_libvirt(struct gather *g, struct job *job)
{
    _cleanup_(virt_conn_unref_p) struct virt_conn *conn = NULL;
    _cleanup_err_ struct err e = ERR_INIT;
    size_t i;
    json_t *wanted;
    if (ctx_connect(g->ctx, job, g->node->uri, &conn, &e) < 0) {
        preflight_missing(g->libvirt, "libvirt", &e);
        return;
    }
    for (size_t k = 0; k < ARRAY_SIZE(sections) && !job_cancelled(job); k++)
        ask_section(conn, &sections[k], g->libvirt);
    json_t *machines = json_array();
    json_array_foreach(g->wanted->machines, i, wanted)
    {
        if (!job_cancelled(job))
            json_array_append_new(machines, ask_machine(conn, wanted));
    }
    json_object_set_new(g->libvirt, "machines", machines);
    json_t *filters = NULL;
    if (ask_filters(conn, g->wanted->filters, &filters, &e) < 0)
        preflight_missing(g->libvirt, "filters", &e);
    else
        json_object_set_new(g->libvirt, "filters", filters);
}

json_t *preflight_clock(const char *now, int64_t before_ns, int64_t after_ns)
{
    _cleanup_strv_ struct strv parts = STRV_INIT;
    long long s, ns = NS_PER_S / 2; // a whole second may have begun up to a second ago
    strv_split(&parts, now, '.');
    bool whole = parts.n == 1;
    if ((parts.n != 2 && !whole) || str_to_int(parts.s[0], 0, INT64_MAX / NS_PER_S - 1, &s) < 0)
        return NULL;
    if (!whole && (strlen(parts.s[1]) != 9 || str_to_int(parts.s[1], 0, NS_PER_S - 1, &ns) < 0))
        return NULL;
    int64_t error = (after_ns - before_ns) / 2, ahead = s * NS_PER_S + ns - (before_ns + error);
    return json_pack("{s:f, s:f}", "ahead_s", (double)ahead / NS_PER_S, "error_s",
                     (double)error / NS_PER_S + (whole ? 0.5 : 0));
}

// A question of its own: the other one takes its time before it tells the clock.
static void ask_clock(struct gather *g, struct job *job, struct node *where)
{
    const struct question q = {.tools = {"say now \"$(date +%s.%N)\""}, .as_user = true};
    _cleanup_facts_ struct facts f = {0};
    _cleanup_err_ struct err e = ERR_INIT;
    int64_t before = clock_real_ns();
    if (node_ask(g->ctx, job, where, &q, &f, &e) < 0) {
        preflight_missing(g->look, "clock", &e);
        return;
    }
    int64_t after = clock_real_ns();
    const char *now = facts_get(&f, "now");
    _cleanup_free_ char *seconds = now && str_ends(now, ".%N") ? xstrndup(now, strlen(now) - 3) : NULL;
    json_t *clock = now ? preflight_clock(seconds ? seconds : now, before, after) : NULL;
    if (clock) {
        json_object_set_new(g->look, "clock", clock);
        return;
    }
    facts_unexpected(where, &f, &e);
    preflight_missing(g->look, "clock", &e);
}

static void add_words(struct strv *args, const char *what, const json_t *words)
{
    size_t i;
    json_t *word;
    json_array_foreach(words, i, word)
    {
        strv_add(args, what);
        strv_add(args, json_string_value(word));
    }
}

static void add_tls(struct gather *g, const struct facts *f)
{
    struct tls_node t;
    if (!tls_take(f, g->node, &t)) {
        untold(g->look, "tls", "what certificates the node has is not told");
        return;
    }
    json_t *findings = tls_judge(&t), *tls = tls_summary(&t, findings);
    json_object_set_new(tls, "findings", findings);
    json_object_set_new(g->look, "tls", tls);
    tls_node_release(&t);
}

static void ask_node(struct gather *g, struct job *job)
{
    _cleanup_strv_ struct strv args = STRV_INIT;
    _cleanup_facts_ struct facts f = {0};
    _cleanup_err_ struct err e = ERR_INIT;
    // A node without a login may be this machine; else the error says that it has none.
    struct node *where = !g->node->address && guest_is_local(g->node->uri) ? NULL : g->node;
    add_words(&args, "path", g->wanted->paths);
    add_words(&args, "name", g->wanted->names);
    const struct question q = {.tools = {qemu_user, qemu_ids, node_links, "tls_quick=yes\n", tls_look, preflight_look},
                               .args = (const char *const *)args.s,
                               .n_args = args.n};
    if (node_ask(g->ctx, job, where, &q, &f, &e) < 0) {
        preflight_missing(g->look, "look", &e);
        return;
    }
    json_object_set_new(g->look, "look", facts_json(&f, "tls_")); // these are tls_take()'s
    add_tls(g, &f);
    ask_clock(g, job, where);
}

static void ask_either(struct job *job, size_t i, void *arg)
{
    if (i)
        ask_node(arg, job);
    else
        ask_libvirt(arg, job);
}

// Both may have a "missing".
static void add_part(json_t *host, json_t *part)
{
    json_t *missing = json_object_get(part, "missing"), *all = json_object_get(host, "missing");
    if (missing && all) {
        json_object_update(missing, all);
        json_object_del(host, "missing");
    }
    json_object_update(host, part);
}

int preflight_host_gather(struct ctx *ctx, struct job *job, struct node *node, const struct preflight_wanted *w,
                          json_t **ret, struct err *e)
{
    json_auto_t *libvirt = json_object(), *look = json_object();
    struct gather g = {ctx, node, w, libvirt, look};
    job_parallel(job, 2, 2, ask_either, &g);
    if (job_check(job, e) < 0)
        return -1;
    *ret = json_pack("{s:o, s:o, s:O, s:O}", "node", json_text(node->name), "uri", json_text(node->uri), "paths",
                     w->paths, "names", w->names);
    add_part(*ret, libvirt);
    add_part(*ret, look);
    return 0;
}
