// SPDX-License-Identifier: GPL-3.0-or-later
// Asking nodes for their links, and libvirt there for the guests' interfaces. Job threads. See nets.h.
#include "core/bridge/nets.h"

#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "core/console/inventory.h"
#include "core/node/ask.h"
#include "core/node/links.h"
#include "io/job.h"
#include "io/virt/conn.h"
#include "io/virt/list.h"
#include "io/virt/net.h"
#include "io/virt/xml.h"
#include "io/xml.h"

struct gather {
    struct ctx *ctx;
    struct node *const *nodes;
    json_t **look, **guests;
    struct err *look_err, *guests_err;
};

static void ask_links(struct gather *g, struct job *job, size_t i)
{
    const struct question q = {.tools = {node_links, "links\novs\n"}};
    _cleanup_facts_ struct facts f = {0};
    if (node_ask(g->ctx, job, g->nodes[i], &q, &f, &g->look_err[i]) == 0)
        g->look[i] = facts_json(&f, NULL);
}

// Of libvirt's networks those that only name a bridge of the host: {NAME: BRIDGE}.
static json_t *named_bridges(struct virt_conn *conn)
{
    json_t *all = json_object();
    json_auto_t *networks = NULL;
    _cleanup_err_ struct err e = ERR_INIT;
    size_t i;
    json_t *n;
    if (virt_networks(conn, &networks, &e) < 0)
        return all; // a guest's own words tell most of it
    json_array_foreach(networks, i, n)
    {
        _cleanup_(xml_free_p) struct xml_doc *doc = NULL;
        const char *xml = json_text_at(n, "xml"), *name = json_text_at(n, "name");
        if (!xml || !name || xml_parse(xml, &doc, &e) < 0) {
            err_release(&e);
            continue;
        }
        _cleanup_free_ char *bridge = xml_string(doc, NULL, "/network[forward/@mode='bridge']/bridge/@name");
        if (bridge)
            json_object_set_new(all, name, json_text(bridge));
    }
    return all;
}

static json_t *interfaces_of(const char *xml, const json_t *networks)
{
    json_t *list = json_array();
    _cleanup_(xml_free_p) struct xml_doc *doc = NULL;
    _cleanup_err_ struct err e = ERR_INIT;
    size_t n = 0;
    if (xml_parse(xml, &doc, &e) < 0)
        return list;
    struct xml_node **nodes = xml_nodes(doc, NULL, "/domain/devices/interface", &n);
    for (size_t i = 0; i < n; i++) {
        _cleanup_free_ char *mac = xml_string(doc, nodes[i], "mac/@address"),
                            *bridge = xml_string(doc, nodes[i], "self::*[@type='bridge']/source/@bridge"),
                            *network = xml_string(doc, nodes[i], "source/@network"),
                            *port = xml_string(doc, nodes[i], "virtualport/@type");
        const char *named = network ? json_text_at(networks, network) : NULL;
        json_array_append_new(list, json_pack("{s:o, s:o, s:b}", "mac", json_text(mac), "bridge",
                                              json_text(network ? named : bridge), "ovs",
                                              port && strcmp(port, "openvswitch") == 0));
    }
    free(nodes);
    return list;
}

static int list_guests(struct gather *g, struct job *job, size_t i, json_t **ret, struct err *e)
{
    _cleanup_(virt_conn_unref_p) struct virt_conn *conn = NULL;
    json_auto_t *rows = NULL;
    size_t k;
    json_t *row;
    if (ctx_connect(g->ctx, job, g->nodes[i]->uri, &conn, e) < 0 || virt_list(conn, 0, 0, &rows, e) < 0)
        return -1;
    json_auto_t *networks = named_bridges(conn);
    json_t *all = json_array();
    json_array_foreach(rows, k, row)
    {
        _cleanup_(virt_dom_free_p) struct virt_dom *dom = NULL;
        _cleanup_free_ char *xml = NULL;
        _cleanup_err_ struct err gone = ERR_INIT; // meanwhile
        if (virt_dom_lookup_uuid(conn, json_text_at(row, "uuid"), &dom, &gone) < 0 ||
            virt_dom_xml(dom, 0, &xml, &gone) < 0)
            continue;
        json_array_append_new(all,
                              json_pack("{s:O, s:O, s:o}", "name", json_object_get(row, "name"), "state",
                                        json_object_get(row, "state"), "interfaces", interfaces_of(xml, networks)));
    }
    *ret = all;
    return 0;
}

