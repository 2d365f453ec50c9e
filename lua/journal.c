// SPDX-License-Identifier: GPL-3.0-or-later
// A journal (core/journal/journal.h) as a userdata, for lua/lib/journal.lua. Main thread; whatever writes or reads the
// disk is a job, so lua/lib waits for it as an operation. Several may be in flight for one journal; each has its own
// arguments. A journal that is forgotten is closed by the collector, which leaves it as an interrupted one.
#include <limits.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/strv.h"
#include "core/journal/journal.h"
#include "core/journal/tell.h"
#include "lua/impl.h"

#define JOURNAL "migsh.journal"
#define CALL "migsh.journal.call"

struct journal_box {
    struct journal *j; // NULL: not open yet, or closed
    unsigned busy;     // jobs that use it
};

struct call {
    struct journal_box *box; // the call's user value keeps it alive; NULL for a list
    char *text;
    json_t *value;
    unsigned step;
    int state;
};

static struct journal_box *to_box(lua_State *L)
{
    struct journal_box *b = luaL_checkudata(L, 1, JOURNAL);
    if (!b->j)
        luaL_error(L, "attempt to use a closed journal");
    return b;
}

// No job can be at work: its call would hold us.
static int journal_gc(lua_State *L)
{
    struct journal_box *b = luaL_checkudata(L, 1, JOURNAL);
    journal_discard(b->j);
    b->j = NULL;
    return 0;
}

static struct journal_box *to_idle(lua_State *L)
{
    struct journal_box *b = luaL_checkudata(L, 1, JOURNAL);
    if (b->busy)
        luaL_error(L, "the journal is being written");
    return b;
}

// journal:release(): the file stays, whatever is in it, and others may write it. A second time is fine.
static int journal_release(lua_State *L)
{
    struct journal_box *b = to_idle(L);
    journal_close(b->j);
    b->j = NULL;
    return 0;
}

// journal:close(): the same, but the file goes where no step was ever begun.
static int journal_drop(lua_State *L)
{
    to_idle(L);
    return journal_gc(L);
}

static int call_gc(lua_State *L)
{
    struct call *k = luaL_checkudata(L, 1, CALL);
    free(k->text);
    k->text = NULL;
    json_decref(k->value);
    k->value = NULL;
    return 0;
}

// Pushes a call for the journal at index 1, or for none.
static struct call *call_new(lua_State *L, struct journal_box *box)
{
    struct call *k = lua_newuserdatauv(L, sizeof(*k), 1);
    *k = (struct call){.box = box};
    luaL_setmetatable(L, CALL);
    if (box) {
        lua_pushvalue(L, 1);
        lua_setiuservalue(L, -2, 1);
    }
    return k;
}

static void call_ended(void *arg)
{
    struct call *k = arg;
    if (k->box)
        k->box->busy--;
}

// With the call on top of the stack, or under a value that was converted for it.
static int call_start(lua_State *L, struct call *k, int owner, op_job_fn *fn)
{
    op_start_job(L, "journal", fn, call_ended, k, owner);
    if (k->box)
        k->box->busy++;
    return 1;
}

static void take_value(lua_State *L, struct call *k, int idx)
{
    json_t *v = value_convert(L, idx);
    k->value = v ? json_deep_copy(v) : NULL; // the job's own: Lua may go on with its table
    lua_pop(L, 1);
}

static json_t *head(const struct journal *j)
{
    return json_pack("{s:o, s:o, s:O*, s:f, s:o}", "id", json_text(journal_id(j)), "command",
                     json_text(journal_command(j)), "about", (json_t *)journal_about(j), "time", journal_time(j),
                     "state", json_text(journal_state_name(journal_get_state(j))));
}

static json_t *whole(const struct journal *j)
{
    json_t *v = head(j), *steps = json_array();
    for (size_t i = 0; i < journal_steps(j); i++) {
        struct journal_step s = journal_step_at(j, i);
        json_array_append_new(steps,
                              json_pack("{s:i, s:o, s:O*, s:o, s:O*}", "number", (int)s.number, "name",
                                        json_text(s.name), "about", (json_t *)s.about, "state",
                                        json_text(journal_step_state_name(s.state)), "outcome", (json_t *)s.outcome));
    }
    json_object_set_new(v, "steps", steps);
    json_object_set_new(v, "found", json_text(journal_state_name(journal_found(j))));
    return v;
}

