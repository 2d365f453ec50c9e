// SPDX-License-Identifier: GPL-3.0-or-later
// /etc/hosts of all nodes and of this machine: hosts-sync, hosts-diff, hosts-revert, hosts-show.
#include <string.h>

#include "base/json.h"
#include "base/printable.h"
#include "cmd/commands.h"
#include "cmd/engine/apply.h"
#include "cmd/rows.h"
#include "core/console/out.h"
#include "core/hosts/hosts.h"
#include "core/node/ask.h"
#include "core/node/place.h"
#include "io/job.h"
#include "io/probe/probe.h"

static const char hosts_path[] = "/etc/hosts";
enum { SHOW_MAX = 8 << 20 };

struct sync {
    const char *cluster;
    bool fix;
    struct hosts wanted;
    struct node **nodes; // where to write; NULL among them: this machine
    size_t n;
    struct cmd_call *c;
};

// A change's own copy: the plan may outlive us.
static void free_hosts(void *data)
{
    hosts_release(data);
    free(data);
}

static struct hosts *copy_hosts(const struct hosts *h)
{
    struct hosts *copy = xnew(struct hosts);
    copy->n = h->n;
    copy->list = xcalloc(h->n + 1, sizeof(*copy->list));
    for (size_t i = 0; i < h->n; i++)
        copy->list[i] = (struct hosts_entry){xstrdup(h->list[i].name), xstrdup(h->list[i].address)};
    return copy;
}

static char *rewrite(const char *line, size_t len, const void *data)
{
    return hosts_mend(data, line, len);
}

static void inspect(const struct change *c, const char *old, size_t len, json_t *notes)
{
    hosts_conflicts(c->data, old, len, notes);
}

static void meet(struct change *c, const char *host)
{
    struct hosts *h = c->data;
    free(h->own);
    h->own = xstrdup(host);
}

static int make(struct cmd_call *c, enum apply_mode mode, void *data, struct plan *plan, struct err *e)
{
    (void)c;
    (void)mode;
    (void)e;
    struct sync *s = data;
    _cleanup_buf_ struct buf text = BUF_INIT, verify = BUF_INIT;
    hosts_text(&s->wanted, &text);
    hosts_verify_script(&s->wanted, &verify);
    for (size_t i = 0; i < s->n; i++) {
        if (s->fix) {
            struct change *lines = plan_add(plan, s->nodes[i], CHANGE_LINES, "lines in the way");
            lines->path = xstrdup(hosts_path);
            lines->rewrite = rewrite;
            lines->meet = meet;
            lines->data = copy_hosts(&s->wanted);
            lines->free_data = free_hosts;
        }
        struct change *block = plan_add(plan, s->nodes[i], CHANGE_BLOCK, "names of the nodes");
        block->path = xstrdup(hosts_path);
        block->tag = xstrdup(s->cluster);
        block->verify = xstrdup(buf_str(&verify));
        block->inspect = inspect;
        block->meet = meet;
        block->data = copy_hosts(&s->wanted);
        block->free_data = free_hosts;
        change_set_text(block, buf_str(&text), text.len);
    }
    return 0;
}

static int add_wanted(struct hosts *h, const struct node *n, struct err *e)
{
    if (!n->address) {
        out_notice(OUT_WARN, "node %s has no address of its own (only a URI): it is left out", n->name);
        return 0;
    }
    struct probe_addr addr;
    char text[64];
    if (probe_resolve(n->address, 0, &addr, e) < 0)
        return err_wrap(e, "node %s", n->name);
    probe_addr_text(&addr, text, sizeof(text));
    if (strcmp(text, n->address) != 0)
        out_notice(OUT_INFO, "%s: this machine resolves %s to %s, which is written", n->name, n->address, text);
    return hosts_add(h, n->name, text, e);
}

static int gather_wanted(struct ctx *ctx, struct hosts *h, struct err *e)
{
    size_t n;
    struct node **all = inventory_all(ctx_inventory(ctx), &n);
    int r = n ? 0 : err_set(e, ERR_NOT_FOUND, "there are no nodes");
    if (!n)
        err_hint(e, "node-add NAME root@ADDRESS adds one");
    for (size_t i = 0; i < n && r == 0; i++)
        r = add_wanted(h, all[i], e);
    node_list_free(all, n);
    return r;
}

