// SPDX-License-Identifier: GPL-3.0-or-later
// A lock on nodes (core/node/lock.h) as a userdata, for lua/lib/locks.lua. Main thread; taking it and letting it go are
// jobs, so lua/lib waits for them as operations. One that is forgotten is let go by the collector.
#include <string.h>

#include "base/mem.h"
#include "core/console/inventory.h"
#include "core/node/lock.h"
#include "lua/impl.h"

#define LOCK "migsh.lock"

struct lock_box {
    struct node_lock *l; // NULL: let go
    unsigned busy;       // jobs that use it
};

static struct lock_box *to_box(lua_State *L)
{
    struct lock_box *b = luaL_checkudata(L, 1, LOCK);
    if (!b->l)
        luaL_error(L, "attempt to use a lock that was let go");
    return b;
}

// No job can be at work: its operation would hold us.
static int lock_gc(lua_State *L)
{
    struct lock_box *b = luaL_checkudata(L, 1, LOCK);
    node_lock_free(b->l);
    b->l = NULL;
    return 0;
}

static void ended(void *arg)
{
    ((struct lock_box *)arg)->busy--;
}

static json_t *take_job(struct job *job, void *arg, struct err *e)
{
    node_lock_take(((struct lock_box *)arg)->l, job, e);
    return NULL;
}

static json_t *drop_job(struct job *job, void *arg, struct err *e)
{
    (void)e;
    node_lock_drop(((struct lock_box *)arg)->l, job);
    return NULL;
}

// The nodes of the list at idx. False: *e says which is none of the inventory's.
static bool find_nodes(lua_State *L, int idx, struct node ***ret, size_t *ret_n, struct err *e)
{
    size_t n = (size_t)luaL_len(L, idx), found = 0;
    void **list = value_heap(L); // on top: what follows may raise
    struct node **nodes = xcalloc(n + 1, sizeof(*nodes));
    *list = nodes;
    for (size_t i = 0; i < n; i++) {
        lua_rawgeti(L, idx, (lua_Integer)i + 1);
        const char *name = lua_tostring(L, -1);
        int r = name ? inventory_find(ctx_inventory(engine_ctx()), name, &nodes[i], e)
                     : err_set(e, ERR_USAGE, "a node's name is wanted, not a %s", luaL_typename(L, -1));
        lua_pop(L, 1);
        if (r < 0)
            break;
        found++;
    }
    *ret = nodes;
    *ret_n = found;
    return found == n;
}

// lock_take(nodes, key, about) -> operation, lock
static int op_take(lua_State *L)
{
    lua_settop(L, 3);
    luaL_checktype(L, 1, LUA_TTABLE);
    const char *key = luaL_checkstring(L, 2);
    struct lock_box *b = lua_newuserdatauv(L, sizeof(*b), 0); // 4
    *b = (struct lock_box){NULL, 0};
    luaL_setmetatable(L, LOCK);
    const json_t *about = value_convert(L, 3);
    struct err e = ERR_INIT;
    struct node **nodes;
    size_t n;
    bool all = find_nodes(L, 1, &nodes, &n, &e);
    if (all)
        b->l = node_lock_new(engine_ctx(), nodes, n, key, about);
    for (size_t i = 0; i < n; i++)
        node_unref(nodes[i]);
    if (!all)
        return error_raise(L, &e);
    op_start_job(L, "lock", take_job, ended, b, 4);
    b->busy++;
    lua_pushvalue(L, 4);
    return 2;
}

// lock:check(): raises what says that it is not held any more.
static int lock_check(lua_State *L)
{
    struct err e = ERR_INIT;
    return node_lock_check(to_box(L)->l, &e) < 0 ? error_raise(L, &e) : 0;
}

// lock_drop(lock) -> operation
static int op_drop(lua_State *L)
{
    struct lock_box *b = to_box(L);
    op_start_job(L, "lock", drop_job, ended, b, 1);
    b->busy++;
    return 1;
}

// lock:close(): without waiting.
static int lock_close(lua_State *L)
{
    const struct lock_box *b = luaL_checkudata(L, 1, LOCK);
    if (b->busy)
        luaL_error(L, "the lock is being taken or let go");
    return lock_gc(L);
}

void lock_open(lua_State *L)
{
    static const luaL_Reg methods[] = {{"check", lock_check}, {"close", lock_close}, {NULL, NULL}};
    static const luaL_Reg functions[] = {{"lock_take", op_take}, {"lock_drop", op_drop}, {NULL, NULL}};
    class_open(L, LOCK, lock_gc, lock_close, methods);
    luaL_setfuncs(L, functions, 0);
}
