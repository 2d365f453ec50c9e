// SPDX-License-Identifier: GPL-3.0-or-later
// Connections and domains for a bound command. On the job's thread: this is where a command first touches the network.
//
// Where a command goes: --node, else NAME@NODE, else the current host (connect, --connect), else, when the console has
// an inventory, every hypervisor of it (a domain is looked for on all, and must be on one or run on one), else
// libvirt's default.
#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "cmd/engine/bind.h"
#include "core/console/out.h"
#include "core/console/silence.h"
#include "io/job.h"
#include "io/virt/conn.h"
#include "io/virt/dom.h"

// How long a node is waited for. One that keeps silent must not slow down those that live: a command that only reads
// is content with the guest where it runs (RUNS_MS; KNOWN_MS, or as long as the slowest that answered took, for who is
// known to keep silent); then anybody with the guest where it is defined (SILENCE_MS); where nobody has it, all are
// waited for.
static const double KNOWN_MS = 300, RUNS_MS = 1200;

// "NAME@NODE" where NODE is one of ours; a '@' that leads to no node belongs to the name.
static struct node *split_at_node(struct ctx *ctx, const char *text, char **ret_name)
{
    const char *at = strrchr(text, '@');
    struct node *n = at && at > text ? inventory_peek(ctx_inventory(ctx), at + 1) : NULL;
    *ret_name = n ? xstrndup(text, (size_t)(at - text)) : xstrdup(text);
    return n;
}

static int open_target(struct cmd_call *c, struct target *t, struct err *e)
{
    target_release(&c->where);
    c->where = *t;
    *t = (struct target){NULL, NULL};
    virt_conn_unref(steal(&c->conn));
    if (ctx_connect(c->ctx, c->job, c->where.uri, &c->conn, e) == 0)
        return 0;
    return c->where.node ? err_wrap(e, "node %s", c->where.node->name) : -1;
}

static int open_node(struct cmd_call *c, struct node *n, struct err *e)
{
    struct target t = {node_ref(n), xstrdup(n->uri)};
    return open_target(c, &t, e);
}

struct search {
    struct cmd_call *c;
    const char *name;
    struct node **nodes;
    size_t n;
    struct virt_dom **found;
    struct err *errs;
    // What the others look at while they wait.
    struct silence_group group;
    atomic_bool is_defined, is_running;
};

struct waiting {
    const struct search *s;
    bool is_known; // to keep silent
};

static bool is_enough(double waited_ms, void *data)
{
    const struct waiting *w = data;
    const struct search *s = w->s;
    double patience = SILENCE_MS;
    if (s->c->def->flags & CMD_READS && s->is_running)
        patience = fmin(patience, silence_group_patience(&s->group, w->is_known ? KNOWN_MS : RUNS_MS,
                                                         w->is_known ? 1 : SILENCE_SLOWER));
    return s->is_defined && waited_ms > patience;
}

// The copy that waits on the destination while its memory comes in, or that is just being brought up there for it.
static bool is_incoming(struct virt_dom *d)
{
    const char *state = "", *reason = "";
    _cleanup_err_ struct err e = ERR_INIT;
    return virt_dom_state(d, &state, &reason, &e) == 0 && strcmp(state, "paused") == 0 &&
           (strcmp(reason, "migrating") == 0 || strcmp(reason, "starting up") == 0);
}

static void search_one(struct job *job, size_t i, void *arg)
{
    struct search *s = arg;
    struct virt_conn *conn = NULL;
    struct waiting w = {s, silence_since(s->nodes[i]->uri, NULL) > 0};
    if (ctx_connect_unless(s->c->ctx, job, s->nodes[i]->uri, is_enough, &w, &conn, &s->errs[i]) < 0)
        return;
    silence_group_answered(&s->group);
    if (virt_dom_lookup(conn, s->name, &s->found[i], &s->errs[i]) == 0) {
        if (virt_dom_id(s->found[i]) >= 0 && !is_incoming(s->found[i]))
            s->is_running = true;
        s->is_defined = true;
    }
    virt_conn_unref(conn);
}