// The nodes given (and this machine with `admin`), or all with an address and this machine.
static void choose_nodes(struct cmd_call *c, const struct opt_val *given, bool admin, struct sync *s,
                         struct strv *names)
{
    size_t n = 0;
    struct node **all = given->given ? NULL : inventory_all(ctx_inventory(c->ctx), &n);
    struct node **from = given->given ? given->nodes : all;
    n = given->given ? given->n_nodes : n;
    s->nodes = xcalloc(n + 2, sizeof(struct node *));
    for (size_t i = 0; i < n; i++) {
        if (strv_has(names, from[i]->name) || !from[i]->address)
            continue;
        s->nodes[s->n++] = node_ref(from[i]);
        strv_add(names, from[i]->name);
    }
    node_list_free(all, given->given ? 0 : n);
    if (!given->given || admin) {
        s->nodes[s->n++] = NULL;
        strv_add(names, EDIT_ADMIN);
    }
}

static void sync_release(struct sync *s)
{
    for (size_t i = 0; i < s->n; i++)
        node_unref(s->nodes[i]);
    free(s->nodes);
    hosts_release(&s->wanted);
}

enum { NODES, CLUSTER, FIX, ADMIN };

#define CLUSTER_ROW                                                                                                    \
    {                                                                                                                  \
        "cluster", OPT_STRING, 0, "name of the block: \"# BEGIN MIGSH NAME\"", .def = "default"                        \
    }

static int run_mode(struct cmd_call *c, enum apply_mode mode, bool fix, bool admin, struct err *e)
{
    static const struct apply_stage stages[] = {{make}};
    _cleanup_(sync_release) struct sync s = {.cluster = c->vals[CLUSTER].s, .fix = fix, .c = c};
    _cleanup_strv_ struct strv names = STRV_INIT;
    choose_nodes(c, &c->vals[NODES], admin, &s, &names);
    if (mode != APPLY_MODE_REVERT && gather_wanted(c->ctx, &s.wanted, e) < 0)
        return -1;
    json_t *about = json_pack("{s:o}", "cluster", json_text(s.cluster));
    struct apply a = {.title = "hosts-sync",
                      .about = about,
                      .nodes = c->vals[NODES].given ? &names : NULL,
                      .stages = stages,
                      .n_stages = 1,
                      .data = &s};
    int r = apply_run(c, mode, &a, e);
    json_decref(about);
    return r;
}

static const struct opt_def sync_opts[] = {
    [NODES] = NODES_ROW(0, "where to write: NODE[,NODE…]; default: all nodes and this machine"),
    [CLUSTER] = CLUSTER_ROW,
    [FIX] = {"fix-conflicts", OPT_BOOL, 0, "take the names out of other lines that give them other addresses"},
    [ADMIN] = {"admin", OPT_BOOL, 0, "with nodes: this machine, too"},
    APPLY_ROWS,
    {NULL},
};

static int run_sync(struct cmd_call *c, struct err *e)
{
    return run_mode(c, apply_mode_of(c), c->vals[FIX].b, c->vals[ADMIN].b, e);
}

const struct cmd_def cmd_hosts_sync = {
    .name = "hosts-sync",
    .group = "Nodes",
    .summary = "write the names of all nodes into /etc/hosts everywhere",
    .help =
        "A block between \"# BEGIN MIGSH default\" and \"# END MIGSH default\" in /etc/hosts of every node and of "
        "this\n"
        "machine names all nodes of the inventory; the rest of the file is left as it is. Without --plan, --apply,\n"
        "--verify or --revert it shows what would be done and asks. Other lines that give a node another address, or "
        "the\n"
        "machine's own name 127.0.1.1, are told of, and mended with --fix-conflicts. Afterwards each machine's "
        "resolver\n"
        "is asked. What was done is in a journal: --revert takes it back, to the byte, also later and from another\n"
        "console; what someone else has changed since is shown and left alone.",
    .example =
        "hosts-sync --plan\nhosts-sync --apply --fix-conflicts\nhosts-sync source,dest --verify\nhosts-sync --revert",
    .opts = sync_opts,
    .view = {VIEW_CUSTOM, .render = apply_render},
    .run = run_sync};

// hosts-diff and hosts-revert: --plan and --revert of the above under their own names. Their rows begin with the same
// ones.

