// SPDX-License-Identifier: GPL-3.0-or-later
// Operations: what a coroutine waits for. A command's run or a timer, started here, ended by the loop, which then calls
// complete(op, value, err) of lua/lib/sched.lua. Main thread. Must not wait, and knows nothing of coroutines.
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/printable.h"
#include "base/strv.h"
#include "cmd/engine/dispatch.h"
#include "core/console/out.h"
#include "io/job.h"
#include "io/loop.h"
#include "lua/impl.h"

#define OP "migsh.op"
enum { MAX_TIMER_MS = 1 << 30 };

// A userdata; anchored in the registry (by its address) while it is in flight.
struct op {
    struct cmd_run *run;
    int timer; // -1: none
    struct job *job;
    op_job_fn *fn;
    void (*ended)(void *arg);
    void *arg;
    json_t *value; // of the job
    struct strv words;
    struct err err; // held here while Lua builds the error object
};

static size_t pending;

size_t op_pending(void)
{
    return pending;
}

static struct op *op_new(lua_State *L)
{
    struct op *op = lua_newuserdatauv(L, sizeof(*op), 1);
    *op = (struct op){.timer = -1};
    luaL_setmetatable(L, OP);
    return op;
}

// The op on top of the stack is now in flight.
static void op_anchor(lua_State *L, struct op *op)
{
    pending++;
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, op);
}

struct completion {
    struct op *op;
    struct cmd_run *run; // NULL: a timer or a job
};

// complete(op, value, err)
static int complete(lua_State *L)
{
    struct completion *c = lua_touserdata(L, 1);
    engine_push_entry(L, "complete");
    lua_rawgetp(L, LUA_REGISTRYINDEX, c->op);
    lua_pushnil(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, c->op);
    const struct err *err = c->run ? cmd_run_err(c->run) : &c->op->err;
    value_push(L, c->run ? cmd_run_result(c->run) : c->op->value);
    if (err_is_set(err)) {
        error_push(L, err);
        lua_pushvalue(L, -2);
        lua_setfield(L, -2, "value"); // a report with a bad verdict is a value beside an error
        lua_pushstring(L, c->run ? cmd_run_text(c->run) : NULL);
        lua_setfield(L, -2, "text");
    } else {
        lua_pushnil(L);
    }
    lua_call(L, 3, 0);
    return 0;
}

static void finish(struct op *op, struct cmd_run *run)
{
    struct completion c = {op, run};
    pending--;
    engine_call(complete, &c, NULL);
}

static void on_run_done(struct cmd_run *run, void *data)
{
    struct op *op = data;
    op->run = NULL;
    finish(op, run);
}

static void on_timer(int id, void *data)
{
    struct op *op = data;
    loop_remove_timer(id);
    op->timer = -1;
    finish(op, NULL);
}

static void on_cancelled_timer(void *data)
{
    struct op *op = data;
    finish(op, NULL);
}

static void run_job(struct job *job, void *arg)
{
    struct op *op = arg;
    op->value = op->fn(job, op->arg, &op->err);
}

static void on_job_done(struct job *job, void *arg)
{
    (void)job;
    struct op *op = arg;
    op->job = NULL;
    op->ended(op->arg);
    finish(op, NULL);
}

static void on_not_started(void *data)
{
    on_job_done(NULL, data);
}

void op_start_job(lua_State *L, const char *name, op_job_fn *fn, void (*ended)(void *arg), void *arg, int owner)
{
    owner = lua_absindex(L, owner);
    struct op *op = op_new(L);
    lua_pushvalue(L, owner);
    lua_setiuservalue(L, -2, 1);
    op_anchor(L, op);
    op->fn = fn;
    op->ended = ended;
    op->arg = arg;
    op->job = job_start(name, run_job, on_job_done, op, &op->err);
    if (!op->job)
        loop_post(on_not_started, op);
}

// command({word, …}) -> op. Raises what is wrong with the words.
static int op_command(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    struct op *op = op_new(L);
    for (lua_Integer i = 1, n = luaL_len(L, 1); i <= n; i++) {
        lua_rawgeti(L, 1, i);
        strv_add(&op->words, luaL_checkstring(L, -1));
        lua_pop(L, 1);
    }
    op_anchor(L, op); // before the start: from then on nothing may raise
    op->run = cmd_start(engine_ctx(), &op->words, 0, on_run_done, op, &op->err);
    strv_release(&op->words);
    if (op->run)
        return 1;
    pending--;
    lua_pushnil(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, op);
    return error_raise(L, &op->err);
}

// timer(ms) -> op
static int op_timer(lua_State *L)
{
    lua_Number ms = luaL_checknumber(L, 1);
    luaL_argcheck(L, ms >= 0 && ms <= MAX_TIMER_MS, 1, "out of range");
    struct op *op = op_new(L);
    op_anchor(L, op);
    op->timer = loop_add_timer((int)ceil(ms), on_timer, op);
    return 1;
}

// op:cancel(): its end follows, through the loop. Nothing to do once it has ended.
static int op_cancel(lua_State *L)
{
    struct op *op = luaL_checkudata(L, 1, OP);
    if (op->run)
        cmd_cancel(op->run);
    if (op->job)
        job_cancel(op->job);
    if (op->timer >= 0) {
        loop_remove_timer(op->timer);
        op->timer = -1;
        loop_post(on_cancelled_timer, op);
    }
    return 0;
}

static int op_gc(lua_State *L)
{
    struct op *op = luaL_checkudata(L, 1, OP);
    strv_release(&op->words);
    err_release(&op->err);
    json_decref(op->value);
    op->value = NULL;
    return 0;
}

// print(text): to the results' stream, whole.
static int op_print(lua_State *L)
{
    size_t n;
    const char *s = luaL_checklstring(L, 1, &n);
    out_print(s, n);
    return 0;
}

// line(text) -> text
static int op_line(lua_State *L)
{
    const char *s = luaL_checkstring(L, 1);
    void **heap = value_heap(L);
    struct buf b = BUF_INIT;
    buf_add_line(&b, s);
    *heap = buf_steal(&b);
    lua_pushstring(L, *heap);
    return 1;
}

// notice(text, warn)
static int op_notice(lua_State *L)
{
    out_notice(lua_toboolean(L, 2) ? OUT_WARN : OUT_INFO, "%s", luaL_checkstring(L, 1));
    return 0;
}

// progress(table, done)
static int op_progress(lua_State *L)
{
    json_t *value = value_convert(L, 1);
    luaL_argcheck(L, json_is_object(value), 1, "an object");
    out_progress(json_incref(value), lua_toboolean(L, 2));
    return 0;
}

// clock() -> milliseconds, monotonic
static int op_clock(lua_State *L)
{
    lua_pushnumber(L, clock_mono_ms());
    return 1;
}

// duration("1.5s", unit) -> ms, or nil
static int op_duration(lua_State *L)
{
    double ms;
    const char *s = luaL_checkstring(L, 1);
    if (str_to_duration_ms(s, luaL_optstring(L, 2, "ms"), &ms) < 0)
        return 0;
    lua_pushnumber(L, ms);
    return 1;
}

void op_open(lua_State *L)
{
    static const luaL_Reg methods[] = {{"cancel", op_cancel}, {NULL, NULL}};
    static const luaL_Reg functions[] = {{"command", op_command},   {"timer", op_timer},   {"print", op_print},
                                         {"line", op_line},         {"notice", op_notice}, {"progress", op_progress},
                                         {"duration", op_duration}, {"clock", op_clock},   {NULL, NULL}};
    class_open(L, OP, op_gc, NULL, methods);
    luaL_setfuncs(L, functions, 0);
}
