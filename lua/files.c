// SPDX-License-Identifier: GPL-3.0-or-later
// What the library needs of the file system: trusted Lua text, directories of recipes. Main thread; local disks only.
#include <dirent.h>
#include <langinfo.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strv.h"
#include "core/console/memo.h"
#include "core/console/settings.h"
#include "io/file.h"
#include "io/file_trusted.h"
#include "lua/impl.h"

enum { LUA_FILE_MAX = 16 << 20 };

// Holds what C allocates while Lua may raise.
struct holder {
    char *text;
    struct strv list;
    struct err err;
};

static struct holder *holder_new(lua_State *L)
{
    struct holder *h = lua_newuserdatauv(L, sizeof(*h), 0);
    *h = (struct holder){.text = NULL};
    luaL_setmetatable(L, "migsh.holder");
    return h;
}

static int holder_gc(lua_State *L)
{
    struct holder *h = lua_touserdata(L, 1);
    free(h->text);
    h->text = NULL;
    strv_release(&h->list);
    err_release(&h->err);
    return 0;
}

// check_trusted(path, optional) -> true; raises ERR_UNSAFE where others could have written it. optional: nil where
// there is none
static int files_check(lua_State *L)
{
    lua_settop(L, 2);
    struct holder *h = holder_new(L);
    if (file_trusted_check(luaL_checkstring(L, 1), &h->err) == 0)
        lua_pushboolean(L, true);
    else if (lua_toboolean(L, 2) && h->err.code == ERR_NOT_FOUND)
        lua_pushnil(L);
    else
        return error_raise(L, &h->err);
    return 1;
}

// read_trusted(path, optional) -> text; the same
static int files_read(lua_State *L)
{
    lua_settop(L, 2);
    const char *path = luaL_checkstring(L, 1);
    struct holder *h = holder_new(L);
    size_t n;
    if (file_trusted_read(path, LUA_FILE_MAX, &h->text, &n, &h->err) == 0)
        lua_pushlstring(L, h->text, n);
    else if (lua_toboolean(L, 2) && h->err.code == ERR_NOT_FOUND)
        lua_pushnil(L);
    else
        return error_raise(L, &h->err);
    return 1;
}

// memo_read(name) -> table, or nil
static int files_memo_read(lua_State *L)
{
    const char *name = luaL_checkstring(L, 1);
    struct holder *h = holder_new(L);
    json_t **value = value_own(L);
    if (memo_read(name, value, &h->err) == 0)
        value_push(L, *value);
    else if (h->err.code == ERR_NOT_FOUND)
        lua_pushnil(L);
    else
        return error_raise(L, &h->err);
    return 1;
}

// memo_write(name, table)
static int files_memo_write(lua_State *L)
{
    const char *name = luaL_checkstring(L, 1);
    struct holder *h = holder_new(L);
    if (memo_write(name, value_convert(L, 2), &h->err) < 0)
        return error_raise(L, &h->err);
    return 0;
}

// file_replace(path, text): at once, and readable for all
static int files_replace(lua_State *L)
{
    size_t n;
    const char *path = luaL_checkstring(L, 1), *text = luaL_checklstring(L, 2, &n);
    struct holder *h = holder_new(L);
    if (file_replace(path, text, n, 0644, &h->err) < 0)
        return error_raise(L, &h->err);
    return 0;
}

// list_dir(path) -> sorted names ending in ".lua"; none where there is no such directory
static int files_list(lua_State *L)
{
    struct holder *h = holder_new(L);
    DIR *dir = opendir(luaL_checkstring(L, 1));
    for (struct dirent *d = NULL; dir && (d = readdir(dir));) {
        if (d->d_name[0] != '.' && str_ends(d->d_name, ".lua"))
            strv_add(&h->list, d->d_name);
    }
    if (dir)
        closedir(dir);
    strv_sort_unique(&h->list);
    lua_newtable(L);
    for (size_t i = 0; i < h->list.n; i++) {
        lua_pushstring(L, h->list.s[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

// The directory of the executable, or nil.
static void push_exe_dir(lua_State *L)
{
    char path[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
    path[n > 0 ? n : 0] = '\0';
    char *slash = strrchr(path, '/');
    if (slash)
        lua_pushlstring(L, path, (size_t)(slash - path));
    else
        lua_pushnil(L);
}

// recipe_dirs() -> every directory in which recipes may be, the first one wins:
// $MIGSH_RECIPES, the user's, the installed ones, and those of a build tree that was not installed.
static int files_recipe_dirs(lua_State *L)
{
    struct holder *h = holder_new(L);
    const char *env = getenv("MIGSH_RECIPES");
    if (env)
        strv_split(&h->list, env, ':');
    strv_take(&h->list, file_xdg("CONFIG", "recipes"));
    strv_add(&h->list, MIGSH_RECIPES_DIR);
    lua_newtable(L);
    lua_Integer n = 0;
    for (size_t i = 0; i < h->list.n; i++) {
        if (h->list.s[i][0] != '/') // a relative one would change with the working directory
            continue;
        lua_pushstring(L, h->list.s[i]);
        lua_rawseti(L, -2, ++n);
    }
    push_exe_dir(L);
    if (lua_isstring(L, -1) && str_ends(lua_tostring(L, -1), "/shell")) { // BUILD/shell/migsh
        lua_pushstring(L, "/../scripts");
        lua_concat(L, 2);
        lua_rawseti(L, -2, ++n);
        return 1;
    }
    lua_pop(L, 1);
    return 1;
}

// utf8() -> may the terminal be shown more than ASCII?
static int files_utf8(lua_State *L)
{
    lua_pushboolean(L, strcmp(nl_langinfo(CODESET), "UTF-8") == 0);
    return 1;
}

// tracebacks() -> is it to be told where an error was raised that nobody caught?
static int files_tracebacks(lua_State *L)
{
    const char *s = getenv("MIGSH_DEBUG");
    lua_pushboolean(L, settings()->traceback || (s && *s));
    return 1;
}

void files_open(lua_State *L)
{
    static const luaL_Reg functions[] = {{"check_trusted", files_check},   {"read_trusted", files_read},
                                         {"list_dir", files_list},         {"recipe_dirs", files_recipe_dirs},
                                         {"tracebacks", files_tracebacks}, {"utf8", files_utf8},
                                         {"memo_read", files_memo_read},   {"memo_write", files_memo_write},
                                         {"file_replace", files_replace},  {NULL, NULL}};
    class_open(L, "migsh.holder", holder_gc, NULL, NULL);
    luaL_setfuncs(L, functions, 0);
}