static void ask_one(struct job *job, size_t i, void *arg)
{
    struct gather *g = arg;
    size_t node = i / 2;
    if (i % 2 == 0)
        ask_links(g, job, node);
    else if (node_is_hypervisor(g->nodes[node]))
        list_guests(g, job, node, &g->guests[node], &g->guests_err[node]);
}

static void take(json_t *net, const char *key, json_t *value, struct err *err)
{
    if (value)
        json_object_set_new(net, key, value);
    if (err_is_set(err)) {
        json_t *missing = json_object_get(net, "missing");
        if (!missing) {
            missing = json_object();
            json_object_set_new(net, "missing", missing);
        }
        json_object_set_new(missing, key, json_text(err->msg));
        if (!json_object_get(missing, "code"))
            json_object_set_new(missing, "code", json_text(err_code_name(err->code)));
    }
    err_release(err);
}

int bridge_nets(struct ctx *ctx, struct job *job, struct node *const *nodes, size_t n, json_t **ret, struct err *e)
{
    _cleanup_free_ json_t **look = xcalloc(n + 1, sizeof(json_t *)), **guests = xcalloc(n + 1, sizeof(json_t *));
    _cleanup_free_ struct err *look_err = xcalloc(n + 1, sizeof(struct err)),
                              *guests_err = xcalloc(n + 1, sizeof(struct err));
    struct gather g = {ctx, nodes, look, guests, look_err, guests_err};
    job_each(job, 2 * n, ask_one, &g);
    json_auto_t *all = json_array();
    for (size_t i = 0; i < n; i++) {
        json_t *net =
            json_pack("{s:o, s:b}", "node", json_text(nodes[i]->name), "hypervisor", node_is_hypervisor(nodes[i]));
        take(net, "look", look[i], &look_err[i]);
        take(net, "guests", guests[i], &guests_err[i]);
        json_array_append_new(all, net);
    }
    if (job_check(job, e) < 0)
        return -1;
    *ret = json_incref(all);
    return 0;
}

static json_t *owner(const char *kind, const char *name, const json_t *node, const char *link)
{
    return json_pack("{s:o, s:o, s:O, s:o*}", "kind", json_text(kind), "name", json_text(name), "node", node,
                     "interface", link ? json_text(link) : NULL);
}

static json_t *guest_with(const json_t *net, const char *mac)
{
    size_t i, k;
    json_t *guest, *iface;
    json_array_foreach(json_object_get(net, "guests"), i, guest)
    {
        json_array_foreach(json_object_get(guest, "interfaces"), k, iface)
        {
            const char *own = json_text_at(iface, "mac");
            if (own && strcasecmp(own, mac) == 0)
                return owner("guest", json_text_at(guest, "name"), json_object_get(net, "node"), NULL);
        }
    }
    return NULL;
}

static json_t *link_with(const json_t *net, const char *mac)
{
    size_t i;
    json_t *line;
    json_array_foreach(json_object_get(json_object_get(net, "look"), "mac"), i, line)
    {
        _cleanup_strv_ struct strv w = STRV_INIT;
        strv_split(&w, json_string_value(line), ' ');
        if (w.n == 2 && strcasecmp(w.s[1], mac) == 0)
            return owner("node", json_text_at(net, "node"), json_object_get(net, "node"), w.s[0]);
    }
    return NULL;
}

json_t *bridge_mac_owner(const json_t *nets, const char *mac)
{
    size_t i;
    json_t *net, *found = NULL;
    json_array_foreach(nets, i, net) found = found ? found : guest_with(net, mac);
    json_array_foreach(nets, i, net) found = found ? found : link_with(net, mac);
    return found ? found : json_null();
}
