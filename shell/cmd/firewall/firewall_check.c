// SPDX-License-Identifier: GPL-3.0-or-later
// What keeps connections out of nodes, which ports really pass between them, and what migsh has left open.
#include <string.h>

#include "base/json.h"
#include "cmd/commands.h"
#include "cmd/engine/render.h"
#include "cmd/firewall/firewall_common.h"
#include "core/console/out.h"
#include "io/job.h"

enum { NODES, FROM };

static const struct opt_def opts[] = {
    [NODES] = {"nodes", OPT_NODES, OPTF_POS | OPTF_MULTI, "which: NODE[,NODE…] or all", .def = "all"},
    [FROM] = {"from", OPT_NODES, 0, "whose connections: NODE[,NODE…] or all", .def = "all"},
    {NULL},
};

static const struct service {
    const char *name, *range;
} services[] = {{"ssh", "22"},        {"migration", REACH_MIGRATION},
                {"libvirt", "16509"}, {"libvirt-tls", "16514"},
                {"nfs", "2049"},      {"rpcbind", "111"}};

struct look {
    struct node *node;
    struct firewall is;
    struct err err;
};

struct check {
    struct cmd_call *c;
    struct look *looks;
    size_t n;
    struct reach_host *hosts; // the looked at ones, then those that connect only
    size_t n_hosts;
    struct reach_try *tries;
    size_t n_tries;
    struct strv ranges; // of unusual ports
};

static void check_release(struct check *k)
{
    for (size_t i = 0; i < k->n; i++) {
        firewall_release(&k->looks[i].is);
        err_release(&k->looks[i].err);
    }
    reach_release(k->tries, k->n_tries);
    free(k->tries);
    free(k->looks);
    free(k->hosts);
    strv_release(&k->ranges);
}

static void look(struct job *job, size_t i, void *arg)
{
    struct check *k = arg;
    firewall_look(k->c->ctx, job, k->looks[i].node, &k->looks[i].is, &k->looks[i].err);
}

static size_t host_of(struct check *k, struct node *node)
{
    for (size_t i = 0; i < k->n_hosts; i++) {
        if (k->hosts[i].node == node)
            return i;
    }
    k->hosts = xrealloc(k->hosts, k->n_hosts + 1, sizeof(*k->hosts));
    k->hosts[k->n_hosts] = firewall_host(node);
    return k->n_hosts++;
}

static void add_way(struct check *k, size_t from, size_t to)
{
    const struct node *node = k->hosts[to].node;
    for (size_t i = 0; i < ARRAY_SIZE(services); i++) {
        const char *range = services[i].range;
        if (strcmp(range, REACH_MIGRATION) == 0 && !node_is_hypervisor(node))
            continue;
        if (strcmp(services[i].name, "ssh") == 0 && node->port) {
            strv_take(&k->ranges, xasprintf("%d", node->port));
            range = k->ranges.s[k->ranges.n - 1];
        }
        k->tries = xrealloc(k->tries, k->n_tries + 1, sizeof(*k->tries));
        k->tries[k->n_tries++] = (struct reach_try){.from = from, .to = to, .range = range, .err = ERR_INIT};
    }
}

static void plan(struct check *k, struct node **from, size_t n_from)
{
    for (size_t i = 0; i < k->n; i++)
        host_of(k, k->looks[i].node);
    for (size_t i = 0; i < k->n; i++) {
        for (size_t m = 0; m < n_from; m++) {
            if (from[m] != k->looks[i].node)
                add_way(k, host_of(k, from[m]), i);
        }
    }
}

static json_t *ours_json(const struct firewall *f)
{
    json_t *list = json_array();
    for (size_t i = 0; i < f->n_ours; i++) {
        const struct firewall_ours *o = &f->ours[i];
        json_array_append_new(list, json_pack("{s:o, s:o, s:b, s:o}", "id", json_text(o->id), "backend",
                                              json_text(o->backend), "keep", o->keep, "closes_in_s",
                                              o->end ? json_integer(o->end - f->now) : json_null()));
    }
    return list;
}

