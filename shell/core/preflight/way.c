// SPDX-License-Identifier: GPL-3.0-or-later
// What lies between two nodes: a port that is really connected to, and libvirt as the source's root reaches it. Job
// threads. See priv.h.
#include <string.h>

#include "base/json.h"
#include "core/console/uri.h"
#include "core/guest/files.h"
#include "core/node/ask.h"
#include "core/preflight/priv.h"
#include "core/preflight/reach.h"
#include "core/preflight/tools_priv.h"
#include "io/job.h"

// A refusal that comes later than what listens tells nothing: then it is tried anew.
enum { LISTEN_S = 5, ATTEMPTS = 3, P2P_S = 5 };

struct way {
    struct ctx *ctx;
    struct job *job;
    struct node *source, *dest; // as the inventory has them
    struct node *from, *to;     // the machines; NULL: this one
    const char *hostname;
    json_t *facts;
};

#define ASK(w, machine, node, words, ret, e, ...)                                                                      \
    node_ask((w)->ctx, (w)->job, machine,                                                                              \
             &(struct question){.tools = {__VA_ARGS__},                                                                \
                                .args = words,                                                                         \
                                .n_args = ARRAY_SIZE(words),                                                           \
                                .as_user = !guest_is_system((node)->uri)},                                             \
             ret, e)

static int ask_ports(struct way *w, json_t **ret, struct err *e)
{
    const struct reach_host hosts[] = {{w->source, w->from, !guest_is_system(w->source->uri), NULL},
                                       {w->dest, w->to, !guest_is_system(w->dest->uri), w->hostname}};
    struct reach_try t = {.err = ERR_INIT};
    for (int i = 0; i < ATTEMPTS; i++) {
        reach_release(&t, 1);
        t = (struct reach_try){.from = 0, .to = 1, .range = REACH_MIGRATION, .err = ERR_INIT};
        if (reach_run(w->ctx, w->job, hosts, ARRAY_SIZE(hosts), &t, 1, LISTEN_S, e) < 0)
            err_move(&t.err, e);
        if (t.err.code != ERR_TIMEOUT)
            break;
    }
    int rc = err_is_set(&t.err) ? -1 : 0;
    if (rc == 0)
        *ret = json_pack("{s:o, s:O, s:I, s:b, s:o}", "address", json_text(t.address), "resolved", t.resolved, "port",
                         (json_int_t)t.port, "reached", t.reached, "error", json_text(t.error));
    else
        err_move(e, &t.err);
    reach_release(&t, 1);
    return rc;
}

// A daemon has nobody to ask.
static char *silent_uri(const char *uri)
{
    const char *plus = uri + strcspn(uri, "+:");
    if (!str_starts(plus, "+ssh:") || strstr(uri, "no_tty="))
        return xstrdup(uri);
    return xasprintf("%s%cno_tty=1", uri, strchr(uri, '?') ? '&' : '?');
}

static int ask_p2p(struct way *w, json_t **ret, struct err *e)
{
    _cleanup_free_ char *uri = silent_uri(w->dest->uri);
    _cleanup_facts_ struct facts f = {0};
    const char *const words[] = {uri, "5"};
    _Static_assert(P2P_S == 5, "as the words have it");
    if (uri_program(uri))
        return err_set(e, ERR_UNSUPPORTED, "%s runs a program of this machine: it is not tried on %s", uri,
                       w->source->name);
    if (ASK(w, w->from, w->source, words, &f, e, preflight_p2p) < 0)
        return -1;
    if (!facts_yes(&f, "reached") && !facts_get(&f, "error"))
        return reach_cannot(w->source, &f, e);
    *ret = json_pack("{s:o, s:b, s:o}", "uri", json_text(w->dest->uri), "reached", facts_yes(&f, "reached"), "error",
                     json_text(facts_get(&f, "error")));
    return 0;
}

static void set(struct way *w, const char *section, int r, json_t *value, struct err *why)
{
    if (r == 0)
        json_object_set_new(w->facts, section, value);
    else
        preflight_missing(w->facts, section, why);
    err_release(why);
}

int preflight_way_gather(struct ctx *ctx, struct job *job, const struct preflight_query *q, struct node *source,
                         struct node *dest, const char *hostname, json_t **ret, struct err *e)
{
    struct way w = {.ctx = ctx, .job = job, .source = source, .dest = dest, .hostname = hostname};
    struct err why = ERR_INIT;
    json_t *ports = NULL, *p2p = NULL;
    w.facts = json_object();
    int reach = guest_machine(source, source->uri, source->name, &w.from, &why);
    if (reach == 0)
        reach = guest_machine(dest, dest->uri, dest->name, &w.to, &why);
    _cleanup_err_ struct err no_way = ERR_INIT;
    err_copy(&no_way, &why);
    if (q->no_proof && reach == 0)
        err_set(&why, ERR_UNSUPPORTED, "no port is listened at: --no-proof");
    int r = reach < 0 || q->no_proof ? -1 : ask_ports(&w, &ports, &why);
    set(&w, "ports", r, ports, &why);
    if (q->p2p) {
        err_copy(&why, &no_way);
        r = reach < 0 ? -1 : ask_p2p(&w, &p2p, &why);
        set(&w, "p2p", r, p2p, &why);
    }
    if (job_check(job, e) < 0) {
        json_decref(w.facts);
        return -1;
    }
    *ret = w.facts;
    return 0;
}
