// SPDX-License-Identifier: GPL-3.0-or-later
// Open ports of a node for other nodes, for a while; or switch its firewall or SELinux off, in so many words.
#include <string.h>

#include "base/json.h"
#include "cmd/commands.h"
#include "cmd/engine/apply.h"
#include "cmd/engine/render.h"
#include "cmd/firewall/firewall_common.h"
#include "cmd/rows.h"
#include "core/console/out.h"
#include "io/job.h"

enum { NODE, FOR, KEEP, FROM, PORTS, NO_FIREWALL, NO_SELINUX };
enum { MAX_S = 30 * 24 * 3600 };

static const struct opt_def opts[] = {
    [NODE] = NODE_ROW("the node that is to be reached"),
    [FOR] = {"for", OPT_DURATION, 0, "then the node closes it by itself", .unit = "s", .excludes = "keep"},
    [KEEP] = {"keep", OPT_BOOL, 0, "until firewall-close, or this is taken back"},
    [FROM] = {"from", OPT_NODES, 0, "who may come: NODE[,NODE…]", .def = "all"},
    [PORTS] = {"ports", OPT_STRING, 0, "migration, libvirt, nfs, ssh, N or N-M, with commas between",
               .def = "migration"},
    [NO_FIREWALL] = {"disable-firewall", OPT_BOOL, 0, "stop firewalld or ufw: every port is open to everyone",
                     .excludes = "for|keep|from|ports"},
    [NO_SELINUX] = {"disable-selinux", OPT_BOOL, 0, "let SELinux permit all until a boot",
                    .excludes = "for|keep|from|ports"},
    APPLY_ROWS,
    {NULL},
};

struct call {
    struct firewall is;
    struct strv ports, addresses;
    char *id;
    struct reach_host *hosts; // the node, then its peers
    size_t n_peers;
    struct reach_try *before, *after;
    size_t n_tries;
};

static void call_release(struct call *k)
{
    firewall_release(&k->is);
    strv_release(&k->ports);
    strv_release(&k->addresses);
    free(k->id);
    free(k->hosts);
    reach_release(k->before, k->n_tries);
    reach_release(k->after, k->after ? k->n_tries : 0);
    free(k->before);
    free(k->after);
}

static void split_ports(const struct cmd_call *c, struct strv *ret)
{
    strv_split(ret, c->vals[PORTS].s, ',');
}

static int find_peers(struct cmd_call *c, struct call *k, struct err *e)
{
    struct node *node = c->vals[NODE].node;
    _cleanup_free_ struct node **peers = firewall_nodes(&c->vals[FROM], node, &k->n_peers);
    k->hosts = xcalloc(k->n_peers + 1, sizeof(*k->hosts));
    k->hosts[0] = firewall_host(node);
    for (size_t i = 0; i < k->n_peers; i++)
        k->hosts[1 + i] = firewall_host(peers[i]);
    if (k->n_peers)
        return 0;
    err_set(e, ERR_USAGE, "there is no other node with an ssh address for which %s could be opened", node->name);
    return err_hint(e, "node-add adds one");
}

struct peers {
    struct cmd_call *c;
    struct call *k;
    struct peer {
        struct strv addresses;
        bool silent;
        struct err err;
    } * all;
};

static void ask_peer(struct job *job, size_t i, void *arg)
{
    struct peers *p = arg;
    firewall_peer_addresses(p->c->ctx, job, p->k->hosts[1 + i].node, p->c->vals[NODE].node, &p->all[i].addresses,
                            &p->all[i].silent, &p->all[i].err);
}

static int ask_peers(struct cmd_call *c, struct call *k, struct err *e)
{
    struct peers p = {c, k, xcalloc(k->n_peers, sizeof(*p.all))};
    job_each(c->job, k->n_peers, ask_peer, &p);
    for (size_t i = 0; i < k->n_peers; i++) {
        struct peer *peer = &p.all[i];
        if (err_is_set(&peer->err))
            err_join(e, &peer->err);
        else if (peer->silent)
            out_notice(OUT_WARN, "%s does not answer: it is taken to come from the inventory's address",
                       k->hosts[1 + i].node->name);
        strv_copy(&k->addresses, &peer->addresses);
        strv_release(&peer->addresses);
        err_release(&peer->err);
    }
    free(p.all);
    strv_sort_unique(&k->addresses);
    return err_is_set(e) ? -1 : job_check(c->job, e);
}

static int gather(struct cmd_call *c, struct call *k, struct err *e)
{
    struct node *node = c->vals[NODE].node;
    _cleanup_strv_ struct strv words = STRV_INIT;
    split_ports(c, &words);
    if (firewall_look(c->ctx, c->job, node, &k->is, e) < 0 || firewall_ports(&words, &k->is, &k->ports, e) < 0 ||
        ask_peers(c, k, e) < 0)
        return -1;
    k->id = firewall_new_id(&k->is);
    return 0;
}

