// SPDX-License-Identifier: GPL-3.0-or-later
// Runs of core/console/script.h: a chunk, a script file or a recipe, from its start to its done(). Main thread. How
// coroutines take turns is lib/sched.lua's; this hands requests in and results out.
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "core/console/out.h"
#include "core/console/script.h"
#include "io/job.h"
#include "io/loop.h"
#include "lua/impl.h"

struct script_run {
    script_done_fn *done;
    void *data;
    unsigned line; // job_line() of who started it
    json_t *result;
    char *text;
    struct err err;
};

// What an entry function is called with.
struct request {
    const char *entry;
    struct script_run *run;
    const char *text; // chunk, path or name
    bool expression;
    const struct strv *words;
    json_t *args;
    bool answer;
    struct strv *out;
};

static void push_words(lua_State *L, const struct strv *words)
{
    lua_newtable(L);
    for (size_t i = 0; words && i < words->n; i++) {
        lua_pushstring(L, words->s[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

// entry(handle, text, expression | words | args)
static int start_protected(lua_State *L)
{
    struct request *r = lua_touserdata(L, 1);
    engine_push_entry(L, r->entry);
    lua_pushlightuserdata(L, r->run);
    lua_pushstring(L, r->text);
    if (r->args)
        value_push(L, r->args);
    else if (r->words)
        push_words(L, r->words);
    else
        lua_pushboolean(L, r->expression);
    lua_call(L, 3, 0);
    return 0;
}

static void run_free(struct script_run *run)
{
    json_decref(run->result);
    free(run->text);
    err_release(&run->err);
    free(run);
}

static struct script_run *start(struct request *r, script_done_fn *done, void *data, struct err *e)
{
    r->run = xnew(struct script_run);
    r->run->done = done;
    r->run->data = data;
    r->run->line = job_line();
    if (engine_call(start_protected, r, e))
        return r->run;
    run_free(r->run);
    return NULL;
}

static struct script_run *run_recipe(const char *name, json_t *args, script_done_fn *done, void *data, struct err *e)
{
    struct request r = {.entry = "run_recipe", .text = name, .args = args};
    return start(&r, done, data, e);
}

static struct script_run *run_file(const char *path, const struct strv *words, script_done_fn *done, void *data,
                                   struct err *e)
{
    struct request r = {.entry = "run_file", .text = path, .words = words};
    return start(&r, done, data, e);
}

static struct script_run *run_text(const char *text, bool expression, script_done_fn *done, void *data, struct err *e)
{
    struct request r = {.entry = "run_text", .text = text, .expression = expression};
    return start(&r, done, data, e);
}

static void deliver(void *data)
{
    struct script_run *run = data;
    run->done(run->data, run->result, run->text, err_is_set(&run->err) ? &run->err : NULL);
    run_free(run);
}

// run_end(handle, failed, value or error, text): done() follows from the loop, so nobody is called back within Lua.
static int run_end(lua_State *L)
{
    struct script_run *run = lua_touserdata(L, 1);
    bool failed = lua_toboolean(L, 2);
    if (failed && lua_istable(L, 3)) {
        lua_getfield(L, 3, "value");
        lua_getfield(L, 3, "text");
    } else {
        lua_pushvalue(L, failed ? 5 : 3); // 5: nothing is there
        lua_pushvalue(L, 4);
    }
    json_t *value = value_convert(L, -2);
    if (lua_isstring(L, -2))
        run->text = xstrdup(lua_tostring(L, -2));
    run->result = json_incref(value);
    if (failed)
        error_from(L, 3, &run->err);
    loop_post(deliver, run);
    return 0;
}

// work_for(handle): what starts from here on is for that run's line; nil: for none
static int work_for(lua_State *L)
{
    const struct script_run *run = lua_touserdata(L, 1);
    job_set_line(run ? run->line : 0);
    return 0;
}

static int cancel_protected(lua_State *L)
{
    engine_push_entry(L, "cancel");
    lua_pushvalue(L, 1);
    lua_call(L, 1, 0);
    return 0;
}

static void cancel(struct script_run *run)
{
    engine_call(cancel_protected, run, NULL);
}

static int incomplete_protected(lua_State *L)
{
    struct request *r = lua_touserdata(L, 1);
    engine_push_entry(L, "incomplete");
    lua_pushstring(L, r->text);
    lua_pushboolean(L, r->expression);
    lua_call(L, 2, 1);
    r->answer = lua_toboolean(L, -1);
    return 0;
}

static bool is_incomplete(const char *text, bool expression)
{
    struct request r = {.text = text, .expression = expression};
    engine_call(incomplete_protected, &r, NULL);
    return r.answer;
}

static int complete_protected(lua_State *L)
{
    struct request *r = lua_touserdata(L, 1);
    engine_push_entry(L, "completions");
    lua_pushstring(L, r->text);
    lua_call(L, 1, 1);
    for (lua_Integer i = 1, n = (lua_Integer)lua_rawlen(L, -1); i <= n; i++) {
        lua_rawgeti(L, -1, i);
        strv_add(r->out, luaL_checkstring(L, -1));
        lua_pop(L, 1);
    }
    return 0;
}

static void complete(const char *text, struct strv *out)
{
    struct request r = {.text = text, .out = out};
    engine_call(complete_protected, &r, NULL);
}

static int manual_protected(lua_State *L)
{
    json_t **ret = lua_touserdata(L, 1);
    engine_push_entry(L, "manual");
    *ret = json_incref(value_convert(L, -1));
    return 0;
}

static json_t *manual(void)
{
    json_t *rows = NULL;
    engine_call(manual_protected, &rows, NULL);
    return rows;
}

void run_fill_ops(struct script_ops *ops)
{
    ops->run_recipe = run_recipe;
    ops->run_file = run_file;
    ops->run_text = run_text;
    ops->is_incomplete = is_incomplete;
    ops->complete = complete;
    ops->cancel = cancel;
    ops->manual = manual;
}

void run_open(lua_State *L)
{
    lua_pushcfunction(L, run_end);
    lua_setfield(L, -2, "run_end");
    lua_pushcfunction(L, work_for);
    lua_setfield(L, -2, "work_for");
}
