// SPDX-License-Identifier: GPL-3.0-or-later
// What is wrong with the certificates of the nodes: tls-check.
#include <string.h>

#include "base/json.h"
#include "base/printable.h"
#include "base/table.h"
#include "cmd/commands.h"
#include "cmd/engine/render.h"
#include "cmd/keys/keys_common.h"
#include "core/tls/tls.h"
#include "io/job.h"

enum { NODES };
static const struct opt_def opts[] = {
    [NODES] = {"nodes", OPT_NODES, OPTF_POS | OPTF_MULTI | OPTF_HYPERVISORS, "which: NODE… or all", .def = "all"},
    {NULL},
};

struct look {
    struct node *node;
    json_t *summary, *findings; // NULL: it was not reached
    struct err err;
};

struct fan {
    struct ctx *ctx;
    struct look *all;
};

static void look_one(struct job *job, size_t i, void *arg)
{
    struct fan *f = arg;
    struct look *l = &f->all[i];
    struct tls_node t;
    if (tls_ask(f->ctx, job, l->node, false, &t, &l->err) < 0)
        return;
    l->findings = tls_judge(&t);
    l->summary = tls_summary(&t, l->findings);
    tls_node_release(&t);
}

// Two nodes with different authorities for the same thing do not get together.
static void compare(struct look *all, size_t n, json_t *findings)
{
    const char *first = NULL, *name = NULL;
    for (size_t i = 0; i < n; i++) {
        const char *own = all[i].summary ? json_text_at(all[i].summary, "authority") : NULL;
        if (own && first && strcmp(own, first) != 0) {
            _cleanup_free_ char *seen = xasprintf("it is not the authority that %s has", name);
            json_array_append_new(findings,
                                  tls_finding(all[i].node->name, tls_world_name(TLS_QEMU), NULL, "warn", seen,
                                              "one for all, or each with both",
                                              "The certificate hasn't got a known issuer", "tls-setup --force"));
        } else if (own && !first) {
            first = own;
            name = all[i].node->name;
        }
    }
}

static int conclude(const json_t *findings, const struct err *away, struct err *e)
{
    size_t i, bad = 0;
    const json_t *f;
    json_array_foreach(findings, i, f) bad += strcmp(json_text_at(f, "level"), "fail") == 0;
    if (bad)
        return err_set(e, ERR_VERDICT, "%zu of the findings are in the way of TLS", bad);
    if (!err_is_set(away))
        return 0;
    err_copy(e, away);
    return -1;
}

static int run(struct cmd_call *c, struct err *e)
{
    size_t n;
    _cleanup_free_ struct node **nodes = keys_nodes(&c->vals[NODES], &n);
    struct fan f = {c->ctx, xcalloc(n + 1, sizeof(*f.all))};
    _cleanup_err_ struct err away = ERR_INIT;
    for (size_t i = 0; i < n; i++)
        f.all[i].node = nodes[i];
    job_each(c->job, n, look_one, &f);
    json_t *summaries = json_array(), *findings = json_array();
    for (size_t i = 0; i < n; i++) {
        struct look *l = &f.all[i];
        if (l->summary) {
            json_array_append(summaries, l->summary);
            json_array_extend(findings, l->findings);
        } else {
            json_array_append_new(
                findings, tls_finding(l->node->name, NULL, NULL, "unknown", l->err.msg, NULL, NULL, l->err.hint));
            err_join(&away, &l->err);
        }
    }
    compare(f.all, n, findings);
    c->result = json_pack("{s:o, s:o}", "nodes", summaries, "findings", findings);
    for (size_t i = 0; i < n; i++) {
        json_decref(f.all[i].summary);
        json_decref(f.all[i].findings);
        err_release(&f.all[i].err);
    }
    free(f.all);
    return job_check(c->job, e) < 0 ? -1 : conclude(findings, &away, e);
}

static void render_nodes(const json_t *nodes, struct buf *out)
{
    static const char *const titles[] = {"Node", "libvirt", "QEMU", "Days left", "qemu+tls"};
    struct table *t = table_new(ARRAY_SIZE(titles), titles);
    size_t i;
    const json_t *v;
    json_array_foreach(nodes, i, v)
    {
        const json_t *days = json_object_get(v, "days");
        _cleanup_free_ char *left =
            json_is_integer(days) ? xasprintf("%lld", (long long)json_integer_value(days)) : NULL;
        const char *const cells[] = {json_text_at(v, "node"), json_text_at(v, "libvirt"), json_text_at(v, "qemu"), left,
                                     json_is_true(json_object_get(v, "listens")) ? "listens" : NULL};
        table_row(t, cells);
    }
    render_table(t, out);
    table_free(t);
}

static void add_words(struct buf *out, const char *title, const json_t *finding, const char *key)
{
    const char *text = json_text_at(finding, key);
    if (!text || !*text)
        return;
    buf_addf(out, "    %s: ", title);
    buf_add_line(out, text);
    buf_addc(out, '\n');
}

static void render(const json_t *value, struct buf *out)
{
    size_t i;
    const json_t *f;
    render_nodes(json_object_get(value, "nodes"), out);
    json_array_foreach(json_object_get(value, "findings"), i, f)
    {
        const char *file = json_text_at(f, "file");
        _cleanup_free_ char *head = xasprintf("[%s] %s%s%s: %s", json_text_at(f, "level"), json_text_at(f, "node"),
                                              file ? " " : "", file ? file : "", json_text_at(f, "seen"));
        buf_add_line(out, head);
        buf_addc(out, '\n');
        add_words(out, "wanted", f, "wanted");
        add_words(out, "libvirt would say", f, "libvirt");
        add_words(out, "remedy", f, "remedy");
    }
}

const struct cmd_def cmd_tls_check = {
    .name = "tls-check",
    .group = "Nodes",
    .summary = "tell what is wrong with the nodes' certificates",
    .help =
        "Of libvirt's (qemu+tls) and of QEMU's (migrate --tls), on all nodes at once: whether the files are there, "
        "signed\n"
        "by the authority beside them, made for their use and for the name and address that the inventory has, and "
        "valid\n"
        "by the node's own clock for a month more, whether private keys are out of others' reach but in that of "
        "QEMU's\n"
        "user, and whether they belong to the certificates. Private keys are not read here: ssh-keygen on the node\n"
        "tells their public half. With each finding stands what libvirt or QEMU would say. Exit status 12 where "
        "anything\n"
        "is in the way of TLS.",
    .example = "tls-check\ntls-check source dest\n--json tls-check",
    .opts = opts,
    .view = {VIEW_CUSTOM, .render = render},
    .run = run};