// After a migration both hosts define the domain and one runs it (during one, the other waits for it): that one is
// meant, except by a command that could take the wrong definition away. n: none.
static size_t only_running(const struct search *s, size_t n)
{
    size_t running = n;
    const char *uuid = NULL;
    for (size_t i = 0; i < n; i++) {
        if (!s->found[i])
            continue;
        if (uuid && strcmp(uuid, virt_dom_uuid(s->found[i])) != 0)
            return n;
        uuid = virt_dom_uuid(s->found[i]);
        if (virt_dom_id(s->found[i]) < 0 || is_incoming(s->found[i]))
            continue;
        if (running < n)
            return n;
        running = i;
    }
    return s->c->def->flags & CMD_EXACT ? n : running;
}

// What a search over all nodes came to: one domain, or why not.
static int judge_search(struct search *s, size_t n, size_t *ret_i, struct err *e)
{
    size_t hits = 0;
    _cleanup_buf_ struct buf where = BUF_INIT, silent = BUF_INIT;
    enum err_code worst = ERR_NOT_FOUND;
    for (size_t i = 0; i < n; i++) {
        const char *name = s->nodes[i]->name;
        if (s->found[i]) {
            *ret_i = i;
            buf_addf(&where, "%s%s", hits++ ? ", " : "", name);
        } else if (s->errs[i].code != ERR_NOT_FOUND) {
            buf_addf(&silent, "%s%s: %s", silent.len ? "; " : "", name, s->errs[i].msg);
            worst = s->errs[i].code;
        }
    }
    if (job_check(s->c->job, e) < 0)
        return -1;
    size_t running = hits > 1 ? only_running(s, n) : n;
    if (running < n) {
        *ret_i = running;
        hits = 1;
    }
    if (hits > 1) {
        err_set(e, ERR_USAGE, "domain '%s' is on several nodes: %s", s->name, buf_str(&where));
        return err_hint(e, "say which: %s@NODE, or connect NODE first", s->name);
    }
    if (hits == 1 && silent.len && s->c->def->flags & CMD_EXACT) {
        err_set(e, worst, "domain '%s' is on %s, and may be elsewhere: no answer from %s", s->name,
                s->nodes[*ret_i]->name, buf_str(&silent));
        return err_hint(e, "say which: %s@%s", s->name, s->nodes[*ret_i]->name);
    }
    if (hits == 1) {
        if (silent.len)
            out_notice(OUT_WARN, "looked for '%s' without an answer from %s", s->name, buf_str(&silent));
        return 0;
    }
    if (silent.len)
        return err_set(e, worst, "domain '%s' was not found; no answer from %s", s->name, buf_str(&silent));
    err_set(e, ERR_NOT_FOUND, "no node has a domain '%s'", s->name);
    return err_hint(e, "list --all shows the domains that are there");
}

static int search_everywhere(struct cmd_call *c, const char *name, struct virt_dom **ret, struct err *e)
{
    struct search s = {.c = c, .name = name};
    c->host_implied = true;
    size_t n, hit = 0;
    s.nodes = inventory_hypervisors(ctx_inventory(c->ctx), &n);
    s.n = n;
    s.found = xcalloc(n, sizeof(*s.found));
    s.errs = xcalloc(n, sizeof(*s.errs));
    silence_group_begin(&s.group);
    job_each(c->job, n, search_one, &s);
    int r = judge_search(&s, n, &hit, e);
    if (r == 0)
        r = open_node(c, s.nodes[hit], e);
    if (r == 0)
        *ret = steal(&s.found[hit]);
    for (size_t i = 0; i < n; i++) {
        virt_dom_free(s.found[i]);
        err_release(&s.errs[i]);
    }
    free(s.found);
    free(s.errs);
    node_list_free(s.nodes, n);
    return r;
}

static bool has_hypervisors(struct ctx *ctx)
{
    size_t n;
    struct node **nodes = inventory_hypervisors(ctx_inventory(ctx), &n);
    node_list_free(nodes, n);
    return n > 0;
}

