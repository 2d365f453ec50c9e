// SPDX-License-Identifier: GPL-3.0-or-later
// Domain events (io/virt/event.h) of several nodes as a queue that a recipe takes from. Main thread; subscribing and
// waiting block and are jobs. Callbacks come on the main thread and only append. A queue that is forgotten is emptied
// by the collector, which unsubscribes.
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/strv.h"
#include "core/console/inventory.h"
#include "io/job.h"
#include "io/virt/conn.h"
#include "io/virt/event.h"
#include "lua/impl.h"

#define EVENTS "migsh.events"
enum { MAX_QUEUE = 10000 }; // nobody takes them: the oldest go

struct source {
    struct events_box *box;
    struct node *node;
    struct virt_sub *subs[VIRT_EVENT_KINDS];
    size_t n_subs;
};

struct events_box {
    struct lock *lock; // guards the queue
    json_t *queue;
    struct source *sources; // n_sources; they stay where they are while there are subscriptions
    size_t n_sources;
    int kinds[VIRT_EVENT_KINDS];
    size_t n_kinds;
    char *uuid; // of the only domain that is asked for; NULL: all
    double timeout_ms;
    bool busy; // a job uses it
    struct err err;
};

static struct events_box *to_box(lua_State *L)
{
    struct events_box *b = luaL_checkudata(L, 1, EVENTS);
    if (!b->lock)
        luaL_error(L, "attempt to use closed events");
    return b;
}

static void unsubscribe(struct events_box *b)
{
    for (size_t i = 0; i < b->n_sources; i++) {
        for (size_t k = 0; k < b->sources[i].n_subs; k++)
            virt_event_unsubscribe(b->sources[i].subs[k]);
        b->sources[i].n_subs = 0;
    }
}

static void release_sources(struct events_box *b)
{
    unsubscribe(b);
    for (size_t i = 0; i < b->n_sources; i++) {
        node_unref(b->sources[i].node);
    }
    free(b->sources);
    b->sources = NULL;
    b->n_sources = 0;
}

// A job holds the userdata alive, so the collector cannot come here while one runs.
static int events_gc(lua_State *L)
{
    struct events_box *b = luaL_checkudata(L, 1, EVENTS);
    release_sources(b);
    json_decref(b->queue);
    b->queue = NULL;
    if (b->lock)
        lock_free(b->lock);
    b->lock = NULL;
    free(b->uuid);
    b->uuid = NULL;
    err_release(&b->err);
    return 0;
}

// events:close(); a second time is fine. Not while it is being waited for.
static int events_close(lua_State *L)
{
    struct events_box *b = luaL_checkudata(L, 1, EVENTS);
    if (b->busy)
        return luaL_error(L, "the events are being waited for");
    return events_gc(L);
}

static void on_event(const json_t *event, void *data)
{
    struct source *s = data;
    struct events_box *b = s->box;
    const char *uuid = json_text_at(event, "uuid");
    if (b->uuid && (!uuid || strcmp(uuid, b->uuid) != 0))
        return;
    json_t *copy = json_copy((json_t *)event);
    json_object_set_new(copy, "node", json_text(s->node->name));
    lock_acquire(b->lock);
    if (json_array_size(b->queue) >= MAX_QUEUE)
        json_array_remove(b->queue, 0);
    json_array_append_new(b->queue, copy);
    lock_wake(b->lock);
    lock_release(b->lock);
}

static void take_nodes(lua_State *L, struct events_box *b)
{
    lua_Integer n = luaL_len(L, 1);
    b->sources = xcalloc((size_t)n + 1, sizeof(*b->sources));
    for (lua_Integer i = 1; i <= n; i++) {
        lua_rawgeti(L, 1, i);
        struct source *s = &b->sources[b->n_sources];
        s->box = b;
        if (inventory_find(ctx_inventory(engine_ctx()), luaL_checkstring(L, -1), &s->node, &b->err) < 0)
            error_raise(L, &b->err);
        b->n_sources++;
        lua_pop(L, 1);
    }
}