static json_t *node_json(const struct look *l)
{
    json_t *row = json_pack("{s:o}", "node", json_text(l->node->name));
    if (err_is_set(&l->err)) {
        json_object_set_new(row, "problem", json_text(l->err.msg));
        return row;
    }
    json_t *drops = json_array();
    for (size_t i = 0; i < l->is.doors.n; i++)
        json_array_append_new(drops, json_text(l->is.doors.s[i]));
    json_object_set_new(row, "backends", firewall_backends(&l->is));
    json_object_set_new(row, "drops", drops);
    json_object_set_new(row, "selinux", json_text(l->is.selinux));
    json_object_set_new(row, "opened", ours_json(&l->is));
    return row;
}

static const char *service_name(const struct reach_try *t)
{
    for (size_t i = 1; i < ARRAY_SIZE(services); i++) {
        if (strcmp(services[i].range, t->range) == 0)
            return services[i].name;
    }
    return services[0].name;
}

// Someone may be kept from what is there: from a service that runs, or from a migration.
static bool is_needed(const struct reach_try *t)
{
    return t->busy || strcmp(t->range, REACH_MIGRATION) == 0;
}

static json_t *way_json(const struct check *k, const struct reach_try *t)
{
    const char *why = firewall_why(t);
    json_t *row = json_pack("{s:o, s:o, s:o, s:o, s:o, s:b, s:b}", "from", json_text(k->hosts[t->from].node->name),
                            "to", json_text(k->hosts[t->to].node->name), "service", json_text(service_name(t)), "port",
                            t->port ? json_integer(t->port) : json_null(), "state", json_text(firewall_state(t)),
                            "listening", t->busy, "needed", is_needed(t));
    if (why)
        json_object_set_new(row, "why", json_text(why));
    return row;
}

static int verdict(const struct check *k, struct err *e)
{
    size_t blocked = 0;
    const struct reach_try *first = NULL;
    for (size_t i = 0; i < k->n; i++) {
        if (err_is_set(&k->looks[i].err))
            err_join(e, &k->looks[i].err);
    }
    if (err_is_set(e))
        return -1;
    for (size_t i = 0; i < k->n_tries; i++) {
        const struct reach_try *t = &k->tries[i];
        if (err_is_set(&t->err))
            return err_set(e, t->err.code, "%s", t->err.msg);
        if (t->reached || !is_needed(t))
            continue;
        first = first ? first : t;
        blocked++;
    }
    if (!first)
        return 0;
    const struct node *from = k->hosts[first->from].node, *to = k->hosts[first->to].node;
    err_set(e, ERR_VERDICT, "%s does not reach port %ld of %s: %s", from->name, first->port, to->name, first->error);
    if (blocked > 1)
        err_wrap(e, "%zu ways are blocked, the first", blocked);
    const char *service = service_name(first);
    bool named = strcmp(service, "libvirt-tls") != 0 && strcmp(service, "rpcbind") != 0;
    return err_hint(e, "firewall-open %s --from %s --ports %s --for 1h --apply", to->name, from->name,
                    !named ? (*service == 'l' ? "libvirt" : "nfs") : service);
}

// A node that is not looked at is not one that lets everything pass.
static int tell_left_out(const struct opt_val *v, size_t n_looked_at, struct err *e)
{
    for (size_t i = 0; i < v->n_nodes; i++) {
        if (!v->nodes[i]->address && n_looked_at)
            out_notice(OUT_WARN, "%s has no ssh address: it is left out", v->nodes[i]->name);
    }
    return n_looked_at ? 0 : err_set(e, ERR_UNSUPPORTED, "node %s has no ssh address", v->nodes[0]->name);
}

static int run(struct cmd_call *c, struct err *e)
{
    size_t n_from, n;
    _cleanup_free_ struct node **nodes = firewall_nodes(&c->vals[NODES], NULL, &n);
    if (tell_left_out(&c->vals[NODES], n, e) < 0)
        return -1;
    _cleanup_free_ struct node **from = firewall_nodes(&c->vals[FROM], NULL, &n_from);
    _cleanup_(check_release) struct check k = {.c = c, .looks = xcalloc(n + 1, sizeof(struct look)), .n = n};
    for (size_t i = 0; i < n; i++)
        k.looks[i] = (struct look){.node = nodes[i], .err = ERR_INIT};
    job_each(c->job, n, look, &k);
    plan(&k, from, n_from);
    if (job_check(c->job, e) < 0 ||
        reach_run(c->ctx, c->job, k.hosts, k.n_hosts, k.tries, k.n_tries, FIREWALL_LISTEN_S, e) < 0)
        return -1;
    json_t *rows = json_array(), *ways = json_array();
    for (size_t i = 0; i < k.n; i++)
        json_array_append_new(rows, node_json(&k.looks[i]));
    for (size_t i = 0; i < k.n_tries; i++)
        json_array_append_new(ways, way_json(&k, &k.tries[i]));
    c->result = json_pack("{s:o, s:o}", "nodes", rows, "ways", ways);
    return verdict(&k, e);
}

