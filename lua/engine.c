// SPDX-License-Identifier: GPL-3.0-or-later
// The interpreter's life: made at first use, entered only through engine_call(), closed when nothing runs any more.
// Main thread. See lua.h and impl.h; what the library in lua/lib does is not known here.
#include "lua/lua.h"

#include <lualib.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "core/console/out.h"
#include "core/console/script.h"
#include "io/loop.h"
#include "lua/impl.h"

static struct {
    struct ctx *ctx;
    lua_State *L;
    int depth; // of engine_call()s within each other
} engine;

struct ctx *engine_ctx(void)
{
    return engine.ctx;
}

void engine_push_entry(lua_State *L, const char *name)
{
    lua_getfield(L, LUA_REGISTRYINDEX, "migsh.entry");
    lua_getfield(L, -1, name);
    lua_remove(L, -2);
}

// lib(name) -> the embedded module's chunk, or nil
static int load_lib(lua_State *L)
{
    const char *name = luaL_checkstring(L, 1);
    const struct embedded_lib *lib = embedded_libs;
    while (lib->name && strcmp(lib->name, name) != 0)
        lib++;
    if (!lib->name)
        return 0;
    lua_pushfstring(L, "=[migsh]/%s.lua", name);
    if (luaL_loadbufferx(L, lib->text, lib->len, lua_tostring(L, -1), "t") != LUA_OK)
        return lua_error(L);
    return 1;
}

static void drain(void *data);

static int drain_protected(lua_State *L)
{
    engine_push_entry(L, "drain");
    lua_call(L, 0, 0);
    return 0;
}

static void drain(void *data)
{
    (void)data;
    engine_call(drain_protected, NULL, NULL);
}

// post(): entry.drain() will be called from the loop
static int post_drain(lua_State *L)
{
    (void)L;
    loop_post(drain, NULL);
    return 0;
}

// current() -> {node = its name, or uri =}, or nil: the current host
static int current_host(lua_State *L)
{
    struct target t = {NULL, NULL};
    json_t **value = value_own(L);
    if (ctx_current(engine.ctx, &t))
        *value = json_pack("{s:o}", t.node ? "node" : "uri", json_text(target_label(&t)));
    target_release(&t);
    value_push(L, *value);
    return 1;
}

static int boot(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"lib", load_lib}, {"post", post_drain}, {"current", current_host}, {NULL, NULL}};
    lua_pushboolean(L, true); // package.path and cpath come from lib/sandbox.lua, not from the environment
    lua_setfield(L, LUA_REGISTRYINDEX, "LUA_NOENV");
    luaL_openlibs(L);
    luaL_newlib(L, functions);
    value_open(L);
    error_open(L);
    op_open(L);
    ask_open(L);
    rows_open(L);
    events_open(L);
    fetch_open(L);
    node_open(L);
    files_open(L);
    run_open(L);
    interrupt_open(L);
    journal_open_lib(L);
    lock_open(L);
    xml_open(L);
    xmlmap_open(L);
    guest_open(L);
    textfile_open(L);
    mark_open(L);
    watch_open(L);
    lua_pushcfunction(L, load_lib);
    lua_pushstring(L, "init");
    lua_call(L, 1, 1);
    lua_insert(L, -2);
    lua_call(L, 1, 1); // init(core) -> entry
    lua_setfield(L, LUA_REGISTRYINDEX, "migsh.entry");
    return 0;
}

struct report {
    struct err *err;
};

// An error object stays one; anything else gets its stack for the developer.
static int on_error(lua_State *L)
{
    if (lua_isstring(L, 1))
        luaL_traceback(L, L, lua_tostring(L, 1), 1);
    return 1;
}

// Takes the error off the stack; protected, as even this may run out of memory.
static int take_error(lua_State *L)
{
    struct report *r = lua_touserdata(L, 2);
    error_from(L, 1, r->err);
    return 0;
}

static bool call(lua_State *L, lua_CFunction fn, void *arg, struct err *e)
{
    struct report r = {e};
    if (!lua_checkstack(L, 8)) {
        err_set(e, ERR_FAILED, "Lua is out of memory");
        return false;
    }
    int top = lua_gettop(L);
    lua_pushcfunction(L, on_error);
    lua_pushcfunction(L, fn);
    lua_pushlightuserdata(L, arg);
    bool ok = lua_pcall(L, 1, 0, top + 1) == LUA_OK;
    if (!ok) {
        lua_pushcfunction(L, take_error);
        lua_insert(L, -2);
        lua_pushlightuserdata(L, &r);
        if (lua_pcall(L, 2, 0, 0) != LUA_OK)
            err_set(e, ERR_FAILED, "Lua is out of memory");
    }
    lua_settop(L, top);
    return ok;
}

static bool start(struct err *e)
{
    if (engine.L)
        return true;
    lua_State *L = luaL_newstate();
    if (!L) {
        err_set(e, ERR_FAILED, "Lua is out of memory");
        return false;
    }
    engine.L = L;
    if (!call(L, boot, NULL, e)) {
        lua_close(L);
        engine.L = NULL;
        return false;
    }
    return true;
}

bool engine_call(lua_CFunction fn, void *arg, struct err *e)
{
    _cleanup_err_ struct err own = ERR_INIT;
    engine.depth++;
    bool ok = start(e ? e : &own) && call(engine.L, fn, arg, e ? e : &own);
    if (--engine.depth == 0)
        interrupt_hand_on();
    if (!ok && !e)
        out_notice(OUT_WARN, "lua: %s", own.msg);
    return ok;
}

void lua_engine_init(struct ctx *ctx)
{
    static struct script_ops ops;
    engine.ctx = ctx;
    run_fill_ops(&ops);
    recipes_fill_ops(&ops);
    script_set_ops(&ops);
}

struct patience {
    bool over;
};

static void on_patience(int id, void *data)
{
    struct patience *p = data;
    loop_remove_timer(id);
    p->over = true;
}

static int cancel_all(lua_State *L)
{
    engine_push_entry(L, "cancel_all");
    lua_call(L, 0, 0);
    return 0;
}

static int ask_idle(lua_State *L)
{
    bool *idle = lua_touserdata(L, 1);
    engine_push_entry(L, "idle");
    lua_call(L, 0, 1);
    *idle = lua_toboolean(L, -1);
    return 0;
}

static bool is_idle(void)
{
    bool idle = true;
    engine_call(ask_idle, &idle, NULL);
    return idle && op_pending() == 0;
}

// Only a console that is being left while scripts run comes here.
static bool wait_idle(int patience_ms)
{
    engine_call(cancel_all, NULL, NULL);
    struct patience p = {false};
    int timer = loop_add_timer(patience_ms, on_patience, &p);
    bool idle = false;
    while (!p.over && !idle) {
        loop_run_once();
        idle = is_idle();
    }
    if (!p.over)
        loop_remove_timer(timer);
    return idle;
}

bool lua_engine_close(int patience_ms)
{
    script_set_ops(NULL);
    if (engine.L && !is_idle() && !wait_idle(patience_ms))
        return false;
    if (engine.L)
        lua_close(engine.L);
    engine.L = NULL;
    recipes_forget();
    return true;
}
