// SPDX-License-Identifier: GPL-3.0-or-later
// Names of domains and pools, fetched when a connection has been opened and kept fresh by its events. Main thread, but
// for the jobs that ask libvirt. Failures are silent: nobody asked. Must not print. See names_watch.h.
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
enum { SETTLE_MS = 200 };

struct watched {
    struct watched *next;
    struct ctx *ctx;
    char *uri, *label;
    struct virt_conn *conn;
    struct virt_sub *domains, *pools;
    struct strv domain_names, pool_names; // the job's result
    bool have_domains, have_pools;
    bool fetching; // a job has it: only the job touches what it fills
    bool again;    // something changed while it was fetching
    bool retired;  // replaced by a newer connection
    int timer;     // -1: none
};

struct names_watch {
    struct watched *list;
    struct strv tried; // URIs, "" for the default: who does not answer is not asked again for the sake of names
};

static void fetch(struct watched *w);

static bool is_one_of(const char *s, const char *a, const char *b)
{
    return strcmp(s, a) == 0 || strcmp(s, b) == 0;
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
    bool came = is_one_of(type, "Defined", "Started"), went = is_one_of(type, "Undefined", "Stopped");
    if (came)
        ctx_names_add(w->ctx, kind, w->label, name);
    // A domain that stops or loses its definition may still be there as the other; ask.
    if (w->fetching)
        w->again |= came || went;
    else if (went && w->timer < 0 && !w->retired)
        w->timer = loop_add_timer(SETTLE_MS, on_settled, w);
}

static void on_domain(const json_t *event, void *data)
{
    changed(data, "domain", json_text_at(event, "domain"), json_text_at(event, "type"));
}

static void on_pool(const json_t *event, void *data)
{
    changed(data, "pool", json_text_at(event, "pool"), json_text_at(event, "type"));
}

static void unsubscribe(struct watched *w)
{
    virt_event_unsubscribe(steal(&w->domains));
    virt_event_unsubscribe(steal(&w->pools));
}

// Main thread; its subscriptions are gone.
static void watched_free(struct watched *w)
{
    if (w->timer >= 0)
        loop_remove_timer(w->timer);
    strv_release(&w->domain_names);
    strv_release(&w->pool_names);
    virt_conn_unref(w->conn);
    free(w->uri);
    free(w->label);
    free(w);
}

// Subscribed first, so that nothing can slip through between the list and the events.
static void run_fetch(struct job *job, void *arg)
{
    struct watched *w = arg;
    (void)job;
    _cleanup_err_ struct err ignored = ERR_INIT;
    if (w->retired) {
        unsubscribe(w);
        virt_conn_unref(steal(&w->conn)); // closing it may wait for a host that is frozen
        return;
    }
    if (!w->domains)
        (void)virt_event_subscribe(w->conn, NULL, VIRT_EVENT_LIFECYCLE, on_domain, w, &w->domains, &ignored);
    if (!w->pools)
        (void)virt_event_subscribe_pools(w->conn, on_pool, w, &w->pools, &ignored);
    w->have_domains = virt_list_names(w->conn, &w->domain_names, &ignored) == 0;
    w->have_pools = virt_list_pools(w->conn, &w->pool_names, &ignored) == 0;
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
    if (w->have_domains)
        ctx_names_set(w->ctx, "domain", w->label, &w->domain_names);
    if (w->have_pools)
        ctx_names_set(w->ctx, "pool", w->label, &w->pool_names);
    strv_release(&w->domain_names);
    strv_release(&w->pool_names);
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

void names_watch_look(struct ctx *ctx, const char *node)
{
    if (!ctx->watch)
        return;
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
    names_watch_look(ctx, NULL);
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
