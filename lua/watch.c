// SPDX-License-Identifier: GPL-3.0-or-later
// A watch (core/watch/watch.h) as a userdata. Main thread; starting, waiting and stopping block and are jobs, so
// lua/lib waits for them as operations. A watch that is forgotten is freed by the collector, which ends its probing.
#include "core/watch/watch.h"

#include "base/strv.h"
#include "io/job.h"
#include "lua/impl.h"

#define WATCH "migsh.watch"

struct watch_box {
    struct watch *w; // NULL: not started, or closed
    struct strv targets;
    char *expect;
    struct watch_opts opts;
    double timeout_ms; // of the wait that runs
    bool busy;         // a job uses it
};

static struct watch_box *to_box(lua_State *L)
{
    struct watch_box *b = luaL_checkudata(L, 1, WATCH);
    if (!b->w)
        luaL_error(L, "attempt to use a closed watch");
    return b;
}

static void box_close(struct watch_box *b)
{
    struct watch *w = b->w;
    b->w = NULL;
    watch_free(w);
    strv_release(&b->targets);
    free(b->expect);
    b->expect = NULL;
}

// A job holds the userdata alive, so the collector cannot come here while one runs.
static int watch_gc(lua_State *L)
{
    box_close(luaL_checkudata(L, 1, WATCH));
    return 0;
}

// watch:close(): at once, without a result; a second time is fine. Not while a job of it runs.
static int watch_close(lua_State *L)
{
    struct watch_box *b = luaL_checkudata(L, 1, WATCH);
    if (b->busy)
        return luaL_error(L, "the watch is being waited for");
    box_close(b);
    return 0;
}

static double field_number(lua_State *L, const char *key)
{
    lua_getfield(L, 2, key);
    double n = luaL_optnumber(L, -1, 0);
    lua_pop(L, 1);
    return n;
}

// watch_new({target, …}, {interval_ms =, timeout_ms =, late_min_ms =, duration_ms =, count =, expect =}): not started
static int watch_new(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checktype(L, 2, LUA_TTABLE);
    struct watch_box *b = lua_newuserdatauv(L, sizeof(*b), 0);
    *b = (struct watch_box){.w = NULL};
    luaL_setmetatable(L, WATCH);
    for (lua_Integer i = 1, n = luaL_len(L, 1); i <= n; i++) {
        lua_rawgeti(L, 1, i);
        strv_add(&b->targets, luaL_checkstring(L, -1));
        lua_pop(L, 1);
    }
    lua_getfield(L, 2, "expect");
    b->expect = xstrdup(luaL_optstring(L, -1, NULL));
    lua_pop(L, 1);
    b->opts = (struct watch_opts){.targets = &b->targets,
                                  .expect = b->expect,
                                  .interval_ms = field_number(L, "interval_ms"),
                                  .timeout_ms = field_number(L, "timeout_ms"),
                                  .late_min_ms = field_number(L, "late_min_ms"),
                                  .duration_ms = field_number(L, "duration_ms"),
                                  .count = (unsigned long long)field_number(L, "count")};
    return 1;
}

static json_t *start_job(struct job *job, void *arg, struct err *e)
{
    struct watch_box *b = arg;
    struct watch *w;
    if (watch_start(job, &b->opts, &w, e) == 0)
        b->w = w;
    return NULL;
}

static json_t *stop_job(struct job *job, void *arg, struct err *e)
{
    (void)job; // short, and a result that was measured is not thrown away
    (void)e;
    struct watch_box *b = arg;
    return watch_stop(b->w);
}

static json_t *wait_job(struct job *job, void *arg, struct err *e)
{
    struct watch_box *b = arg;
    watch_wait(b->w, job, b->timeout_ms, e);
    return NULL;
}

static void job_ended(void *arg)
{
    struct watch_box *b = arg;
    b->busy = false;
}

static int start_op(lua_State *L, struct watch_box *b, op_job_fn *fn)
{
    if (b->busy)
        return luaL_error(L, "the watch is being waited for already");
    op_start_job(L, "watch", fn, job_ended, b, 1);
    b->busy = true;
    return 1;
}

// watch_start(watch) -> operation
static int watch_op_start(lua_State *L)
{
    struct watch_box *b = luaL_checkudata(L, 1, WATCH);
    if (b->w)
        return luaL_error(L, "the watch is started already");
    return start_op(L, b, start_job);
}

// watch_stop(watch) -> operation, whose value is the result
static int watch_op_stop(lua_State *L)
{
    return start_op(L, to_box(L), stop_job);
}

// watch_wait(watch, ms) -> operation; ms < 0: until count or duration are over
static int watch_op_wait(lua_State *L)
{
    struct watch_box *b = to_box(L);
    b->timeout_ms = luaL_optnumber(L, 2, -1);
    return start_op(L, b, wait_job);
}

static int watch_do_mark(lua_State *L)
{
    watch_mark(to_box(L)->w, luaL_checkstring(L, 2));
    return 0;
}

static int watch_do_snapshot(lua_State *L)
{
    struct watch_box *b = to_box(L);
    json_t **box = value_own(L);
    *box = watch_snapshot(b->w);
    value_push(L, *box);
    return 1;
}

// watch:timeline(i, from, to, buckets): see core/watch/watch.h
static int watch_do_timeline(lua_State *L)
{
    struct watch_box *b = to_box(L);
    lua_Integer i = luaL_checkinteger(L, 2), n = luaL_checkinteger(L, 5);
    luaL_argcheck(L, i >= 1 && (size_t)i <= b->targets.n, 2, "no such target");
    luaL_argcheck(L, n >= 1 && n <= 1000, 5, "1 to 1000");
    double from = luaL_checknumber(L, 3), to = luaL_checknumber(L, 4);
    json_t **box = value_own(L);
    *box = watch_timeline_between(b->w, (size_t)i - 1, from, to, (size_t)n);
    value_push(L, *box);
    return 1;
}

void watch_open(lua_State *L)
{
    static const luaL_Reg methods[] = {{"close", watch_close},
                                       {"mark", watch_do_mark},
                                       {"snapshot", watch_do_snapshot},
                                       {"timeline", watch_do_timeline},
                                       {NULL, NULL}};
    static const luaL_Reg functions[] = {{"watch_new", watch_new},
                                         {"watch_start", watch_op_start},
                                         {"watch_stop", watch_op_stop},
                                         {"watch_wait", watch_op_wait},
                                         {NULL, NULL}};
    class_open(L, WATCH, watch_gc, watch_close, methods);
    luaL_setfuncs(L, functions, 0);
}
