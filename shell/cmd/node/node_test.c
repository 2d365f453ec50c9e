// SPDX-License-Identifier: GPL-3.0-or-later
// Try every way to a node: ssh, and each of libvirt's transports; and how long its certificates are good.
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/json.h"
#include "cmd/commands.h"
#include "core/console/session.h"
#include "core/tls/tls.h"
#include "io/job.h"
#include "io/ssh/config.h"
#include "io/virt/conn.h"

enum { NODES, TIMEOUT };
static const struct opt_def opts[] = {
    [NODES] = {"nodes", OPT_NODES, OPTF_POS, "which: NODE[,NODE…] or all", .def = "all"},
    [TIMEOUT] = {"timeout", OPT_DURATION, 0, "give up on a transport after this time", .def = "10s", .unit = "s"},
    {NULL},
};

// Nothing here may stop to ask: what needs an answer has failed the test.
static const struct transport {
    const char *name;
    bool user, port, known_hosts; // what goes into the URI; libvirt's libssh would look into a known_hosts of its own
    const char *query;
} transports[] = {
    {"ssh", false, false, false, NULL},
    {"qemu+ssh", true, true, false, "?no_tty=1"},
    {"qemu+libssh", true, true, true, "?sshauth=agent,privkey&known_hosts="},
    {"qemu+tcp", false, false, false, ""},
    {"qemu+tls", false, false, false, ""},
    {"uri", false, false, false, NULL}, // as the inventory has it
};

struct probe {
    struct node *node;
    const struct transport *transport;
    char *uri;
    bool certificates; // of an ssh row: the node has some, and the first ends in so many days
    long long days;
    bool used; // migsh itself goes this way: its failure is the command's
    double ms;
    char *server;
    struct err err;
};

struct fan {
    struct cmd_call *c;
    struct probe *all;
    size_t n;
};

static char *make_uri(const struct node *n, const struct transport *t)
{
    bool ipv6 = strchr(n->address, ':') != NULL;
    _cleanup_free_ char *user = t->user && n->user ? xasprintf("%s@", n->user) : xstrdup("");
    _cleanup_free_ char *port = t->port && n->port ? xasprintf(":%d", n->port) : xstrdup("");
    _cleanup_free_ char *home = remote_config_home();
    _cleanup_free_ char *hosts = t->known_hosts ? xasprintf("%s/.ssh/known_hosts", home) : xstrdup("");
    return xasprintf("%s://%s%s%s%s%s/system%s%s", t->name, user, ipv6 ? "[" : "", n->address, ipv6 ? "]" : "", port,
                     t->query, hosts);
}

// A login from the start, and the first command.
static int try_ssh(struct fan *f, struct job *job, struct probe *p)
{
    session_drop(f->c->ctx, p->node);
    struct session *s = NULL;
    if (session_get(f->c->ctx, job, p->node, &s, &p->err) < 0)
        return -1;
    struct remote_exec spec = {.command = "true", .timeout_ms = f->c->vals[TIMEOUT].ms};
    struct remote_result result = REMOTE_RESULT_INIT;
    int r = remote_exec(job, session_remote(s), &spec, &result, &p->err);
    if (r == 0)
        r = remote_result_output(p->node->name, &result, NULL, &p->err);
    if (r == 0)
        p->server = xstrdup(remote_server(session_remote(s)));
    remote_result_release(&result);
    session_put(s);
    return r;
}

static char *version_text(unsigned long v)
{
    return xasprintf("%lu.%lu.%lu", v / 1000000, v / 1000 % 1000, v % 1000);
}

static int try_libvirt(struct fan *f, struct job *job, struct probe *p)
{
    struct virt_conn *conn = NULL;
    if (ctx_connect_within(f->c->ctx, job, p->uri, f->c->vals[TIMEOUT].ms, &conn, &p->err) < 0)
        return -1;
    unsigned long lib = 0, hv = 0;
    const char *type = NULL;
    int r = virt_conn_version(conn, &lib, &hv, &type, &p->err);
    if (r == 0) {
        _cleanup_free_ char *lib_text = version_text(lib), *hv_text = version_text(hv);
        p->server =
            hv ? xasprintf("libvirt %s, %s %s", lib_text, type, hv_text) : xasprintf("libvirt %s, %s", lib_text, type);
    }
    virt_conn_unref(conn);
    return r;
}

static void run_probe(struct job *job, size_t i, void *arg)
{
    struct fan *f = arg;
    struct probe *p = &f->all[i];
    double start = clock_mono_ms();
    if (p->uri)
        try_libvirt(f, job, p);
    else
        try_ssh(f, job, p);
    p->ms = clock_mono_ms() - start;
}

// Behind the ways, when a login is there already. A node without certificates has none that could end: no row.
static void look_at_certificates(struct job *job, size_t i, void *arg)
{
    struct fan *f = arg;
    struct probe *p = &f->all[i];
    struct tls_node t;
    _cleanup_err_ struct err away = ERR_INIT;
    if (p->uri || err_is_set(&p->err) || !node_is_hypervisor(p->node) ||
        tls_ask(f->c->ctx, job, p->node, true, &t, &away) < 0)
        return;
    int64_t until = tls_until(&t);
    if (until != INT64_MAX) {
        p->certificates = true;
        p->days = (long long)(until - t.now) / TLS_DAY_S;
    }
    tls_node_release(&t);
}

