// SPDX-License-Identifier: GPL-3.0-or-later
// manifest.json of an exported domain, by the Lua that judges it: nothing that is believed leads out of the directory
// or into a place of the system, and no error but a refusal.
#include <jansson.h>
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#include "fuzz.h"

static const char check[] =
    "local manifest = ...\n"
    "return function(m)\n"
    "  local ok, e = pcall(manifest.check, m)\n"
    "  if not ok then return type(e) == 'table' and e.code and true or tostring(e) end\n"
    "  for _, f in ipairs(m.files) do\n"
    "    if f.name:find '/' or f.name:sub(1, 1) == '.' then return 'name ' .. f.name end\n"
    "    if f.path:sub(1, 1) ~= '/' or f.path:find '/%.' or f.path:find '%c' or f.path:match '^/etc/'\n"
    "      or f.path:match '^/proc/' or f.path:match '^/usr/' then return 'path ' .. f.path end\n"
    "  end\n"
    "  for _, d in ipairs(m.descriptions) do if d.name:find '/' then return 'name ' .. d.name end end\n"
    "  return true\n"
    "end\n";

static void push(lua_State *L, const json_t *v)
{
    luaL_checkstack(L, 4, NULL);
    const char *key;
    json_t *item;
    size_t i;
    if (json_is_object(v)) {
        lua_newtable(L);
        json_object_foreach((json_t *)v, key, item) push(L, item), lua_setfield(L, -2, key);
    } else if (json_is_array(v)) {
        lua_newtable(L);
        json_array_foreach(v, i, item) push(L, item), lua_rawseti(L, -2, (lua_Integer)i + 1);
    } else if (json_is_string(v)) {
        lua_pushlstring(L, json_string_value(v), json_string_length(v));
    } else if (json_is_integer(v)) {
        lua_pushinteger(L, json_integer_value(v));
    } else if (json_is_real(v)) {
        lua_pushnumber(L, json_real_value(v));
    } else if (json_is_boolean(v)) {
        lua_pushboolean(L, json_is_true(v));
    } else {
        lua_pushlightuserdata(L, NULL);
    }
}

static lua_State *start(void)
{
    lua_State *L = luaL_newstate();
    luaL_openlibs(L);
    // The manifest's own modules lie beside its directory.
    if (luaL_dostring(L, "mig = { error = function(e) error(e, 0) end }\n"
                         "package.path = os.getenv('FUZZ_MANIFEST'):gsub('image/manifest%.lua$', '?.lua')\n"))
        abort();
    lua_getglobal(L, "mig");
    lua_pushlightuserdata(L, NULL);
    lua_setfield(L, -2, "null");
    lua_settop(L, 0);
    if (luaL_loadstring(L, check) || luaL_dofile(L, getenv("FUZZ_MANIFEST")) || lua_pcall(L, 1, 1, 0))
        abort();
    return L;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static lua_State *L;
    L = L ? L : start();
    json_t *v = json_loadb((const char *)data, size, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
    if (!v)
        return 0;
    lua_pushvalue(L, 1);
    push(L, v);
    json_decref(v);
    if (lua_pcall(L, 1, 1, 0) || !lua_isboolean(L, -1)) {
        fprintf(stderr, "%s\n", lua_tostring(L, -1));
        abort();
    }
    lua_settop(L, 1);
    return 0;
}
