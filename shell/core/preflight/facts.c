// SPDX-License-Identifier: GPL-3.0-or-later
// All facts of a preflight, in two rounds: the guests, and what hosts call themselves; then, with what the guests want,
// each host, and each way from one to another with the pairs that would go it, all at once. Each is asked once, however
// many guests there are. Job threads. See facts.h.
#include "core/preflight/facts.h"

#include <string.h>

#include "base/json.h"
#include "core/guest/files.h"
#include "core/preflight/priv.h"
#include "io/job.h"
#include "io/virt/conn.h"
#include "io/virt/dom.h"
#include "io/xml.h"

struct host {
    struct node *node; // lent
    bool is_dest;
    struct virt_dom *guest; // one of those that are there, lent; NULL: none is asked about
    struct preflight_marks marks;
    char *hostname; // NULL: it does not say
    struct preflight_wanted wanted;
    json_t *facts;
    struct err err;
};

#define NOWHERE ((size_t)-1) // of a guest that is only described

struct guest {
    size_t host; // where it is
    json_t *facts;
    struct guest_files *files; // what it names; NULL: that is missing, or has become facts
    struct err err;
};

struct way {
    size_t from, to;
    json_t *facts; // NULL: there is nothing between nowhere and a node
    struct err err;
};

struct pair {
    size_t guest, way;
    json_t *facts;
};

struct gather {
    struct ctx *ctx;
    const struct preflight_query *q;
    struct host *hosts;
    struct guest *guests;
    struct way *ways;
    struct pair *pairs;
    size_t n_hosts, n_guests, n_ways, n_pairs;
};

static size_t host_of(struct gather *g, struct node *node)
{
    for (size_t i = 0; i < g->n_hosts; i++) {
        if (strcmp(g->hosts[i].node->name, node->name) == 0)
            return i;
    }
    g->hosts = xrealloc(g->hosts, g->n_hosts + 1, sizeof(*g->hosts));
    g->hosts[g->n_hosts] = (struct host){.node = node, .err = ERR_INIT};
    preflight_wanted_init(&g->hosts[g->n_hosts].wanted);
    return g->n_hosts++;
}

static size_t way_of(struct gather *g, size_t from, size_t to)
{
    for (size_t i = 0; i < g->n_ways; i++) {
        if (g->ways[i].from == from && g->ways[i].to == to)
            return i;
    }
    g->ways = xrealloc(g->ways, g->n_ways + 1, sizeof(*g->ways));
    g->ways[g->n_ways] = (struct way){.from = from, .to = to, .err = ERR_INIT};
    return g->n_ways++;
}

// Who is asked. A guest is looked at for no host that has it.
static void plan(struct gather *g)
{
    const struct preflight_query *q = g->q;
    g->n_guests = q->n_guests + (q->described ? 1 : 0);
    g->guests = xcalloc(g->n_guests + 1, sizeof(*g->guests));
    g->pairs = xcalloc(g->n_guests * q->n_dests + 1, sizeof(*g->pairs));
    for (size_t i = 0; i < q->n_guests; i++) {
        g->guests[i] = (struct guest){.host = host_of(g, q->guests[i].node), .err = ERR_INIT};
        g->hosts[g->guests[i].host].guest = q->guests[i].dom;
    }
    if (q->described)
        g->guests[q->n_guests] = (struct guest){.host = NOWHERE, .err = ERR_INIT};
    for (size_t k = 0; k < q->n_dests; k++) {
        size_t dest = host_of(g, q->dests[k]);
        g->hosts[dest].is_dest = true;
    }
    for (size_t i = 0; i < g->n_guests; i++) {
        for (size_t k = 0; k < g->n_hosts; k++) {
            if (g->hosts[k].is_dest && k != g->guests[i].host)
                g->pairs[g->n_pairs++] = (struct pair){.guest = i, .way = way_of(g, g->guests[i].host, k)};
        }
    }
}

static void gather_release(struct gather *g)
{
    for (size_t i = 0; i < g->n_hosts; i++) {
        preflight_marks_release(&g->hosts[i].marks);
        free(g->hosts[i].hostname);
        preflight_wanted_release(&g->hosts[i].wanted);
        json_decref(g->hosts[i].facts);
        err_release(&g->hosts[i].err);
    }
    for (size_t i = 0; i < g->n_guests; i++) {
        json_decref(g->guests[i].facts);
        guest_files_free(g->guests[i].files);
        err_release(&g->guests[i].err);
    }
    for (size_t i = 0; i < g->n_ways; i++) {
        json_decref(g->ways[i].facts);
        err_release(&g->ways[i].err);
    }
    for (size_t i = 0; i < g->n_pairs; i++) {
        json_decref(g->pairs[i].facts);
    }
    free(g->hosts);
    free(g->guests);
    free(g->ways);
    free(g->pairs);
}

