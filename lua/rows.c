// SPDX-License-Identifier: GPL-3.0-or-later
// The command rows as Lua tables, from which lua/lib/verbs.lua builds words; and their views. Main thread.
#include "base/buf.h"
#include "base/mem.h"
#include "cmd/engine/bind.h"
#include "cmd/engine/render.h"
#include "cmd/engine/table.h"
#include "lua/impl.h"

static const char *kind(const struct opt_def *o)
{
    switch (o->type) {
    case OPT_BOOL:
        return "bool";
    case OPT_WORDS:
        return "words";
    case OPT_NODES:
        return "list";
    default:
        return o->flags & OPTF_LIST ? "list" : "value";
    }
}

// row(name) -> {name=, summary=, scriptable=, recipe=, opts={{name=, kind=, multi=, positional=, help=}…}}, or nil
static int rows_row(lua_State *L)
{
    const struct cmd_def *def = cmd_find(luaL_checkstring(L, 1));
    if (!def)
        return 0;
    void **heap = value_heap(L);
    size_t n;
    const struct opt_def *opts = *heap = cmd_opts(def, &n);
    lua_newtable(L);
    lua_pushstring(L, def->name);
    lua_setfield(L, -2, "name");
    lua_pushstring(L, def->summary);
    lua_setfield(L, -2, "summary");
    lua_pushboolean(L, !(def->flags & CMD_NO_SCRIPT));
    lua_setfield(L, -2, "scriptable");
    lua_pushboolean(L, def->recipe != NULL);
    lua_setfield(L, -2, "recipe");
    lua_createtable(L, (int)n, 0);
    for (size_t i = 0; i < n; i++) {
        lua_newtable(L);
        lua_pushstring(L, opts[i].name);
        lua_setfield(L, -2, "name");
        lua_pushstring(L, kind(&opts[i]));
        lua_setfield(L, -2, "kind");
        lua_pushboolean(L, opts[i].flags & OPTF_MULTI);
        lua_setfield(L, -2, "multi");
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_setfield(L, -2, "opts");
    return 1;
}

// rows() -> {name, …}: every command that a script may call
static int rows_all(lua_State *L)
{
    void **heap = value_heap(L);
    size_t n;
    const struct cmd_def **all = cmd_all(&n);
    *heap = all;
    lua_newtable(L);
    lua_Integer k = 0;
    for (size_t i = 0; i < n; i++) {
        if (all[i]->flags & CMD_NO_SCRIPT)
            continue;
        lua_pushstring(L, all[i]->name);
        lua_rawseti(L, -2, ++k);
    }
    return 1;
}

// nearest(name, {candidate, …}) -> the nearest, or nil
static int rows_nearest(lua_State *L)
{
    const char *name = luaL_checkstring(L, 1);
    luaL_checktype(L, 2, LUA_TTABLE);
    size_t n = lua_rawlen(L, 2);
    const char **list = lua_newuserdatauv(L, (n + 1) * sizeof(*list), 0);
    luaL_checkstack(L, (int)n + 4, "too many names");
    for (size_t i = 0; i < n; i++) {
        lua_rawgeti(L, 2, (lua_Integer)i + 1);
        list[i] = luaL_checkstring(L, -1); // stays on the stack, hence alive
    }
    lua_pushstring(L, str_nearest(name, list, n));
    return 1;
}

// render(name, value) -> what the prompt shows for that value of the command
static int rows_render(lua_State *L)
{
    const struct cmd_def *def = cmd_find(luaL_checkstring(L, 1));
    luaL_argcheck(L, def, 1, "no such command");
    json_t *v = value_convert(L, 2);
    struct buf b = BUF_INIT;
    void **heap = value_heap(L);
    if (v)
        render_text(def, v, &b);
    *heap = b.s;
    lua_pushlstring(L, buf_str(&b), b.len);
    return 1;
}

void rows_open(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"row", rows_row}, {"rows", rows_all}, {"nearest", rows_nearest}, {"render", rows_render}, {NULL, NULL}};
    luaL_setfuncs(L, functions, 0);
}
