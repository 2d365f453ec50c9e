// SPDX-License-Identifier: GPL-3.0-or-later
// What guests and their descriptions say, judged: core/guest/domxml_host.h and core/guest/address.h. Main thread; an
// address is checked by a job.
#include <jansson.h>

#include "base/mem.h"
#include "core/guest/address.h"
#include "core/guest/domxml_host.h"
#include "lua/impl.h"

#define CHECK "migsh.address"

struct box {
    char *text;
    struct strv hosts;
    struct err err;
};

static int box_gc(lua_State *L)
{
    struct box *b = luaL_checkudata(L, 1, CHECK);
    free(b->text);
    b->text = NULL;
    strv_release(&b->hosts);
    err_release(&b->err);
    return 0;
}

static struct box *box_new(lua_State *L)
{
    struct box *b = lua_newuserdatauv(L, sizeof(*b), 0);
    *b = (struct box){.err = ERR_INIT};
    luaL_setmetatable(L, CHECK);
    return b;
}

// xml_host(xml) -> {root =, domains =, claims =}
static int xml_host(lua_State *L)
{
    const char *xml = luaL_checkstring(L, 1);
    struct box *b = box_new(L);
    json_t **value = value_own(L);
    if (domxml_host(xml, value, &b->err) < 0)
        return error_raise(L, &b->err);
    value_push(L, *value);
    return 1;
}

static json_t *check_job(struct job *job, void *arg, struct err *e)
{
    (void)job;
    struct box *b = arg;
    return guest_address_check(b->text, &b->hosts, e) < 0 ? NULL : json_true();
}

static void check_ended(void *arg)
{
    (void)arg;
}

// guest_address(text, {host, …}) -> operation, which raises "unsafe"
static int check_address(lua_State *L)
{
    const char *text = luaL_checkstring(L, 1);
    luaL_checktype(L, 2, LUA_TTABLE);
    struct box *b = box_new(L);
    b->text = xstrdup(text);
    for (lua_Integer i = 1; lua_rawgeti(L, 2, i) != LUA_TNIL; i++) {
        strv_add(&b->hosts, luaL_checkstring(L, -1));
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    op_start_job(L, "address", check_job, check_ended, b, -1);
    return 1;
}

void guest_open(lua_State *L)
{
    static const luaL_Reg functions[] = {{"xml_host", xml_host}, {"guest_address", check_address}, {NULL, NULL}};
    class_open(L, CHECK, box_gc, NULL, NULL);
    luaL_setfuncs(L, functions, 0);
}