// --- The first round

static void take_description(struct gather *g, struct guest *guest)
{
    _cleanup_(xml_free_p) struct xml_doc *doc = NULL;
    if (xml_parse(g->q->described, &doc, &guest->err) < 0)
        return;
    _cleanup_free_ char *name = xml_string(doc, NULL, "string(/domain/name)");
    _cleanup_free_ char *uuid = xml_string(doc, NULL, "string(/domain/uuid)");
    if (!name || !uuid) {
        err_set(&guest->err, ERR_USAGE, "a description of a domain with its name and uuid is wanted");
        return;
    }
    guest->facts = json_pack("{s:o, s:o, s:o, s:b, s:o, s:o}", "name", json_text(name), "uuid", json_text(uuid),
                             "state", json_text("shut off"), "persistent", 1, "xml", json_text(g->q->described),
                             "inactive", json_text(g->q->described));
}

static void ask_guest(struct job *job, size_t i, void *arg)
{
    struct gather *g = arg;
    struct guest *guest = &g->guests[i];
    (void)job;
    if (guest->host == NOWHERE) {
        take_description(g, guest);
        return;
    }
    const struct host *host = &g->hosts[guest->host];
    guest->facts = preflight_guest_gather(host->node, g->q->guests[i].dom, &host->marks, g->q, &guest->files);
}

static void ask_hostname(struct gather *g, struct job *job, struct host *host)
{
    _cleanup_(virt_conn_unref_p) struct virt_conn *conn = NULL;
    _cleanup_err_ struct err ignored = ERR_INIT; // the host's own facts tell
    if (ctx_connect(g->ctx, job, host->node->uri, &conn, &ignored) == 0)
        virt_conn_hostname(conn, &host->hostname, &ignored);
}

static void ask_host(struct job *job, size_t i, void *arg)
{
    struct gather *g = arg;
    struct host *host = &g->hosts[i];
    if (host->guest)
        preflight_marks_ask(virt_dom_conn(host->guest), &host->marks);
    if (!g->q->only_disks)
        ask_hostname(g, job, host);
}

// The files of all guests of a host, by one look.
static void look_at_files(struct job *job, size_t host, void *arg)
{
    struct gather *g = arg;
    _cleanup_free_ struct guest_files **files = xcalloc(g->n_guests + 1, sizeof(struct guest_files *));
    _cleanup_err_ struct err e = ERR_INIT;
    struct node *node = g->hosts[host].node, *machine = NULL;
    size_t n = 0;
    for (size_t i = 0; i < g->n_guests; i++) {
        if (g->guests[i].host == host && g->guests[i].files)
            files[n++] = g->guests[i].files;
    }
    if (n == 0 || (guest_machine(node, node->uri, node->name, &machine, &e) == 0 &&
                   guest_files_seen(g->ctx, job, machine, files, n, &e) == 0))
        return;
    for (size_t i = 0; i < g->n_guests; i++) {
        if (g->guests[i].host != host || !g->guests[i].files)
            continue;
        preflight_missing(g->guests[i].facts, "files", &e);
        guest_files_free(g->guests[i].files);
        g->guests[i].files = NULL;
    }
}

static void take_files(struct job *job, size_t i, void *arg)
{
    struct guest *guest = &((struct gather *)arg)->guests[i];
    (void)job;
    if (!guest->files)
        return;
    json_object_set_new(guest->facts, "files", guest_files_rows(guest->files));
    guest_files_free(guest->files);
    guest->files = NULL;
}

static void first_round(struct gather *g, struct job *job)
{
    job_each(job, g->n_hosts, ask_host, g);
    job_each(job, g->n_guests, ask_guest, g);
    job_each(job, g->n_hosts, look_at_files, g);
    job_each(job, g->n_guests, take_files, g);
}

// --- The second

// From the source's side the names of where its guests may go; from the destination's those of where they come from.
static void add_names(struct host *to, const struct host *other)
{
    preflight_wanted_add(to->wanted.names, other->hostname);
    preflight_wanted_add(to->wanted.names, other->node->address);
}