// Every peer at each of the ranges.
static struct reach_try *new_tries(const struct call *k, const struct strv *ranges)
{
    struct reach_try *tries = xcalloc(k->n_peers * ranges->n + 1, sizeof(*tries));
    for (size_t i = 0; i < k->n_peers * ranges->n; i++)
        tries[i] =
            (struct reach_try){.from = 1 + i / ranges->n, .to = 0, .range = ranges->s[i % ranges->n], .err = ERR_INIT};
    return tries;
}

static int run_tries(struct cmd_call *c, const struct call *k, struct reach_try *tries, size_t n, struct err *e)
{
    return reach_run(c->ctx, c->job, k->hosts, k->n_peers + 1, tries, n, FIREWALL_LISTEN_S, e);
}

static int prove(struct cmd_call *c, struct call *k, struct reach_try **ret, struct err *e)
{
    *ret = new_tries(k, &k->ports);
    k->n_tries = k->n_peers * k->ports.n;
    return run_tries(c, k, *ret, k->n_tries, e);
}

static json_t *ways_json(const struct call *k)
{
    json_t *list = json_array();
    for (size_t i = 0; i < k->n_tries; i++) {
        const struct reach_try *b = &k->before[i], *a = k->after ? &k->after[i] : NULL;
        const char *why = firewall_why(a ? a : b);
        json_t *row = json_pack("{s:o, s:o, s:o, s:o, s:o*}", "from", json_text(k->hosts[b->from].node->name), "ports",
                                json_text(b->range), "before", json_text(firewall_state(b)), "after",
                                json_text(a ? firewall_state(a) : NULL), "why", why ? json_text(why) : NULL);
        json_array_append_new(list, row);
    }
    return list;
}

// Who still does not come in, of the last tries.
static int verdict(const struct cmd_call *c, const struct call *k, const struct reach_try *tries, struct err *e)
{
    for (size_t i = 0; i < k->n_tries; i++) {
        const struct reach_try *t = &tries[i];
        if (err_is_set(&t->err) || t->reached)
            continue;
        err_set(e, ERR_VERDICT, "%s does not reach port %ld of %s: %s", k->hosts[t->from].node->name, t->port,
                c->vals[NODE].node->name, t->error);
        return err_hint(e, "firewall-check %s tells what drops there; there may be a firewall between them",
                        c->vals[NODE].node->name);
    }
    for (size_t i = 0; i < k->n_tries; i++) {
        if (err_is_set(&tries[i].err))
            return err_set(e, tries[i].err.code, "%s", tries[i].err.msg);
    }
    return 0;
}

static bool all_reached(const struct reach_try *tries, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (err_is_set(&tries[i].err) || !tries[i].reached)
            return false;
    }
    return n > 0;
}

// Everything comes in, and nothing of it only for a while. Of a range its first free port was tried: a rule may be for
// less than all of it, so the last one is tried, too.
static int is_open(struct cmd_call *c, const struct call *k, bool *ret, struct err *e)
{
    *ret = all_reached(k->before, k->n_tries);
    for (size_t i = 0; i < k->is.n_ours; i++)
        *ret &= k->is.ours[i].keep;
    if (!*ret)
        return 0;
    _cleanup_strv_ struct strv ends = STRV_INIT;
    for (size_t i = 0; i < k->ports.n; i++) {
        const char *dash = strchr(k->ports.s[i], '-');
        strv_add(&ends, dash ? dash + 1 : k->ports.s[i]);
    }
    size_t n = k->n_peers * ends.n;
    struct reach_try *tries = new_tries(k, &ends);
    int rc = run_tries(c, k, tries, n, e);
    *ret = rc == 0 && all_reached(tries, n);
    reach_release(tries, n);
    free(tries);
    return rc;
}

static int make(struct cmd_call *c, enum apply_mode mode, void *data, struct plan *p, struct err *e)
{
    (void)mode;
    struct call *k = data;
    bool open = false;
    if (c->vals[KEEP].b && is_open(c, k, &open, e) < 0)
        return -1;
    if (open) {
        out_notice(OUT_INFO, "%s is open for them already", c->vals[NODE].node->name);
        return 0;
    }
    const struct firewall_wish w = {c->vals[NODE].node, &k->ports, &k->addresses,
                                    c->vals[KEEP].b ? 0 : (unsigned)((c->vals[FOR].ms + 999) / 1000)};
    if (firewall_open_plan(p, &k->is, &w, k->id, e) < 0)
        return -1;
    if (!p->n)
        out_notice(OUT_INFO, "nothing on %s drops what comes in", w.node->name);
    return 0;
}

static int make_off(struct cmd_call *c, enum apply_mode mode, void *data, struct plan *p, struct err *e)
{
    (void)mode;
    (void)data;
    struct node *node = c->vals[NODE].node;
    _cleanup_firewall_ struct firewall f = {0};
    if (firewall_look(c->ctx, c->job, node, &f, e) < 0 ||
        (c->vals[NO_FIREWALL].b && firewall_off_plan(p, node, &f, e) < 0))
        return -1;
    return c->vals[NO_SELINUX].b ? firewall_selinux_plan(p, node, &f, e) : 0;
}

