// SPDX-License-Identifier: GPL-3.0-or-later
// A text as a file in memory (io/file_memory.h), for commands that read one. Main thread.
#include <unistd.h>

#include "io/file_memory.h"
#include "lua/impl.h"

#define TEXT_FILE "migsh.textfile"

struct box {
    int fd; // -1: closed
    char *path;
    struct err err;
};

// Also close().
static int box_gc(lua_State *L)
{
    struct box *b = luaL_checkudata(L, 1, TEXT_FILE);
    if (b->fd >= 0)
        close(b->fd);
    b->fd = -1;
    free(b->path);
    b->path = NULL;
    err_release(&b->err);
    return 0;
}

// path() -> text
static int box_text(lua_State *L)
{
    struct box *b = luaL_checkudata(L, 1, TEXT_FILE);
    luaL_argcheck(L, b->path, 1, "the file is closed");
    lua_pushstring(L, b->path);
    return 1;
}

// text_file(text) -> file
static int new_file(lua_State *L)
{
    size_t n;
    const char *text = luaL_checklstring(L, 1, &n);
    struct box *b = lua_newuserdatauv(L, sizeof(*b), 0);
    *b = (struct box){.fd = -1, .err = ERR_INIT};
    luaL_setmetatable(L, TEXT_FILE);
    if (file_memory(text, n, &b->fd, &b->path, &b->err) < 0)
        return error_raise(L, &b->err);
    return 1;
}

void textfile_open(lua_State *L)
{
    static const luaL_Reg methods[] = {{"path", box_text}, {"close", box_gc}, {NULL, NULL}};
    class_open(L, TEXT_FILE, box_gc, NULL, methods);
    lua_pushcfunction(L, new_file);
    lua_setfield(L, -2, "text_file");
}
