// SPDX-License-Identifier: GPL-3.0-or-later
// core/guest/xml_map.h for lua/lib/mig.lua. Main thread: pure and short.
#include "core/guest/xml_map.h"
#include "lua/impl.h"

#define MAPPED "migsh.mapped"

// Held by a userdata, as Lua may raise while C has them.
struct box {
    struct xml_mapped mapped;
    struct err err;
};

static int box_gc(lua_State *L)
{
    struct box *b = luaL_checkudata(L, 1, MAPPED);
    xml_mapped_release(&b->mapped);
    err_release(&b->err);
    return 0;
}

static struct box *box_new(lua_State *L)
{
    struct box *b = lua_newuserdatauv(L, sizeof(*b), 0);
    *b = (struct box){.err = ERR_INIT};
    luaL_setmetatable(L, MAPPED);
    return b;
}

// The map at idx: {KIND = {FROM = TO}}, and texts "KIND=FROM:TO,…" in its list part. Pushed as an owner of the JSON.
static const json_t *to_map(lua_State *L, int idx, struct box *b)
{
    luaL_checktype(L, idx, LUA_TTABLE);
    json_t **map = value_own(L);
    *map = json_object();
    for (lua_pushnil(L); lua_next(L, idx); lua_pop(L, 1)) {
        if (lua_type(L, -2) == LUA_TSTRING) {
            json_t *entries = value_convert(L, -1);
            json_object_set(*map, lua_tostring(L, -3), entries);
            lua_pop(L, 1);
        }
    }
    for (lua_Integer i = 1; lua_rawgeti(L, idx, i) != LUA_TNIL; i++) {
        if (xml_map_add(*map, luaL_checkstring(L, -1), &b->err) < 0)
            error_raise(L, &b->err);
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    return *map;
}

// xml_map(xml, map) -> xml, diff, changes, unused
static int map_xml(lua_State *L)
{
    const char *xml = luaL_checkstring(L, 1);
    struct box *b = box_new(L);
    const json_t *map = to_map(L, 2, b);
    if (xml_map(xml, map, &b->mapped, &b->err) < 0)
        return error_raise(L, &b->err);
    lua_pushstring(L, b->mapped.xml);
    lua_pushstring(L, b->mapped.diff);
    lua_pushinteger(L, (lua_Integer)b->mapped.changes);
    value_push(L, b->mapped.unused);
    return 4;
}

// xml_map_path(path, map) -> path, or nil where no entry is a prefix
static int map_path(lua_State *L)
{
    const char *path = luaL_checkstring(L, 1);
    struct box *b = box_new(L);
    const json_t *map = to_map(L, 2, b);
    void **text = value_heap(L);
    *text = xml_map_path(map, path);
    lua_pushstring(L, *text);
    return 1;
}

// xml_map_entries(map) -> {KIND = {FROM = TO}}
static int map_entries(lua_State *L)
{
    lua_settop(L, 1);
    struct box *b = box_new(L);
    const json_t *map = to_map(L, 1, b);
    if (xml_map_check(map, &b->err) < 0)
        return error_raise(L, &b->err);
    value_push(L, map);
    return 1;
}

void xmlmap_open(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"xml_map", map_xml}, {"xml_map_path", map_path}, {"xml_map_entries", map_entries}, {NULL, NULL}};
    class_open(L, MAPPED, box_gc, NULL, NULL);
    luaL_setfuncs(L, functions, 0);
}
