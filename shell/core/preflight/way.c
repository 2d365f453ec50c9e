// SPDX-License-Identifier: GPL-3.0-or-later
// What lies between two nodes: a port that is really connected to, and libvirt as the source's root reaches it. Job
// threads. See priv.h.
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/token.h"
#include "core/console/uri.h"
#include "core/guest/files.h"
#include "core/migrate/migrate.h"
#include "core/node/ask.h"
#include "core/node/qemu_user.h"
#include "core/preflight/priv.h"
#include "core/preflight/tools_priv.h"
#include "io/job.h"

// What listens does so for LISTEN_S; to connect to one address may take CONNECT_S. A refusal that comes later than that
// tells nothing: then it is tried anew.
enum { LISTEN_S = 5, CONNECT_S = 3, ATTEMPTS = 3, P2P_S = 5 };
static const char QEMU_CONF[] = "/etc/libvirt/qemu.conf";

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

static int cannot(const struct node *node, const struct facts *f, struct err *e)
{
    const char *problem = facts_get(f, "problem");
    return problem ? err_set(e, ERR_UNSUPPORTED, "%s: %s", node->name, problem)
                   : facts_unexpected(node->address ? node : NULL, f, e);
}

static json_t *texts(const struct facts *f, const char *key)
{
    json_t *list = json_array();
    const char *value;
    for (size_t at = 0; (value = facts_next(f, key, &at));)
        json_array_append_new(list, json_text(value));
    return list;
}

static json_t *ports_json(const char *address, const char *port, const struct facts *f)
{
    return json_pack("{s:o, s:o, s:I, s:b, s:o}", "address", json_text(address), "resolved", texts(f, "resolved"),
                     "port", (json_int_t)strtoll(port, NULL, 10), "reached", facts_yes(f, "reached"), "error",
                     json_text(facts_get(f, "error")));
}

// *ret stays NULL where what it came to tells nothing.
static int try_port(struct way *w, json_t **ret, struct err *e)
{
    _cleanup_free_ char *token = token_hex(16), *address = NULL;
    _cleanup_facts_ struct facts listening = {0}, reached = {0};
    const char *const listen[] = {"5", token, QEMU_CONF};
    double start = clock_mono_ms();
    _Static_assert(LISTEN_S == 5 && CONNECT_S == 3, "as the words have it");
    if (ASK(w, w->to, w->dest, listen, &listening, e, qemu_user, preflight_listen) < 0)
        return -1;
    const char *port = facts_get(&listening, "port"), *host = facts_get(&listening, "host");
    if (!port)
        return cannot(w->dest, &listening, e);
    address = migrate_address_for(w->dest, host ? host : w->hostname);
    if (!address)
        return err_set(e, ERR_FAILED, "%s does not tell its host name", w->dest->name);
    const char *const words[] = {address, port, token, "3"};
    if (ASK(w, w->from, w->source, words, &reached, e, preflight_connect) < 0)
        return -1;
    if (!facts_yes(&reached, "reached") && !facts_get(&reached, "error"))
        return cannot(w->source, &reached, e);
    bool late = clock_mono_ms() - start > LISTEN_S * 1e3;
    if (facts_yes(&reached, "reached") || !late || !facts_get(&reached, "resolved"))
        *ret = ports_json(address, port, &reached);
    return 0;
}

static int ask_ports(struct way *w, json_t **ret, struct err *e)
{
    for (int i = 0; i < ATTEMPTS && !*ret; i++) {
        if (try_port(w, ret, e) < 0)
            return -1;
    }
    return *ret ? 0
                : err_set(e, ERR_TIMEOUT, "%s and %s take longer to answer than a port is listened at (%d s)",
                          w->source->name, w->dest->name, LISTEN_S);
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
        return cannot(w->source, &f, e);
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
