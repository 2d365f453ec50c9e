// SPDX-License-Identifier: GPL-3.0-or-later
// A page fetched as an operation. Main thread; the fetching is a job (io/fetch.h).
#include "io/fetch.h"

#include "base/json.h"
#include "core/watch/target.h"
#include "lua/impl.h"

#define FETCH "migsh.fetch"

struct fetch_box {
    struct watch_target target;
    double timeout_ms;
    struct err err;
};

static int fetch_gc(lua_State *L)
{
    struct fetch_box *b = luaL_checkudata(L, 1, FETCH);
    watch_target_release(&b->target);
    err_release(&b->err);
    return 0;
}

static json_t *fetch_job(struct job *job, void *arg, struct err *e)
{
    struct fetch_box *b = arg;
    char *body;
    size_t n;
    if (fetch_http(job, b->target.host, b->target.port, b->target.request, b->timeout_ms, &body, &n, e) < 0)
        return NULL;
    json_t *value = json_textn(body, n);
    free(body);
    return value;
}

static void fetch_ended(void *arg)
{
    (void)arg;
}

// fetch(url, timeout_ms) -> operation, whose value is the body as text
static int fetch_start(lua_State *L)
{
    const char *url = luaL_checkstring(L, 1);
    lua_Number timeout_ms = luaL_checknumber(L, 2);
    struct fetch_box *b = lua_newuserdatauv(L, sizeof(*b), 0);
    *b = (struct fetch_box){.timeout_ms = timeout_ms};
    luaL_setmetatable(L, FETCH);
    if (watch_target_parse(url, &b->target, &b->err) < 0)
        return error_raise(L, &b->err);
    if (!b->target.request) {
        err_set(&b->err, ERR_USAGE, "'%s' is not an http:// URL", url);
        return error_raise(L, &b->err);
    }
    op_start_job(L, "fetch", fetch_job, fetch_ended, b, -1);
    return 1;
}

void fetch_open(lua_State *L)
{
    class_open(L, FETCH, fetch_gc, NULL, NULL);
    lua_pushcfunction(L, fetch_start);
    lua_setfield(L, -2, "fetch");
}