static void gather_wanted(struct gather *g)
{
    for (size_t i = 0; i < g->n_guests; i++) {
        if (g->guests[i].host != NOWHERE)
            preflight_wanted_guest(&g->hosts[g->guests[i].host].wanted, g->guests[i].facts, g->q->map, false);
    }
    for (size_t i = 0; i < g->n_pairs; i++)
        preflight_wanted_guest(&g->hosts[g->ways[g->pairs[i].way].to].wanted, g->guests[g->pairs[i].guest].facts,
                               g->q->map, true);
    for (size_t i = 0; i < g->n_ways; i++) {
        if (g->ways[i].from == NOWHERE)
            continue;
        struct host *from = &g->hosts[g->ways[i].from], *to = &g->hosts[g->ways[i].to];
        add_names(from, to);
        add_names(to, from);
    }
}

static void ask_pairs(struct gather *g, struct job *job, size_t which, struct node *from)
{
    _cleanup_free_ const json_t **guests = xcalloc(g->n_pairs + 1, sizeof(json_t *));
    _cleanup_free_ json_t **facts = xcalloc(g->n_pairs + 1, sizeof(json_t *));
    struct way *w = &g->ways[which];
    size_t n = 0, k = 0;
    for (size_t i = 0; i < g->n_pairs; i++) {
        if (g->pairs[i].way == which)
            guests[n++] = g->guests[g->pairs[i].guest].facts;
    }
    if (preflight_pairs_gather(g->ctx, job, g->q, from, g->hosts[w->to].node, guests, n, facts, &w->err) < 0)
        return;
    for (size_t i = 0; i < g->n_pairs; i++) {
        if (g->pairs[i].way == which)
            g->pairs[i].facts = facts[k++];
    }
}

// The port first: what listens there does not wait until many guests' files have had the nodes' connections.
static void ask_way(struct gather *g, struct job *job, size_t which)
{
    struct way *w = &g->ways[which];
    const struct host *to = &g->hosts[w->to];
    struct node *from = w->from == NOWHERE ? NULL : g->hosts[w->from].node;
    if (!from || g->q->only_disks ||
        preflight_way_gather(g->ctx, job, g->q, from, to->node, to->hostname, &w->facts, &w->err) == 0)
        ask_pairs(g, job, which, from);
}

static void second_round(struct job *job, size_t i, void *arg)
{
    struct gather *g = arg;
    if (i < g->n_ways) {
        ask_way(g, job, i);
        return;
    }
    if (g->q->only_disks)
        return;
    struct host *h = &g->hosts[i - g->n_ways];
    preflight_host_gather(g->ctx, job, h->node, &h->wanted, &h->facts, &h->err);
}

static int first_error(struct gather *g, struct err *e)
{
    for (size_t i = 0; i < g->n_guests; i++) {
        if (err_is_set(&g->guests[i].err))
            err_join(e, &g->guests[i].err);
    }
    return err_is_set(e) ? -1 : 0;
}

// --- The whole

// Adds what is between two nodes to a pair of theirs.
static void add_way(json_t *pair, const json_t *way)
{
    const char *key;
    json_t *value, *why = json_object_get(pair, "missing");
    json_object_foreach((json_t *)way, key, value)
    {
        if (strcmp(key, "missing") == 0 && why)
            json_object_update(why, value);
        else
            json_object_set_new(pair, key, json_deep_copy(value));
    }
}

static json_t *result(struct gather *g)
{
    json_t *guests = json_array(), *hosts = json_object(), *pairs = json_array();
    for (size_t i = 0; i < g->n_guests; i++)
        json_array_append(guests, g->guests[i].facts);
    for (size_t i = 0; i < g->n_hosts && !g->q->only_disks; i++)
        json_object_set(hosts, g->hosts[i].node->name, g->hosts[i].facts);
    for (size_t i = 0; i < g->n_pairs; i++) {
        add_way(g->pairs[i].facts, g->ways[g->pairs[i].way].facts);
        json_array_append(pairs, g->pairs[i].facts);
    }
    return json_pack("{s:o, s:o, s:o}", "guests", guests, "hosts", hosts, "pairs", pairs);
}

int preflight_facts(struct ctx *ctx, struct job *job, const struct preflight_query *q, json_t **ret, struct err *e)
{
    _cleanup_(gather_release) struct gather g = {.ctx = ctx, .q = q};
    plan(&g);
    first_round(&g, job);
    if (job_check(job, e) < 0 || first_error(&g, e) < 0)
        return -1;
    gather_wanted(&g);
    job_each(job, g.n_ways + g.n_hosts, second_round, &g);
    if (job_check(job, e) < 0)
        return -1;
    *ret = result(&g);
    return 0;
}