static json_t *begin_job(struct job *job, void *arg, struct err *e)
{
    (void)job;
    struct call *k = arg;
    return journal_create(k->text, k->value, &k->box->j, e) < 0 ? NULL : whole(k->box->j);
}

static json_t *open_job(struct job *job, void *arg, struct err *e)
{
    (void)job;
    struct call *k = arg;
    return journal_open(k->text, true, &k->box->j, e) < 0 ? NULL : whole(k->box->j);
}

static json_t *aside_job(struct job *job, void *arg, struct err *e)
{
    (void)job;
    struct call *k = arg;
    _cleanup_free_ char *path = NULL;
    return journal_set_aside(k->text, &path, e) < 0 ? NULL : json_text(path);
}

static json_t *intent_job(struct job *job, void *arg, struct err *e)
{
    (void)job;
    struct call *k = arg;
    unsigned step;
    return journal_intent(k->box->j, k->text, k->value, &step, e) < 0 ? NULL : json_integer(step);
}

static json_t *outcome_job(struct job *job, void *arg, struct err *e)
{
    (void)job;
    struct call *k = arg;
    if (k->step > journal_steps(k->box->j))
        err_set(e, ERR_USAGE, "the journal has no step %u", k->step);
    else
        journal_outcome(k->box->j, k->step, (enum journal_step_state)k->state, k->value, e);
    return NULL;
}

static json_t *finish_job(struct job *job, void *arg, struct err *e)
{
    (void)job;
    struct call *k = arg;
    journal_end(k->box->j, (enum journal_state)k->state, k->value, e);
    return NULL;
}

static json_t *tell_job(struct job *job, void *arg, struct err *e)
{
    (void)job;
    (void)e;
    struct call *k = arg;
    return journal_tell(k->box->j, (enum journal_event)k->state);
}

static json_t *list_job(struct job *job, void *arg, struct err *e)
{
    (void)job;
    struct call *k = arg;
    _cleanup_strv_ struct strv ids = STRV_INIT;
    if (journal_list(k->text, &ids, e) < 0)
        return NULL;
    json_t *list = json_array();
    for (size_t i = 0; i < ids.n; i++) {
        _cleanup_(journal_close_p) struct journal *j = NULL;
        _cleanup_err_ struct err bad = ERR_INIT;
        if (journal_open(ids.s[i], false, &j, &bad) == 0)
            json_array_append_new(list, head(j));
        else if (bad.code != ERR_NOT_FOUND) // dropped meanwhile
            json_array_append_new(list, json_pack("{s:o, s:o, s:o}", "id", json_text(ids.s[i]), "state",
                                                  json_text("unreadable"), "error", json_text(bad.msg)));
    }
    return list;
}

// The box, new, and its operation: an unopened journal is of no use to anybody.
static int start_new(lua_State *L, const char *text, int about, op_job_fn *fn)
{
    struct journal_box *b = lua_newuserdatauv(L, sizeof(*b), 0);
    *b = (struct journal_box){.j = NULL};
    luaL_setmetatable(L, JOURNAL);
    lua_insert(L, 1);
    struct call *k = call_new(L, b);
    int owner = lua_gettop(L);
    k->text = xstrdup(text);
    if (about)
        take_value(L, k, about + 1);
    call_start(L, k, owner, fn);
    lua_pushvalue(L, 1);
    return 2;
}

// It becomes part of a file's name.
static const char *check_command(lua_State *L, int idx)
{
    const char *s = luaL_checkstring(L, idx);
    luaL_argcheck(L, *s && strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(s) && strlen(s) < 100, idx,
                  "a command's name: lower case letters, digits and dashes");
    return s;
}

// journal_begin(command, about) -> operation (whose value is the journal's head and steps), journal
static int op_begin(lua_State *L)
{
    lua_settop(L, 2);
    return start_new(L, check_command(L, 1), 2, begin_job);
}