static const struct opt_def diff_opts[] = {
    [NODES] = NODES_ROW(0, "which: NODE[,NODE…]; default: all nodes and this machine"),
    [CLUSTER] = CLUSTER_ROW,
    {NULL},
};

static int run_diff(struct cmd_call *c, struct err *e)
{
    return run_mode(c, APPLY_MODE_PLAN, false, false, e);
}

static void render_diff(const json_t *value, struct buf *out)
{
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(value, "items"), i, item)
    {
        const json_t *diff = json_object_get(item, "diff");
        buf_addf(out, "%s: %s\n", json_text_at(item, "node"), diff ? "differs" : json_text_at(item, "state"));
        if (diff)
            buf_add_printable(out, json_string_value(diff), json_string_length(diff));
    }
}

const struct cmd_def cmd_hosts_diff = {.name = "hosts-diff",
                                       .group = "Nodes",
                                       .summary = "show what hosts-sync would change",
                                       .example = "hosts-diff\nhosts-diff source",
                                       .opts = diff_opts,
                                       .view = {VIEW_CUSTOM, .render = render_diff},
                                       .run = run_diff};

static const struct opt_def revert_opts[] = {
    [NODES] = NODES_ROW(0, "where: NODE[,NODE…]; default: wherever something was written"),
    [CLUSTER] = CLUSTER_ROW,
    {"journal", OPT_STRING, 0, "take back this journal alone"},
    {NULL},
};

static int run_revert(struct cmd_call *c, struct err *e)
{
    return run_mode(c, APPLY_MODE_REVERT, false, false, e);
}

const struct cmd_def cmd_hosts_revert = {.name = "hosts-revert",
                                         .group = "Nodes",
                                         .summary = "take back what hosts-sync wrote",
                                         .example = "hosts-revert\nhosts-revert source",
                                         .opts = revert_opts,
                                         .view = {VIEW_CUSTOM, .render = apply_render},
                                         .run = run_revert};

struct show {
    struct sync s;
    json_t **lines;
    struct err *errs;
};

static void show_one(struct job *job, size_t i, void *arg)
{
    struct show *w = arg;
    struct question q = {.tools = {"echo @text; cat /etc/hosts"}, .as_user = true, .max_output = SHOW_MAX};
    _cleanup_facts_ struct facts facts = {0};
    if (node_ask(w->s.c->ctx, job, w->s.nodes[i], &q, &facts, &w->errs[i]) == 0)
        w->lines[i] = hosts_lines(facts.text, facts.text_len);
}

static int run_show(struct cmd_call *c, struct err *e)
{
    struct show w = {.s = {.c = c}};
    _cleanup_strv_ struct strv names = STRV_INIT;
    choose_nodes(c, &c->vals[NODES], false, &w.s, &names);
    w.lines = xcalloc(w.s.n + 1, sizeof(json_t *));
    w.errs = xcalloc(w.s.n + 1, sizeof(*w.errs));
    job_each(c->job, w.s.n, show_one, &w);
    c->result = json_array();
    for (size_t i = 0; i < w.s.n; i++) {
        size_t k;
        json_t *line;
        json_array_foreach(w.lines[i], k, line)
        {
            json_object_set_new(line, "node", json_text(place_name(w.s.nodes[i])));
            json_array_append(c->result, line);
        }
        if (err_is_set(&w.errs[i]))
            err_join(e, &w.errs[i]);
        json_decref(w.lines[i]);
        err_release(&w.errs[i]);
    }
    free(w.lines);
    free(w.errs);
    sync_release(&w.s);
    return err_is_set(e) ? -1 : 0;
}

static const struct opt_def show_opts[] = {
    [NODES] = NODES_ROW(0, "which: NODE[,NODE…]; default: all nodes and this machine"),
    {NULL},
};

static const struct view_col show_cols[] = {{.key = "node", .title = "Node"},
                                            {.key = "address", .title = "Address"},
                                            {.key = "names", .title = "Names"},
                                            {.key = "managed", .title = "By migsh", .yes = "yes", .no = "-"},
                                            {.key = NULL}};

const struct cmd_def cmd_hosts_show = {.name = "hosts-show",
                                       .group = "Nodes",
                                       .summary = "show /etc/hosts of the nodes",
                                       .example = "hosts-show\nhosts-show source",
                                       .opts = show_opts,
                                       .view = {VIEW_TABLE, show_cols},
                                       .run = run_show};
