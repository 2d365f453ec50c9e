// SPDX-License-Identifier: GPL-3.0-or-later
// Names of domains and pools, fetched when a connection has been opened, and of other kinds, fetched when they are
// first wanted; kept fresh by events. Main thread, but for the jobs that ask libvirt. Failures are silent: nobody
// asked. Must not print. See names_watch.h.
#include "core/console/names_watch.h"

#include <string.h>

#include "base/json.h"
#include "core/console/ctx_priv.h"
#include "io/job.h"
#include "io/loop.h"
#include "io/virt/conn.h"
#include "io/virt/event.h"
#include "io/virt/list.h"

// Events come in swarms (a host that reboots): what has vanished is asked for once, this long after the first.
enum { SETTLE_MS = 200, NONE = -1 };

// The kinds of names; those of `always` are wanted of every connection.
static const struct {
    const char *name;
    int (*list)(struct virt_conn *c, struct strv *ret, struct err *e);
    int events;      // an enum virt_event_kind or virt_event_objects; NONE: libvirt tells nothing of them
    const char *key; // of an event's name
    bool always;
} kinds[] = {
    {"domain", virt_list_names, VIRT_EVENT_LIFECYCLE, "domain", true},
    {"pool", virt_list_pools, VIRT_EVENT_POOLS, "pool", true},
    {"network", virt_list_networks, VIRT_EVENT_NETWORKS, "network", false},
    {"secret", virt_list_secrets, VIRT_EVENT_SECRETS, "secret", false},
    {"nwfilter", virt_list_nwfilters, NONE, NULL, false},
    {"interface", virt_list_ifaces, NONE, NULL, false},
    {"nodedev", virt_list_nodedevs, VIRT_EVENT_NODEDEVS, "nodedev", false},
};
enum { KINDS = ARRAY_SIZE(kinds) };

struct names {
    bool wanted, have; // have: the job's result
    struct strv list;
    struct virt_sub *sub;
};

struct watched {
    struct watched *next;
    struct ctx *ctx;
    char *uri, *label;
    struct virt_conn *conn;
    struct names names[KINDS];
    bool fetching; // a job has it: only the job touches what it fills
    bool again;    // something changed while it was fetching
    bool retired;  // replaced by a newer connection
    int timer;     // -1: none
};

struct names_watch {
    struct watched *list;
    bool wanted[KINDS]; // of any connection
    struct strv tried;  // URIs, "" for the default: who does not answer is not asked again for the sake of names
};

static void fetch(struct watched *w);

static bool is_one_of(const char *s, const char *a, const char *b, const char *c)
{
    return strcmp(s, a) == 0 || strcmp(s, b) == 0 || strcmp(s, c) == 0;
}

static void on_settled(int id, void *data)
{
    struct watched *w = data;
    loop_remove_timer(id);
    w->timer = -1;
    fetch(w);
}

static void changed(struct watched *w, const char *kind, const char *name, const char *type)
{
    bool came = is_one_of(type, "Defined", "Started", "Created"),
         went = is_one_of(type, "Undefined", "Stopped", "Deleted");
    if (came)
        ctx_names_add(w->ctx, kind, w->label, name);
    // A domain that stops or loses its definition may still be there as the other; ask.
    if (w->fetching)
        w->again |= came || went;
    else if (went && w->timer < 0 && !w->retired)
        w->timer = loop_add_timer(SETTLE_MS, on_settled, w);
}

static void on_event(const json_t *event, void *data)
{
    for (size_t k = 0; k < KINDS; k++) {
        const char *name = kinds[k].key ? json_text_at(event, kinds[k].key) : NULL;
        if (name)
            changed(data, kinds[k].name, name, json_text_at(event, "type"));
    }
}

static void unsubscribe(struct watched *w)
{
    for (size_t k = 0; k < KINDS; k++)
        virt_event_unsubscribe(steal(&w->names[k].sub));
}

// Main thread; its subscriptions are gone.
static void watched_free(struct watched *w)
{
    if (w->timer >= 0)
        loop_remove_timer(w->timer);
    for (size_t k = 0; k < KINDS; k++)
        strv_release(&w->names[k].list);
    virt_conn_unref(w->conn);
    free(w->uri);
    free(w->label);
    free(w);
}

// Subscribed first, so that nothing can slip through between the list and the events.
static void fetch_kind(struct watched *w, size_t k)
{
    struct names *n = &w->names[k];
    _cleanup_err_ struct err ignored = ERR_INIT;
    if (!n->sub && kinds[k].events == VIRT_EVENT_LIFECYCLE)
        (void)virt_event_subscribe(w->conn, NULL, kinds[k].events, on_event, w, &n->sub, &ignored);
    else if (!n->sub && kinds[k].events != NONE)
        (void)virt_event_subscribe_objects(w->conn, (enum virt_event_objects)kinds[k].events, NULL, on_event, w,
                                           &n->sub, &ignored);
    n->have = kinds[k].list(w->conn, &n->list, &ignored) == 0;
}

static void run_fetch(struct job *job, void *arg)
{
    struct watched *w = arg;
    (void)job;
    if (w->retired) {
        unsubscribe(w);
        virt_conn_unref(steal(&w->conn)); // closing it may wait for a host that is frozen
        return;
    }
    for (size_t k = 0; k < KINDS; k++) {
        if (w->names[k].wanted)
            fetch_kind(w, k);
    }
}