static void take_kinds(lua_State *L, struct events_box *b)
{
    for (lua_Integer i = 1, n = luaL_len(L, 2); i <= n; i++) {
        lua_rawgeti(L, 2, i);
        const char *name = luaL_checkstring(L, -1);
        int kind = virt_event_kind(name);
        if (kind < 0 || b->n_kinds == VIRT_EVENT_KINDS) {
            err_set(&b->err, ERR_USAGE, "no kind of event is called '%s'", name);
            err_hint(&b->err, "event --list tells them");
            error_raise(L, &b->err);
        }
        b->kinds[b->n_kinds++] = kind;
        lua_pop(L, 1);
    }
}

// events_new({node, …}, {kind, …}, uuid or nil): nothing is subscribed yet
static int events_new(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checktype(L, 2, LUA_TTABLE);
    const char *uuid = luaL_optstring(L, 3, NULL);
    struct events_box *b = lua_newuserdatauv(L, sizeof(*b), 0);
    *b = (struct events_box){.err = ERR_INIT};
    luaL_setmetatable(L, EVENTS);
    b->lock = lock_new();
    b->queue = json_array();
    b->uuid = uuid ? xstrdup(uuid) : NULL;
    take_nodes(L, b);
    take_kinds(L, b);
    return 1;
}

static int subscribe(struct events_box *b, struct source *s, struct job *job, struct err *e)
{
    _cleanup_(virt_conn_unref_p) struct virt_conn *conn = NULL;
    if (ctx_connect(engine_ctx(), job, s->node->uri, &conn, e) < 0)
        return -1;
    for (size_t k = 0; k < b->n_kinds; k++) {
        if (virt_event_subscribe(conn, NULL, b->kinds[k], on_event, s, &s->subs[s->n_subs], e) < 0)
            return -1;
        s->n_subs++;
    }
    return 0;
}

static json_t *begin_job(struct job *job, void *arg, struct err *e)
{
    struct events_box *b = arg;
    for (size_t i = 0; i < b->n_sources; i++) {
        if (subscribe(b, &b->sources[i], job, e) < 0) {
            err_wrap(e, "node %s", b->sources[i].node->name);
            unsubscribe(b);
            return NULL;
        }
    }
    return NULL;
}

static json_t *next_job(struct job *job, void *arg, struct err *e)
{
    struct events_box *b = arg;
    json_t *first = NULL;
    double until = clock_mono_ms() + b->timeout_ms;
    int r = 0;
    lock_acquire(b->lock);
    while (json_array_size(b->queue) == 0 && r == 0) {
        double left = b->timeout_ms < 0 ? -1 : until - clock_mono_ms();
        if (b->timeout_ms >= 0 && left <= 0)
            break;
        r = lock_wait(b->lock, job, left, e);
    }
    if (json_array_size(b->queue) > 0) {
        first = json_incref(json_array_get(b->queue, 0));
        json_array_remove(b->queue, 0);
    }
    lock_release(b->lock);
    if (e->code == ERR_TIMEOUT)
        err_release(e); // no event is an answer, too
    return first;
}

static void job_ended(void *arg)
{
    struct events_box *b = arg;
    b->busy = false;
}

static int start_op(lua_State *L, struct events_box *b, op_job_fn *fn)
{
    if (b->busy)
        return luaL_error(L, "the events are being waited for already");
    op_start_job(L, "events", fn, job_ended, b, 1);
    b->busy = true;
    return 1;
}

// events_begin(events) -> operation
static int events_begin(lua_State *L)
{
    return start_op(L, to_box(L), begin_job);
}

// events_next(events, ms) -> operation, whose value is the event, or nil after that time; ms < 0: however long
static int events_next(lua_State *L)
{
    struct events_box *b = to_box(L);
    b->timeout_ms = luaL_optnumber(L, 2, -1);
    return start_op(L, b, next_job);
}

void events_open(lua_State *L)
{
    static const luaL_Reg methods[] = {{"close", events_close}, {NULL, NULL}};
    static const luaL_Reg functions[] = {
        {"events_new", events_new}, {"events_begin", events_begin}, {"events_next", events_next}, {NULL, NULL}};
    class_open(L, EVENTS, events_gc, events_close, methods);
    luaL_setfuncs(L, functions, 0);
}
