// SPDX-License-Identifier: GPL-3.0-or-later
// Scripts on nodes as operations, as root by the one way there is (core/node/ask.h). Main thread; running one is a
// job.
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/strv.h"
#include "core/console/inventory.h"
#include "core/copy/copy.h"
#include "core/node/ask.h"
#include "core/node/place.h"
#include "lua/impl.h"

#define RUN "migsh.node_run"

struct run_box {
    struct node *node;
    char *script;
    struct strv args;
    char *input; // NULL: none
    size_t input_len;
    double timeout_ms;
    struct err err;
};

static int run_gc(lua_State *L)
{
    struct run_box *b = luaL_checkudata(L, 1, RUN);
    node_unref(b->node);
    b->node = NULL;
    free(b->script);
    b->script = NULL;
    strv_release(&b->args);
    if (b->input)
        mem_wipe(b->input, b->input_len);
    free(b->input);
    b->input = NULL;
    err_release(&b->err);
    return 0;
}

static json_t *run_job(struct job *job, void *arg, struct err *e)
{
    struct run_box *b = arg;
    struct place_exec spec = {.script = b->script,
                              .args = (const char *const *)b->args.s,
                              .n_args = b->args.n,
                              .root = true,
                              .input = b->input,
                              .input_len = b->input_len,
                              .timeout_ms = b->timeout_ms};
    _cleanup_(remote_result_release) struct remote_result result = REMOTE_RESULT_INIT;
    if (node_run(engine_ctx(), job, b->node, &spec, &result, e) < 0)
        return NULL;
    json_t *value = json_object();
    json_object_set_new(value, "status", json_integer(result.status));
    json_object_set_new(value, "stdout", json_textn(buf_str(&result.out), result.out.len));
    json_object_set_new(value, "stderr", json_textn(buf_str(&result.err), result.err.len));
    return value;
}

static void run_ended(void *arg)
{
    (void)arg;
}

static void take_args(lua_State *L, int idx, struct run_box *b)
{
    luaL_checktype(L, idx, LUA_TTABLE);
    for (lua_Integer i = 1; lua_rawgeti(L, idx, i) != LUA_TNIL; i++) {
        size_t n;
        const char *s = luaL_checklstring(L, -1, &n);
        if (strlen(s) != n) {
            err_set(&b->err, ERR_USAGE, "an argument cannot hold a NUL byte");
            error_raise(L, &b->err);
        }
        strv_add(&b->args, s);
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
}

// node_run(node, script, {arg, …}, input or nil, timeout_ms) -> operation, whose value is {status, stdout, stderr}
static int begin_run(lua_State *L)
{
    const char *name = luaL_checkstring(L, 1), *script = luaL_checkstring(L, 2);
    size_t input_len = 0;
    const char *input = luaL_optlstring(L, 4, NULL, &input_len);
    lua_Number timeout_ms = luaL_checknumber(L, 5);
    struct run_box *b = lua_newuserdatauv(L, sizeof(*b), 0);
    *b = (struct run_box){.timeout_ms = timeout_ms};
    luaL_setmetatable(L, RUN);
    b->script = xstrdup(script);
    take_args(L, 3, b);
    if (input) {
        b->input = xcalloc(input_len + 1, 1);
        memcpy(b->input, input, input_len);
        b->input_len = input_len;
    }
    if (inventory_find(ctx_inventory(engine_ctx()), name, &b->node, &b->err) < 0)
        return error_raise(L, &b->err);
    op_start_job(L, "node-run", run_job, run_ended, b, -1);
    return 1;
}

// copy_script(name) -> text of one of the copy engine's own tools, or nil
static int get_copy_script(lua_State *L)
{
    const char *name = luaL_checkstring(L, 1);
    void **heap = value_heap(L);
    *heap = copy_script(name);
    lua_pushstring(L, *heap);
    return 1;
}

void node_open(lua_State *L)
{
    static const luaL_Reg functions[] = {{"node_run", begin_run}, {"copy_script", get_copy_script}, {NULL, NULL}};
    class_open(L, RUN, run_gc, NULL, NULL);
    luaL_setfuncs(L, functions, 0);
}