static void fetched(struct job *job, void *arg)
{
    struct watched *w = arg;
    (void)job;
    w->fetching = false;
    if (w->retired) {
        if (w->conn) // it was retired while it asked
            fetch(w);
        else
            watched_free(w);
        return;
    }
    for (size_t k = 0; k < KINDS; k++) {
        struct names *n = &w->names[k];
        if (n->have)
            ctx_names_set(w->ctx, kinds[k].name, w->label, &n->list);
        strv_release(&n->list);
        n->have = false;
    }
    if (w->again)
        fetch(w);
}

static void fetch(struct watched *w)
{
    if (w->fetching) {
        w->again = true;
        return;
    }
    w->fetching = true;
    w->again = false;
    for (size_t k = 0; k < KINDS; k++)
        w->names[k].wanted = kinds[k].always || w->ctx->watch->wanted[k];
    _cleanup_err_ struct err ignored = ERR_INIT; // names are for completion: the next event asks again
    w->fetching = job_start("names", run_fetch, fetched, w, &ignored) != NULL;
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

// The connection that this one replaces has died.
static void retire(struct names_watch *nw, const char *uri)
{
    for (struct watched **p = &nw->list; *p; p = &(*p)->next) {
        struct watched *w = *p;
        if (!same_text(w->uri, uri))
            continue;
        *p = w->next;
        w->retired = true;
        if (!w->fetching)
            fetch(w);
        return;
    }
}

static char *label_of(struct ctx *ctx, const char *uri)
{
    size_t n;
    struct node **all = inventory_all(ctx->inventory, &n);
    struct target t = {NULL, (char *)uri};
    for (size_t i = 0; i < n && !t.node; i++) {
        if (same_text(all[i]->uri, uri))
            t.node = all[i];
    }
    char *label = xstrdup(target_label(&t));
    node_list_free(all, n);
    return label;
}

struct opened {
    struct ctx *ctx;
    struct virt_conn *conn;
    char *uri;
};

static void add_opened(void *data)
{
    struct opened *o = data;
    struct names_watch *nw = o->ctx->watch;
    retire(nw, o->uri);
    struct watched *w = xnew(struct watched);
    *w = (struct watched){.next = nw->list, .ctx = o->ctx, .conn = o->conn, .uri = o->uri, .timer = -1};
    w->label = label_of(o->ctx, o->uri);
    nw->list = w;
    fetch(w);
    free(o);
}

static void on_opened(struct ctx *ctx, const char *uri, struct virt_conn *conn)
{
    struct opened *o = xnew(struct opened);
    *o = (struct opened){ctx, virt_conn_ref(conn), xstrdup(uri)};
    loop_post(add_opened, o);
}

struct first {
    struct ctx *ctx;
    char *uri;
    bool named; // by the operator, who may be asked for it
};

static void run_first(struct job *job, void *arg)
{
    struct first *f = arg;
    _cleanup_err_ struct err ignored = ERR_INIT; // the first command will tell
    struct virt_conn *conn = NULL;
    int (*connect)(struct ctx *, struct job *, const char *, struct virt_conn **, struct err *) =
        f->named ? ctx_connect : ctx_connect_quietly;
    if (connect(f->ctx, job, f->uri, &conn, &ignored) == 0)
        virt_conn_unref(conn); // on_opened() has it
}

static void first_ended(struct job *job, void *arg)
{
    struct first *f = arg;
    (void)job;
    free(f->uri);
    free(f);
}

static void look_at(struct ctx *ctx, const char *uri, bool named)
{
    struct strv *tried = &ctx->watch->tried;
    if (strv_has(tried, uri ? uri : ""))
        return;
    strv_add(tried, uri ? uri : "");
    struct first *f = xnew(struct first);
    *f = (struct first){ctx, xstrdup(uri), named};
    _cleanup_err_ struct err ignored = ERR_INIT;
    if (!job_start("connect", run_first, first_ended, f, &ignored))
        first_ended(NULL, f);
}

// Of a kind without events the list may be old: it is asked for again each time.
static void want(struct names_watch *nw, const char *kind)
{
    size_t k = 0;
    while (k < KINDS && strcmp(kinds[k].name, kind) != 0)
        k++;
    if (k == KINDS || kinds[k].always || (nw->wanted[k] && kinds[k].events != NONE))
        return;
    nw->wanted[k] = true;
    for (struct watched *w = nw->list; w; w = w->next)
        fetch(w);
}

void names_watch_look(struct ctx *ctx, const char *kind, const char *node)
{
    if (!ctx->watch)
        return;
    want(ctx->watch, kind);
    _cleanup_(node_unref_p) struct node *named = node ? inventory_peek(ctx->inventory, node) : NULL;
    _cleanup_target_ struct target current = {NULL, NULL};
    if (named || ctx_current(ctx, &current)) {
        look_at(ctx, named ? named->uri : current.uri, true);
        return;
    }
    size_t n;
    struct node **nodes = inventory_hypervisors(ctx->inventory, &n);
    for (size_t i = 0; i < n; i++)
        look_at(ctx, nodes[i]->uri, false);
    node_list_free(nodes, n);
}

void names_watch_start(struct ctx *ctx)
{
    struct names_watch *nw = xnew(struct names_watch);
    lock_acquire(ctx->lock);
    ctx->watch = nw;
    ctx->opened = on_opened;
    lock_release(ctx->lock);
    names_watch_look(ctx, "domain", NULL);
}

void names_watch_release(struct ctx *ctx)
{
    struct names_watch *nw = ctx->watch;
    while (nw && nw->list) {
        struct watched *w = nw->list;
        nw->list = w->next;
        unsubscribe(w);
        watched_free(w);
    }
    if (nw)
        strv_release(&nw->tried);
    free(nw);
    ctx->watch = NULL;
    ctx->opened = NULL;
}
