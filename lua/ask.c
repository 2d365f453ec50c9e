// SPDX-License-Identifier: GPL-3.0-or-later
// A question to the operator as an operation. Main thread; the waiting is a job (core/console/out.h).
#include "base/json.h"
#include "base/mem.h"
#include "core/console/out.h"
#include "lua/impl.h"

#define ASK "migsh.ask"

struct ask_box {
    char *question;
};

static int ask_gc(lua_State *L)
{
    struct ask_box *b = luaL_checkudata(L, 1, ASK);
    free(b->question);
    b->question = NULL;
    return 0;
}

static json_t *ask_job(struct job *job, void *arg, struct err *e)
{
    struct ask_box *b = arg;
    _cleanup_free_ char *answer = NULL;
    return out_ask(job, OUT_ASK_YESNO, b->question, &answer, e) < 0 ? NULL : json_text(answer);
}

static void ask_ended(void *arg)
{
    (void)arg;
}

// ask(question) -> operation, whose value is "yes" or "no"
static int ask_start(lua_State *L)
{
    const char *question = luaL_checkstring(L, 1);
    struct ask_box *b = lua_newuserdatauv(L, sizeof(*b), 0);
    *b = (struct ask_box){.question = NULL};
    luaL_setmetatable(L, ASK);
    b->question = xstrdup(question);
    op_start_job(L, "ask", ask_job, ask_ended, b, -1);
    return 1;
}

void ask_open(lua_State *L)
{
    class_open(L, ASK, ask_gc, NULL, NULL);
    lua_pushcfunction(L, ask_start);
    lua_setfield(L, -2, "ask");
}
