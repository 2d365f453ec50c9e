// SPDX-License-Identifier: GPL-3.0-or-later
// Values between JSON and Lua. Main thread. See impl.h.
#include <math.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/units.h"
#include "cmd/engine/render.h"
#include "io/digest.h"
#include "lua/impl.h"

#define BOX "migsh.json"
#define HEAP "migsh.heap"
enum { MAX_DEPTH = 100 };

static void push_array(lua_State *L, const json_t *v)
{
    size_t i;
    json_t *item;
    lua_createtable(L, (int)json_array_size(v), 0);
    json_array_foreach(v, i, item)
    {
        value_push(L, item);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    luaL_setmetatable(L, VALUE_ARRAY);
}

static void push_object(lua_State *L, const json_t *v)
{
    const char *key;
    size_t len;
    json_t *item;
    lua_createtable(L, 0, (int)json_object_size(v));
    json_object_keylen_foreach((json_t *)v, key, len, item)
    {
        lua_pushlstring(L, key, len);
        value_push(L, item);
        lua_rawset(L, -3);
    }
}

void value_push(lua_State *L, const json_t *v)
{
    luaL_checkstack(L, 4, "a value too deep");
    if (!v) {
        lua_pushnil(L);
        return;
    }
    switch (json_typeof(v)) {
    case JSON_OBJECT:
        push_object(L, v);
        break;
    case JSON_ARRAY:
        push_array(L, v);
        break;
    case JSON_STRING:
        lua_pushlstring(L, json_string_value(v), json_string_length(v));
        break;
    case JSON_INTEGER:
        lua_pushinteger(L, json_integer_value(v));
        break;
    case JSON_REAL:
        lua_pushnumber(L, json_real_value(v));
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        lua_pushboolean(L, json_is_true(v));
        break;
    case JSON_NULL:
        lua_pushlightuserdata(L, NULL);
        break;
    }
}

static int box_gc(lua_State *L)
{
    json_t **box = lua_touserdata(L, 1);
    json_decref(*box);
    *box = NULL;
    return 0;
}

// Where a converted value goes: into its parent at once, so that the box owns all of it if Lua raises half-way.
struct place {
    json_t **root;
    json_t *parent; // NULL: the root
    const char *key;
    size_t key_len; // for an object; an array appends
};

struct chain {
    const void *table;
    const struct chain *up;
    int depth;
};

static void put(const struct place *p, json_t *v)
{
    if (!p->parent)
        *p->root = v;
    else if (json_is_array(p->parent))
        json_array_append_new(p->parent, v);
    else {
        json_t *key = json_textn(p->key, p->key_len); // keys have to be UTF-8, too
        json_object_setn_new_nocheck(p->parent, json_string_value(key), json_string_length(key), v);
        json_decref(key);
    }
}

static void convert(lua_State *L, int idx, const struct place *p, const struct chain *up);

static void put_text(lua_State *L, int idx, const struct place *p)
{
    size_t n;
    const char *s = luaL_tolstring(L, idx, &n);
    put(p, json_textn(s, n));
    lua_pop(L, 1);
}

static bool in_chain(const struct chain *c, const void *table)
{
    while (c && c->table != table)
        c = c->up;
    return c != NULL;
}

// An array by its metatable, or by having exactly the keys 1..n with n > 0.
static bool is_array(lua_State *L, int idx)
{
    if (lua_getmetatable(L, idx)) {
        luaL_getmetatable(L, VALUE_ARRAY);
        bool marked = lua_rawequal(L, -1, -2);
        lua_pop(L, 2);
        if (marked)
            return true;
    }
    lua_Unsigned n = lua_rawlen(L, idx), count = 0;
    for (lua_pushnil(L); lua_next(L, idx); lua_pop(L, 1)) {
        if (!lua_isinteger(L, -2) || ++count > n) {
            lua_pop(L, 2);
            return false;
        }
    }
    return n > 0 && count == n;
}

static void convert_array(lua_State *L, int idx, const struct place *p, const struct chain *up)
{
    json_t *list = json_array();
    put(p, list);
    struct place in = {p->root, list, NULL, 0};
    for (lua_Integer i = 1, n = (lua_Integer)lua_rawlen(L, idx); i <= n; i++) {
        lua_rawgeti(L, idx, i);
        convert(L, lua_gettop(L), &in, up);
        lua_pop(L, 1);
    }
}

// Sorted keys, so that the same value always prints the same: table.sort over a list of the keys as strings, each with
// the key itself beside it.
static void push_sorted_keys(lua_State *L, int idx)
{
    lua_newtable(L); // names
    lua_newtable(L); // name -> key
    lua_Integer n = 0;
    for (lua_pushnil(L); lua_next(L, idx); lua_pop(L, 1)) {
        lua_pushvalue(L, -2);
        luaL_tolstring(L, -1, NULL); // names names->key key value key name
        lua_pushvalue(L, -1);
        lua_rawseti(L, -7, ++n);
        lua_insert(L, -2); // … name key
        lua_rawset(L, -5);
    }
    luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
    lua_getfield(L, -1, "table");
    lua_getfield(L, -1, "sort");
    lua_pushvalue(L, -5);
    lua_call(L, 1, 0);
    lua_pop(L, 2);
}

static void convert_object(lua_State *L, int idx, const struct place *p, const struct chain *up)
{
    json_t *object = json_object();
    put(p, object);
    push_sorted_keys(L, idx);
    int names = lua_gettop(L) - 1, keys = names + 1;
    for (lua_Integer i = 1, n = (lua_Integer)lua_rawlen(L, names); i <= n; i++) {
        lua_rawgeti(L, names, i);
        lua_pushvalue(L, -1);
        lua_rawget(L, keys);
        lua_rawget(L, idx); // name value
        size_t len;
        const char *name = lua_tolstring(L, -2, &len);
        struct place in = {p->root, object, name, len};
        convert(L, lua_gettop(L), &in, up);
        lua_pop(L, 2);
    }
    lua_pop(L, 2);
}

static void convert_table(lua_State *L, int idx, const struct place *p, const struct chain *up)
{
    struct chain here = {lua_topointer(L, idx), up, up ? up->depth + 1 : 0};
    if (in_chain(up, here.table) || here.depth > MAX_DEPTH)
        put(p, json_text("(again)"));
    else if (is_array(L, idx))
        convert_array(L, idx, p, &here);
    else
        convert_object(L, idx, p, &here);
}

static void convert(lua_State *L, int idx, const struct place *p, const struct chain *up)
{
    luaL_checkstack(L, 12, "a value too deep");
    if (luaL_getmetafield(L, idx, "__view") != LUA_TNIL) { // how an object of ours wants to be seen
        lua_pushvalue(L, idx);
        lua_call(L, 1, 1);
        lua_replace(L, idx);
    }
    switch (lua_type(L, idx)) {
    case LUA_TNIL:
        put(p, json_null());
        break;
    case LUA_TBOOLEAN:
        put(p, json_boolean(lua_toboolean(L, idx)));
        break;
    case LUA_TNUMBER:
        if (lua_isinteger(L, idx))
            put(p, json_integer(lua_tointeger(L, idx)));
        else if (isfinite(lua_tonumber(L, idx)))
            put(p, json_real(lua_tonumber(L, idx)));
        else
            put_text(L, idx, p); // JSON has no infinity
        break;
    case LUA_TTABLE:
        convert_table(L, idx, p, up);
        break;
    case LUA_TLIGHTUSERDATA:
        if (!lua_touserdata(L, idx)) {
            put(p, json_null());
            break;
        }
        // fall through
    default:
        put_text(L, idx, p);
        break;
    }
}

json_t **value_own(lua_State *L)
{
    json_t **box = lua_newuserdatauv(L, sizeof(*box), 0);
    *box = NULL;
    luaL_setmetatable(L, BOX);
    return box;
}

json_t *value_convert(lua_State *L, int idx)
{
    idx = lua_absindex(L, idx);
    json_t **box = value_own(L);
    if (lua_isnil(L, idx))
        return NULL;
    lua_pushvalue(L, idx);
    struct place root = {box, NULL, NULL, 0};
    convert(L, lua_gettop(L), &root, NULL);
    lua_pop(L, 1);
    return *box;
}

static int heap_gc(lua_State *L)
{
    void **p = lua_touserdata(L, 1);
    free(*p);
    *p = NULL;
    return 0;
}

void **value_heap(lua_State *L)
{
    void **p = lua_newuserdatauv(L, sizeof(*p), 0);
    *p = NULL;
    luaL_setmetatable(L, HEAP);
    return p;
}

// show(value) -> text as people read it, without a newline at its end
static int value_show(lua_State *L)
{
    luaL_checkany(L, 1);
    json_t *v = value_convert(L, 1);
    struct buf b = BUF_INIT;
    void **heap = value_heap(L);
    render_any(v, &b);
    *heap = b.s;
    lua_pushlstring(L, buf_str(&b), b.len ? b.len - 1 : 0);
    return 1;
}

static int null_tostring(lua_State *L)
{
    lua_pushstring(L, lua_touserdata(L, 1) ? "light userdata" : "null");
    return 1;
}

// json_encode(value) -> text, indented, keys sorted
static int json_encode(lua_State *L)
{
    luaL_checkany(L, 1);
    void **heap = value_heap(L);
    json_t *v = value_convert(L, 1);
    *heap = v ? json_dumps(v, JSON_INDENT(2) | JSON_SORT_KEYS | JSON_ENCODE_ANY) : xstrdup("null");
    lua_pushstring(L, *heap);
    return 1;
}

// json_decode(text) -> value, or nil and what is wrong
static int json_decode(lua_State *L)
{
    size_t n;
    const char *text = luaL_checklstring(L, 1, &n);
    json_error_t error;
    json_t **box = value_own(L);
    *box = json_loadb(text, n, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &error);
    if (!*box) {
        lua_pushnil(L);
        lua_pushfstring(L, "line %d: %s", error.line, error.text);
        return 2;
    }
    value_push(L, *box);
    return 1;
}

// bytes(number) -> "1.5 MiB"
static int value_bytes(lua_State *L)
{
    double n = luaL_checknumber(L, 1);
    char text[UNITS_TEXT];
    units_bytes(n, n < 1024 ? 0 : 1, text);
    lua_pushstring(L, text);
    return 1;
}

// duration(milliseconds) -> "34.00 ms"
static int value_duration(lua_State *L)
{
    char text[UNITS_TEXT];
    lua_pushstring(L, units_duration(luaL_checknumber(L, 1), text));
    return 1;
}

// sha256(text) -> hexadecimal digits
static int value_sha256(lua_State *L)
{
    size_t n;
    const char *text = luaL_checklstring(L, 1, &n);
    char hex[DIGEST_HEX];
    digest_sha256(text, n, hex);
    lua_pushstring(L, hex);
    return 1;
}

static int array_mark(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    luaL_setmetatable(L, VALUE_ARRAY);
    return 1;
}

static void set_function(lua_State *L, const char *key, lua_CFunction f)
{
    lua_pushcfunction(L, f);
    lua_setfield(L, -2, key);
}

void class_open(lua_State *L, const char *name, lua_CFunction gc, lua_CFunction close, const luaL_Reg *methods)
{
    luaL_newmetatable(L, name);
    set_function(L, "__gc", gc);
    if (close)
        set_function(L, "__close", close);
    if (methods) {
        lua_newtable(L);
        luaL_setfuncs(L, methods, 0);
        lua_setfield(L, -2, "__index");
    }
    lua_pop(L, 1);
}

void value_open(lua_State *L)
{
    class_open(L, BOX, box_gc, NULL, NULL);
    class_open(L, HEAP, heap_gc, NULL, NULL);
    luaL_newmetatable(L, VALUE_ARRAY);
    lua_pop(L, 1);
    lua_pushlightuserdata(L, NULL); // all light userdata share one metatable; ours is the only use
    lua_createtable(L, 0, 1);
    set_function(L, "__tostring", null_tostring);
    lua_setmetatable(L, -2);
    lua_setfield(L, -2, "null");
    set_function(L, "array", array_mark);
    static const luaL_Reg functions[] = {{"show", value_show},
                                         {"json_encode", json_encode},
                                         {"json_decode", json_decode},
                                         {"bytes", value_bytes},
                                         {"duration_text", value_duration},
                                         {"sha256", value_sha256},
                                         {NULL, NULL}};
    luaL_setfuncs(L, functions, 0);
}