// The connection for a command whose target does not follow from a domain.
static int open_default(struct cmd_call *c, struct err *e)
{
    struct opt_val *node = cmd_node_val(c);
    if (node->n_nodes > 1)
        return err_set(e, ERR_USAGE, "%s works on one node at a time", c->def->name);
    if (node->n_nodes == 1)
        return open_node(c, node->nodes[0], e);
    _cleanup_target_ struct target t = {NULL, NULL};
    c->host_implied = ctx_current(c->ctx, &t);
    if (!c->host_implied && has_hypervisors(c->ctx)) {
        err_set(e, ERR_USAGE, "%s: which node?", c->def->name);
        return err_hint(e, "connect NODE makes one the current one, --node NODE names it for this command");
    }
    return open_target(c, &t, e);
}

static int resolve_domain(struct cmd_call *c, const char *text, struct virt_dom **ret, struct err *e)
{
    _cleanup_free_ char *name = NULL;
    _cleanup_(node_unref_p) struct node *at = split_at_node(c->ctx, text, &name);
    struct opt_val *node = cmd_node_val(c);
    _cleanup_target_ struct target t = {NULL, NULL};
    bool current = ctx_current(c->ctx, &t);
    if (at) {
        if (open_node(c, at, e) < 0)
            return -1;
    } else if (!node->n_nodes && !current && has_hypervisors(c->ctx)) {
        return search_everywhere(c, name, ret, e);
    } else if (!c->conn && open_default(c, e) < 0) {
        return -1;
    }
    if (virt_dom_lookup(c->conn, name, ret, e) == 0)
        return 0;
    if (e->code == ERR_NOT_FOUND)
        err_hint(e, "list --all shows the domains that are there");
    return c->where.node ? err_wrap(e, "node %s", c->where.node->name) : -1;
}

// Each may be on another node: doms[i] knows its connection, nodes[i] is where it is; c->conn is the last one's.
static int resolve_domains(struct cmd_call *c, struct opt_val *v, struct err *e)
{
    v->doms = xcalloc(v->list.n, sizeof(*v->doms));
    v->nodes = xcalloc(v->list.n, sizeof(struct node *));
    v->n_nodes = v->list.n;
    for (; v->n_doms < v->list.n; v->n_doms++) {
        virt_conn_unref(steal(&c->conn)); // of the last one's @NODE
        if (resolve_domain(c, v->list.s[v->n_doms], &v->doms[v->n_doms], e) < 0)
            return -1;
        v->nodes[v->n_doms] = c->where.node ? node_ref(c->where.node) : NULL;
    }
    return 0;
}

int cmd_resolve(struct cmd_call *c, struct err *e)
{
    if (!(c->def->flags & CMD_CONN))
        return 0;
    for (size_t i = 0; c->def->opts && c->def->opts[i].name; i++) {
        struct opt_val *v = &c->vals[i];
        if (c->def->opts[i].type != OPT_DOMAIN || !v->s)
            continue;
        if ((c->def->opts[i].flags & (OPTF_MULTI | OPTF_LIST) ? resolve_domains(c, v, e)
                                                              : resolve_domain(c, v->s, &v->dom, e)) < 0)
            return -1;
    }
    return c->conn || c->def->flags & CMD_CONN_DOMAIN ? 0 : open_default(c, e);
}

size_t cmd_targets(struct cmd_call *c, struct node ***ret)
{
    struct opt_val *node = cmd_node_val(c);
    if (node->n_nodes) {
        *ret = xcalloc(node->n_nodes, sizeof(**ret));
        for (size_t i = 0; i < node->n_nodes; i++)
            (*ret)[i] = node_ref(node->nodes[i]);
        return node->n_nodes;
    }
    _cleanup_target_ struct target t = {NULL, NULL};
    size_t n = 0;
    *ret = ctx_current(c->ctx, &t) ? NULL : inventory_hypervisors(ctx_inventory(c->ctx), &n);
    return n;
}