// --- As a table

static char *opened_text(const json_t *opened)
{
    _cleanup_buf_ struct buf b = BUF_INIT;
    size_t i;
    json_t *o;
    json_array_foreach(opened, i, o)
    {
        const json_t *left = json_object_get(o, "closes_in_s");
        buf_addf(&b, "%s%s (%s", i ? ", " : "", json_text_at(o, "id"), json_text_at(o, "backend"));
        long long s = json_integer_value(left);
        if (json_is_integer(left))
            buf_addf(&b, s < 0 ? ", should have closed %lld s ago)" : ", closes in %lld s)", s < 0 ? -s : s);
        else
            buf_adds(&b, json_is_true(json_object_get(o, "keep")) ? ", kept)" : ", it is not known until when)");
    }
    return buf_steal(&b);
}

static void render_nodes(const json_t *rows, struct buf *out)
{
    static const struct view_col cols[] = {{"node", "Node"},       {"by", "Firewall"},
                                           {"selinux", "SELinux"}, {"left", "Opened by migsh"},
                                           {"problem", "Problem"}, {NULL}};
    static const struct view view = {VIEW_TABLE, cols};
    json_auto_t *list = json_array();
    size_t i, m;
    json_t *row, *name;
    json_array_foreach(rows, i, row)
    {
        json_t *shown = json_copy(row);
        const json_t *backends = json_object_get(row, "backends");
        _cleanup_buf_ struct buf by = BUF_INIT;
        json_array_foreach(backends, m, name) buf_addf(&by, "%s%s", m ? ", " : "", json_string_value(name));
        _cleanup_free_ char *left = opened_text(json_object_get(row, "opened"));
        if (backends) {
            json_object_set_new(shown, "by", json_text(by.len ? buf_str(&by) : "none"));
            json_object_set_new(shown, "left", json_text(left));
        }
        json_array_append_new(list, shown);
    }
    render_view(&view, list, out);
}

static void render_ways(const json_t *ways, struct buf *out)
{
    static const struct view_col cols[] = {{"from", "From"},
                                           {"to", "To"},
                                           {"ssh", "ssh"},
                                           {"migration", "Migration"},
                                           {"libvirt", "libvirt"},
                                           {"libvirt-tls", "libvirt TLS"},
                                           {"nfs", "NFS"},
                                           {"rpcbind", "rpcbind"},
                                           {NULL}};
    static const struct view view = {VIEW_TABLE, cols};
    json_auto_t *list = json_array();
    json_t *last = NULL, *way;
    size_t i;
    json_array_foreach(ways, i, way)
    {
        if (!last || !json_equal(json_object_get(last, "from"), json_object_get(way, "from")) ||
            !json_equal(json_object_get(last, "to"), json_object_get(way, "to"))) {
            last = json_pack("{s:O, s:O}", "from", json_object_get(way, "from"), "to", json_object_get(way, "to"));
            json_array_append_new(list, last);
        }
        json_object_set(last, json_text_at(way, "service"), json_object_get(way, "state"));
    }
    render_view(&view, list, out);
}

static void render(const json_t *value, struct buf *out)
{
    render_nodes(json_object_get(value, "nodes"), out);
    buf_addc(out, '\n');
    render_ways(json_object_get(value, "ways"), out);
}

const struct cmd_def cmd_firewall_check = {
    .name = "firewall-check",
    .group = "Nodes",
    .summary = "tell which ports pass between nodes, and what keeps them",
    .help =
        "Of each node: what drops connections that come in (firewalld, ufw, nft, iptables), SELinux, and what migsh\n"
        "has opened, with when the node closes it. Then every other node really connects to it: to ssh, a port of\n"
        "those for migrations, libvirt's 16509 and 16514, and NFS's 2049 and 111. Where nobody listens, the node does\n"
        "for that moment. Exit status 12 if a port for migrations is blocked, or one that somebody listens at.",
    .example = "firewall-check\nfirewall-check dest --from source\nfirewall-check source dest --json",
    .opts = opts,
    .view = {VIEW_CUSTOM, .render = render},
    .run = run};
