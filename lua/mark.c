// SPDX-License-Identifier: GPL-3.0-or-later
// core/guest/mark.h for lua/lib/mig.lua. Main thread: pure and short.
#include "core/guest/mark.h"

#include "base/mem.h"
#include "lua/impl.h"

#define MARK "migsh.mark"

// Held by a userdata, as Lua may raise while C has them.
struct box {
    struct mark mark;
    char *xml;
    struct err err;
};

static int box_gc(lua_State *L)
{
    struct box *b = luaL_checkudata(L, 1, MARK);
    mark_release(&b->mark);
    free(b->xml);
    b->xml = NULL;
    err_release(&b->err);
    return 0;
}

static struct box *box_new(lua_State *L)
{
    struct box *b = lua_newuserdatauv(L, sizeof(*b), 0);
    *b = (struct box){.err = ERR_INIT};
    luaL_setmetatable(L, MARK);
    return b;
}

static void set_text(lua_State *L, const char *key, const char *text)
{
    lua_pushstring(L, text); // nil for NULL
    lua_setfield(L, -2, key);
}

// xml_mark(xml) -> {role, journal, node}, or nil
static int read_mark(lua_State *L)
{
    const char *xml = luaL_checkstring(L, 1);
    struct box *b = box_new(L);
    int r = mark_read(xml, &b->mark, &b->err);
    if (r < 0)
        return error_raise(L, &b->err);
    if (r == 0) {
        lua_pushnil(L);
        return 1;
    }
    lua_createtable(L, 0, 3);
    set_text(L, "role", b->mark.role);
    set_text(L, "journal", b->mark.journal);
    set_text(L, "node", b->mark.node);
    return 1;
}

static char *get_text(lua_State *L, const char *key)
{
    if (lua_getfield(L, 2, key) != LUA_TNIL && lua_type(L, -1) != LUA_TSTRING)
        luaL_error(L, "a mark's %s is a text", key);
    return xstrdup(lua_tostring(L, -1));
}

// xml_marked(xml, {role, journal, node}) -> xml
static int write_mark(lua_State *L)
{
    const char *xml = luaL_checkstring(L, 1);
    luaL_checktype(L, 2, LUA_TTABLE);
    struct box *b = box_new(L);
    b->mark.role = get_text(L, "role");
    b->mark.journal = get_text(L, "journal");
    b->mark.node = get_text(L, "node");
    if (mark_write(xml, &b->mark, &b->xml, &b->err) < 0)
        return error_raise(L, &b->err);
    lua_pushstring(L, b->xml);
    return 1;
}

// xml_unmarked(xml) -> xml
static int remove_mark(lua_State *L)
{
    const char *xml = luaL_checkstring(L, 1);
    struct box *b = box_new(L);
    if (mark_remove(xml, &b->xml, &b->err) < 0)
        return error_raise(L, &b->err);
    lua_pushstring(L, b->xml);
    return 1;
}

void mark_open(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"xml_mark", read_mark}, {"xml_marked", write_mark}, {"xml_unmarked", remove_mark}, {NULL, NULL}};
    class_open(L, MARK, box_gc, NULL, NULL);
    luaL_setfuncs(L, functions, 0);
}