static int verify(struct cmd_call *c, struct call *k, struct err *e)
{
    json_t *item = json_pack("{s:o, s:o, s:o}", "node", json_text(c->vals[NODE].node->name), "what",
                             json_text("ports open"), "state", json_text("verified"));
    int rc = verdict(c, k, k->before, e);
    if (rc < 0)
        json_object_set_new(item, "state", json_text(e->code == ERR_VERDICT ? "failed" : "unreachable"));
    c->result = json_pack("{s:o, s:i, s:i, s:[o], s:o}", "mode", json_text("verify"), "changed", 0, "planned", 0,
                          "items", item, "ways", ways_json(k));
    return rc;
}

static int open_ports(struct cmd_call *c, enum apply_mode mode, struct apply *a, struct call *k, struct err *e)
{
    if (find_peers(c, k, e) < 0 || gather(c, k, e) < 0 || prove(c, k, &k->before, e) < 0)
        return -1;
    if (mode == APPLY_MODE_VERIFY)
        return verify(c, k, e);
    static const struct apply_stage stage = {make};
    a->stages = &stage;
    a->n_stages = 1;
    a->data = k;
    int rc = apply_run(c, mode, a, e);
    bool applied = rc == 0 && strcmp(json_text_at(c->result, "mode"), "apply") == 0;
    if (applied && (rc = prove(c, k, &k->after, e)) == 0)
        rc = verdict(c, k, k->after, e);
    if (c->result)
        json_object_set_new(c->result, "ways", ways_json(k));
    return rc;
}

static int check_words(struct cmd_call *c, struct err *e)
{
    const struct opt_val *v = &c->vals[FOR];
    _cleanup_strv_ struct strv words = STRV_INIT, ignored = STRV_INIT;
    split_ports(c, &words);
    if (firewall_ports(&words, NULL, &ignored, e) < 0)
        return -1;
    if (!words.n)
        return err_set(e, ERR_USAGE, "--ports names none");
    if (v->given && (v->ms < 1000 || v->ms > MAX_S * 1e3))
        return err_set(e, ERR_USAGE, "--for is a second to 30 days");
    if (v->given || c->vals[KEEP].b || apply_mode_of(c) == APPLY_MODE_VERIFY)
        return 0;
    err_set(e, ERR_USAGE, "firewall-open needs --for or --keep");
    return err_hint(e, "for example: firewall-open %s --for 1h", c->vals[NODE].node->name);
}

static int run(struct cmd_call *c, struct err *e)
{
    enum apply_mode mode = apply_mode_of(c);
    bool off = c->vals[NO_FIREWALL].b || c->vals[NO_SELINUX].b;
    const char *name = c->vals[NODE].node->name;
    _cleanup_(call_release) struct call k = {.id = NULL};
    _cleanup_strv_ struct strv nodes = STRV_INIT;
    strv_add(&nodes, name);
    json_auto_t *about = json_pack("{s:o}", "node", json_text(name));
    const struct apply_stage stage = {make_off};
    struct apply a = {.title = "firewall-open", .about = about, .nodes = &nodes, .stages = &stage, .n_stages = 1};
    if (mode == APPLY_MODE_REVERT || off)
        return apply_run(c, mode, &a, e);
    if (check_words(c, e) < 0)
        return -1;
    return open_ports(c, mode, &a, &k, e);
}

static void render(const json_t *value, struct buf *out)
{
    static const struct view_col cols[] = {{"from", "From"}, {"ports", "Ports"}, {"before", "Before"},
                                           {"after", "Now"}, {"why", "Why"},     {NULL}};
    static const struct view view = {VIEW_TABLE, cols};
    apply_render(value, out);
    const json_t *ways = json_object_get(value, "ways");
    if (!ways)
        return;
    buf_addc(out, '\n');
    render_view(&view, ways, out);
}

const struct cmd_def cmd_firewall_open = {
    .name = "firewall-open",
    .group = "Nodes",
    .summary = "open ports of a node for other nodes, for a while",
    .help =
        "A rule of migsh's own goes in front of everything that drops what comes in: into firewalld's active zones,\n"
        "iptables' INPUT (ufw's too), and each of nft's base chains, for the other nodes' addresses alone. After "
        "--for\n"
        "the node takes it away by itself, whatever has become of this console, and no boot brings it back. --keep\n"
        "leaves it: firewalld and ufw have it after a boot, too; what is open already is left so. Nobody else's rules\n"
        "are touched. The other nodes connect before and after; exit status 12 if one still does not get through.\n"
        "--revert closes what was opened on the node from here, firewall-close also what others have left.\n"
        "--disable-firewall and --disable-selinux switch the whole off, and --revert on again.",
    .example = "firewall-open dest --for 1h --plan\n"
               "firewall-open dest --for 30m --from source --ports migration,libvirt --apply\n"
               "firewall-open nfs --keep --ports nfs --apply\n"
               "firewall-open dest --revert",
    .opts = opts,
    .view = {VIEW_CUSTOM, .render = render},
    .run = run};
