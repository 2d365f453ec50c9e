// SPDX-License-Identifier: GPL-3.0-or-later
// Ctrl-C in a busy loop: while Lua runs, the main loop does not, so a signal stays pending (main.c blocks them for its
// signalfd). A count hook on every coroutine takes it, has sched.lua raise "cancelled", and gives it back to the main
// loop as soon as Lua has returned. Main thread.
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "core/console/script.h"
#include "lua/impl.h"

enum {
    EVERY = 100000, // VM instructions between two looks: about a millisecond
    LOAD_LIMIT = 50000000,
    LAST = 3, // a script that catches two of them is not asked again
};

static int taken[LAST]; // signals not yet handed on
static int n_taken;

static void hook(lua_State *L, lua_Debug *ar)
{
    (void)ar;
    script_poll(); // a ^C typed at our own terminal is a byte there, and becomes a signal here
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    static const struct timespec at_once = {0, 0};
    int sig = sigtimedwait(&set, NULL, &at_once);
    if (sig <= 0)
        return;
    taken[n_taken++] = sig;
    if (n_taken == LAST)
        quick_exit(128 + sig); // gives the terminal back, and runs nothing else
    engine_push_entry(L, "interrupted");
    lua_call(L, 0, 0); // raises
}

static void limit_hook(lua_State *L, lua_Debug *ar)
{
    (void)ar;
    luaL_error(L, "it takes too long to load: only definitions belong at its top level");
}

// limit(coroutine): raises in it after about half a second of work
static int interrupt_limit(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTHREAD);
    lua_sethook(lua_tothread(L, 1), limit_hook, LUA_MASKCOUNT, LOAD_LIMIT);
    return 0;
}

void interrupt_hand_on(void)
{
    while (n_taken > 0)
        kill(getpid(), taken[--n_taken]);
}

// watch_over(coroutine): coroutines that it makes inherit the hook
static int interrupt_watch_over(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTHREAD);
    lua_sethook(lua_tothread(L, 1), hook, LUA_MASKCOUNT, EVERY);
    return 0;
}

void interrupt_open(lua_State *L)
{
    lua_pushcfunction(L, interrupt_watch_over);
    lua_setfield(L, -2, "watch_over");
    lua_pushcfunction(L, interrupt_limit);
    lua_setfield(L, -2, "limit");
}