// journal_open(id) -> operation, journal
static int op_open_old(lua_State *L)
{
    lua_settop(L, 1);
    return start_new(L, luaL_checkstring(L, 1), 0, open_job);
}

// journal_set_aside(id) -> operation, whose value is the file's new name
static int op_set_aside(lua_State *L)
{
    lua_settop(L, 1);
    const char *id = luaL_checkstring(L, 1);
    struct call *k = call_new(L, NULL);
    k->text = xstrdup(id);
    return call_start(L, k, 2, aside_job);
}

// journal_intent(journal, name, about) -> operation, whose value is the step's number
static int op_intent(lua_State *L)
{
    lua_settop(L, 3);
    struct journal_box *b = to_box(L);
    const char *name = luaL_checkstring(L, 2);
    struct call *k = call_new(L, b);
    k->text = xstrdup(name);
    take_value(L, k, 3);
    return call_start(L, k, 4, intent_job);
}

// An index in the names of an enumeration; `first` and `last` bound what may be given.
static int check_state(lua_State *L, int idx, const char *(*name)(int i), int first, int last)
{
    const char *s = luaL_checkstring(L, idx);
    for (int i = first; i <= last; i++) {
        if (strcmp(s, name(i)) == 0)
            return i;
    }
    return luaL_argerror(L, idx, "no such state");
}

static const char *step_state_name(int i)
{
    return journal_step_state_name((enum journal_step_state)i);
}

static const char *state_name(int i)
{
    return journal_state_name((enum journal_state)i);
}

// journal_outcome(journal, number, state, value) -> operation
static int op_outcome(lua_State *L)
{
    lua_settop(L, 4);
    struct journal_box *b = to_box(L);
    lua_Integer step = luaL_checkinteger(L, 2);
    luaL_argcheck(L, step >= 1 && step <= INT_MAX, 2, "no such step");
    int state = check_state(L, 3, step_state_name, STEP_DONE, STEP_UNDO_FAILED);
    struct call *k = call_new(L, b);
    k->step = (unsigned)step;
    k->state = state;
    take_value(L, k, 4);
    return call_start(L, k, 5, outcome_job);
}

// journal_finish(journal, state, kept or nil) -> operation
static int op_finish(lua_State *L)
{
    lua_settop(L, 3);
    struct journal_box *b = to_box(L);
    int state = check_state(L, 2, state_name, JOURNAL_DONE, JOURNAL_REVERTED);
    struct call *k = call_new(L, b);
    k->state = state;
    take_value(L, k, 3);
    return call_start(L, k, 4, finish_job);
}

// journal_tell(journal, ends) -> operation, whose value is what to tell the nodes, or nil (core/journal/tell.h)
static int op_tell(lua_State *L)
{
    lua_settop(L, 2);
    struct journal_box *b = to_box(L);
    struct call *k = call_new(L, b);
    k->state = lua_toboolean(L, 2) ? JOURNAL_ENDS : JOURNAL_BEGINS;
    return call_start(L, k, 3, tell_job);
}

// journals(command or nil) -> operation, whose value is a list of heads
static int op_list(lua_State *L)
{
    lua_settop(L, 1);
    const char *command = lua_isnil(L, 1) ? NULL : check_command(L, 1);
    struct call *k = call_new(L, NULL);
    k->text = xstrdup(command);
    return call_start(L, k, 2, list_job);
}

void journal_open_lib(lua_State *L)
{
    static const luaL_Reg methods[] = {{"close", journal_drop}, {"release", journal_release}, {NULL, NULL}};
    static const luaL_Reg functions[] = {
        {"journal_begin", op_begin},   {"journal_open", op_open_old},   {"journal_set_aside", op_set_aside},
        {"journal_intent", op_intent}, {"journal_outcome", op_outcome}, {"journal_finish", op_finish},
        {"journal_tell", op_tell},     {"journals", op_list},           {NULL, NULL}};
    class_open(L, JOURNAL, journal_gc, journal_drop, methods);
    class_open(L, CALL, call_gc, NULL, NULL);
    luaL_setfuncs(L, functions, 0);
}