static json_t *certificates_json(const struct probe *p)
{
    bool pass = p->days >= TLS_SOON_DAYS;
    json_t *v = json_object();
    _cleanup_free_ char *left = xasprintf("%lld days left", p->days);
    _cleanup_free_ char *hint = xasprintf("tls-renew %s", p->node->name);
    json_object_set_new(v, "node", json_text(p->node->name));
    json_object_set_new(v, "transport", json_text("certificates"));
    json_object_set_new(v, "result", json_text(pass ? "pass" : "fail"));
    json_object_set_new(v, "used", json_false());
    json_object_set_new(v, "days", json_integer(p->days));
    json_object_set_new(v, pass ? "server" : "reason", json_text(left));
    if (!pass)
        json_object_set_new(v, "hint", json_text(hint));
    return v;
}

static void add_probe(struct fan *f, struct node *n, const struct transport *t, char *uri, bool used)
{
    f->all = xrealloc(f->all, f->n + 1, sizeof(*f->all));
    f->all[f->n++] = (struct probe){.node = n, .transport = t, .uri = uri, .used = used};
}

static void plan(struct fan *f, struct node *n)
{
    const struct transport *own = &transports[ARRAY_SIZE(transports) - 1];
    bool hypervisor = node_is_hypervisor(n);
    if (n->address)
        add_probe(f, n, &transports[0], NULL, true);
    for (const struct transport *t = transports + 1; t < own && n->address && hypervisor; t++) {
        size_t len = strlen(t->name);
        bool used = !n->uri_given && strncmp(n->uri, t->name, len) == 0 && n->uri[len] == ':';
        add_probe(f, n, t, make_uri(n, t), used);
    }
    if (n->uri_given && hypervisor)
        add_probe(f, n, own, xstrdup(n->uri), true);
}

// The error without what the row says already.
static const char *reason_of(const struct probe *p)
{
    _cleanup_free_ char *known =
        p->uri ? xasprintf("cannot connect to %s: ", p->uri) : xasprintf("%s: ", p->node->name);
    return str_starts(p->err.msg, known) ? p->err.msg + strlen(known) : p->err.msg;
}

static json_t *probe_json(const struct probe *p)
{
    bool pass = !err_is_set(&p->err);
    json_t *v = json_object();
    json_object_set_new(v, "node", json_text(p->node->name));
    json_object_set_new(v, "transport", json_text(p->transport->name));
    json_object_set_new(v, "result", json_text(pass ? "pass" : "fail"));
    json_object_set_new(v, "used", json_boolean(p->used));
    if (pass)
        json_object_set_new(v, "ms", json_real((double)(long long)(p->ms * 10 + 0.5) / 10));
    if (p->server)
        json_object_set_new(v, "server", json_text(p->server));
    if (p->uri)
        json_object_set_new(v, "uri", json_text(p->uri));
    if (!pass) {
        json_object_set_new(v, "code", json_text(err_code_name(p->err.code)));
        json_object_set_new(v, "reason", json_text(reason_of(p)));
        json_object_set_new(v, "hint", json_text(p->err.hint));
    }
    return v;
}

static int run(struct cmd_call *c, struct err *e)
{
    struct fan f = {c, NULL, 0};
    for (size_t i = 0; i < c->vals[NODES].n_nodes; i++)
        plan(&f, c->vals[NODES].nodes[i]);
    job_each(c->job, f.n, run_probe, &f);
    job_each(c->job, f.n, look_at_certificates, &f);
    c->result = json_array();
    _cleanup_buf_ struct buf failed = BUF_INIT;
    enum err_code code = ERR_NONE;
    for (size_t i = 0; i < f.n; i++) {
        struct probe *p = &f.all[i];
        json_array_append_new(c->result, probe_json(p));
        if (p->certificates)
            json_array_append_new(c->result, certificates_json(p));
        if (p->used && err_is_set(&p->err)) {
            code = p->err.code;
            buf_addf(&failed, "%s%s", failed.len ? ", " : "", p->node->name);
            buf_addf(&failed, " (%s)", p->transport->name);
        }
        free(p->uri);
        free(p->server);
        err_release(&p->err);
    }
    free(f.all);
    if (job_check(c->job, e) < 0)
        return -1;
    return code ? err_set(e, code, "not reached: %s", buf_str(&failed)) : 0;
}

static const struct view_col columns[] = {{"node", "Node"},    {"transport", "Transport"}, {"result", "Result"},
                                          {"ms", "Time (ms)"}, {"server", "Server"},       {"reason", "Reason"},
                                          {NULL, NULL}};

const struct cmd_def cmd_node_test = {
    .name = "node-test",
    .group = "Nodes",
    .summary = "try every way to the nodes",
    .help =
        "An ssh login with its first command, and libvirt's transports qemu+ssh, qemu+libssh, qemu+tcp and qemu+tls,\n"
        "each timed. Fails if a way that migsh itself uses fails: ssh, and the node's own URI. No questions are asked\n"
        "for the sake of libvirt's transports; the ssh login may ask. Of a node that has certificates a row tells how\n"
        "long the first of them is good; it fails when that is less than 30 days, and the command does not for that.",
    .example = "node-test\nnode-test source,dest --timeout 3s",
    .opts = opts,
    .view = {VIEW_TABLE, columns},
    .run = run};
