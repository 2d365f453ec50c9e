// SPDX-License-Identifier: GPL-3.0-or-later
// Error objects: struct err as a Lua table, and back. Main thread. See impl.h.
#include <string.h>

#include "lua/impl.h"

// tostring(err): the message alone, as the operator would read it.
static int error_tostring(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_getfield(L, 1, "msg");
    luaL_tolstring(L, -1, NULL);
    return 1;
}

void error_push(lua_State *L, const struct err *e)
{
    lua_createtable(L, 0, 4);
    lua_pushstring(L, err_code_name(e->code));
    lua_setfield(L, -2, "code");
    lua_pushstring(L, e->msg ? e->msg : err_code_name(e->code));
    lua_setfield(L, -2, "msg");
    lua_pushstring(L, e->hint); // NULL pushes nil
    lua_setfield(L, -2, "hint");
    luaL_setmetatable(L, ERROR_OBJECT);
}

int error_raise(lua_State *L, struct err *e)
{
    error_push(L, e);
    err_release(e);
    return lua_error(L);
}

void error_from(lua_State *L, int idx, struct err *e)
{
    idx = lua_absindex(L, idx);
    if (lua_type(L, idx) != LUA_TTABLE) {
        err_set(e, ERR_FAILED, "%s", luaL_tolstring(L, idx, NULL));
        lua_pop(L, 1);
        return;
    }
    lua_getfield(L, idx, "code");
    lua_getfield(L, idx, "msg");
    lua_getfield(L, idx, "hint");
    const char *code = lua_tostring(L, -3), *msg = lua_tostring(L, -2), *hint = lua_tostring(L, -1);
    enum err_code number = code ? err_code_from_name(code) : ERR_FAILED;
    if (number == ERR_NONE) // "none" would be a failure that exits with 0
        number = ERR_FAILED;
    err_set(e, number, "%s", msg ? msg : code ? code : "the script failed without a message");
    if (hint)
        err_hint(e, "%s", hint);
    lua_pop(L, 3);
}

void error_open(lua_State *L)
{
    luaL_newmetatable(L, ERROR_OBJECT);
    lua_pushcfunction(L, error_tostring);
    lua_setfield(L, -2, "__tostring");
    lua_setfield(L, -2, "error_meta");
}
