// SPDX-License-Identifier: GPL-3.0-or-later
// A document (io/xml.h) as a userdata, and the nodes that are found in it, each of which keeps its document alive. Main
// thread: pure and short.
#include "io/xml.h"

#include <string.h>

#include "lua/impl.h"

#define XML "migsh.xml"

// Of a document or of a node: what is found in an expression begins at `at`.
struct box {
    struct box *of; // the document; a node's user value
    struct xml_doc *doc;
    struct xml_node *at; // NULL: the root element
    struct err err;
};

static struct box *box_new(lua_State *L)
{
    struct box *b = lua_newuserdatauv(L, sizeof(*b), 1);
    *b = (struct box){.of = b, .err = ERR_INIT};
    luaL_setmetatable(L, XML);
    return b;
}

static struct box *to_box(lua_State *L)
{
    struct box *b = luaL_checkudata(L, 1, XML);
    if (!b->of->doc)
        luaL_error(L, "attempt to use a closed XML document");
    return b;
}

// doc:close(): a second time is fine. A node has nothing of its own.
static int box_close(lua_State *L)
{
    struct box *b = luaL_checkudata(L, 1, XML);
    xml_free(b->doc);
    b->doc = NULL;
    err_release(&b->err);
    return 0;
}

// xml(text) -> document
static int xml_new(lua_State *L)
{
    size_t n;
    const char *text = luaL_checklstring(L, 1, &n);
    struct box *b = box_new(L);
    if (strlen(text) != n) {
        err_set(&b->err, ERR_USAGE, "a text with a NUL is no XML");
        return error_raise(L, &b->err);
    }
    if (xml_parse(text, &b->doc, &b->err) < 0)
        return error_raise(L, &b->err);
    return 1;
}

// doc:get(xpath) -> text or nil
static int xml_first(lua_State *L)
{
    struct box *b = to_box(L);
    const char *xpath = luaL_checkstring(L, 2);
    void **text = value_heap(L);
    if (xml_get(b->of->doc, b->at, xpath, (char **)text, &b->err) < 0)
        return error_raise(L, &b->err);
    lua_pushstring(L, *text); // nil for NULL
    return 1;
}

// doc:each(xpath) -> {node, …}
static int xml_each(lua_State *L)
{
    struct box *b = to_box(L);
    const char *xpath = luaL_checkstring(L, 2);
    if (b->of == b)
        lua_pushvalue(L, 1);
    else
        lua_getiuservalue(L, 1, 1);
    int document = lua_gettop(L);
    void **nodes = value_heap(L);
    size_t n;
    if (xml_find(b->of->doc, b->at, xpath, (struct xml_node ***)nodes, &n, &b->err) < 0)
        return error_raise(L, &b->err);
    lua_newtable(L);
    for (size_t i = 0; i < n; i++) {
        struct box *node = box_new(L);
        node->of = b->of;
        node->at = ((struct xml_node **)*nodes)[i];
        lua_pushvalue(L, document);
        lua_setiuservalue(L, -2, 1);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

// doc:remove(xpath)
static int xml_drop(lua_State *L)
{
    struct box *b = to_box(L);
    if (xml_remove_found(b->of->doc, b->at, luaL_checkstring(L, 2), &b->err) < 0)
        return error_raise(L, &b->err);
    return 0;
}

// node:set(name, text)
static int xml_set(lua_State *L)
{
    struct box *b = to_box(L);
    size_t n;
    const char *name = luaL_checkstring(L, 2), *text = luaL_checklstring(L, 3, &n);
    luaL_argcheck(L, strlen(text) == n, 3, "a NUL is no text of XML");
    luaL_argcheck(L, b->at, 1, "a node of a document has attributes");
    if (xml_node_set_attribute(b->at, name, text, &b->err) < 0)
        return error_raise(L, &b->err);
    return 0;
}

// The document; of a node its text.
static int xml_tostring(lua_State *L)
{
    struct box *b = to_box(L);
    void **text = value_heap(L);
    *text = b->at ? xml_node_text(b->at) : xml_text(b->of->doc);
    lua_pushstring(L, *text ? *text : "");
    return 1;
}

void xml_open(lua_State *L)
{
    static const luaL_Reg methods[] = {{"close", box_close}, {"get", xml_first}, {"each", xml_each},
                                       {"remove", xml_drop}, {"set", xml_set},   {NULL, NULL}};
    static const luaL_Reg functions[] = {{"xml", xml_new}, {NULL, NULL}};
    class_open(L, XML, box_close, box_close, methods);
    luaL_getmetatable(L, XML);
    lua_pushcfunction(L, xml_tostring);
    lua_setfield(L, -2, "__tostring");
    lua_pop(L, 1);
    luaL_setfuncs(L, functions, 0);
}
