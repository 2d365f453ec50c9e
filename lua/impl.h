// SPDX-License-Identifier: GPL-3.0-or-later
// What the bindings share. Private to lua/. Main thread only.
//
// Rules for lua/*.c: any Lua call may longjmp, so no cleanup attributes and no bare malloc across one: memory is held
// by a userdata that exists before it (with __gc, and closing twice does nothing). C calls Lua only through
// engine_call().
#pragma once

#include <jansson.h>
#include <lauxlib.h>
#include <lua.h>
#include <stdbool.h>

#include "base/err.h"
#include "core/console/ctx.h"

// engine.c
struct ctx *engine_ctx(void);
// Runs fn on the interpreter's main stack with `arg` as a light userdata, protected. False: it raised; told of as a
// warning if `e` is NULL, otherwise in `e`.
bool engine_call(lua_CFunction fn, void *arg, struct err *e);
// Pushes one of the functions that lua/lib/init.lua returned for C to call.
void engine_push_entry(lua_State *L, const char *name);

// value.c: JSON <-> Lua. Arrays get a metatable, so that an empty one stays an array; null is mig.null (light userdata
// NULL); integers keep their 64 bits.
#define VALUE_ARRAY "migsh.array"
void value_push(lua_State *L, const json_t *v); // NULL: nil
// Pushes a userdata that owns the JSON, and returns that (incref it to keep it). Never fails on a value: what JSON does
// not know (functions, userdata, cycles) becomes its tostring(). nil gives NULL.
json_t *value_convert(lua_State *L, int idx);
// Pushes a userdata that releases the JSON put into it.
json_t **value_own(lua_State *L);
// Pushes a userdata that frees() the pointer put into it: memory that C allocated while Lua may raise.
void **value_heap(lua_State *L);
void value_open(lua_State *L);
// The metatable of a kind of userdata: its __gc, and, where not NULL, its __close and its methods.
void class_open(lua_State *L, const char *name, lua_CFunction gc, lua_CFunction close, const luaL_Reg *methods);

// error.c: error objects {code, msg, hint, value, text, traceback}.
#define ERROR_OBJECT "migsh.error"
void error_push(lua_State *L, const struct err *e);
// Raises *e, which is released first.
int error_raise(lua_State *L, struct err *e);
// The value at idx as a struct err: an object by its fields, anything else as ERR_FAILED with its text.
void error_from(lua_State *L, int idx, struct err *e);
void error_open(lua_State *L);

// Each puts its functions into the table on top of the stack.
void op_open(lua_State *L);
void ask_open(lua_State *L);
void rows_open(lua_State *L);
void events_open(lua_State *L);
void fetch_open(lua_State *L);
void node_open(lua_State *L);
void files_open(lua_State *L);
void run_open(lua_State *L);
void watch_open(lua_State *L);
void interrupt_open(lua_State *L);
void journal_open_lib(lua_State *L);
void lock_open(lua_State *L);
void xml_open(lua_State *L);
void xmlmap_open(lua_State *L);
void guest_open(lua_State *L);
void textfile_open(lua_State *L);
void mark_open(lua_State *L);

// op.c
struct job;
typedef json_t *op_job_fn(struct job *job, void *arg, struct err *e); // on the job's thread; its value, or NULL
// Pushes an operation that runs fn as a job; ended(arg), on the main thread, before Lua is told. The value at `owner`,
// which holds arg, is kept alive meanwhile.
void op_start_job(lua_State *L, const char *name, op_job_fn *fn, void (*ended)(void *arg), void *arg, int owner);
size_t op_pending(void); // operations in flight

// interrupt.c: signals that a busy loop kept from the main loop are handed on to it; called when Lua has returned.
void interrupt_hand_on(void);

// run.c: implements core/console/script.h's runs.
struct script_run;
struct script_ops;
void run_fill_ops(struct script_ops *ops);

// recipes.c
void recipes_fill_ops(struct script_ops *ops);
void recipes_forget(void);

// libs.c, generated from lib/*.lua.
struct embedded_lib {
    const char *name;
    const char *text;
    size_t len;
};
extern const struct embedded_lib embedded_libs[];
