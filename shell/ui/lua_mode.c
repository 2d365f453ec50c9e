// SPDX-License-Identifier: GPL-3.0-or-later
// The prompt's Lua mode. See lua_mode.h.
#include "ui/lua_mode.h"

#include <string.h>

#include "base/mem.h"
#include "cmd/engine/batch.h"
#include "core/console/script.h"

static bool on;

bool lua_mode_is_on(void)
{
    return on;
}

bool lua_mode_has(const char *pending)
{
    bool expression;
    return on || batch_lua_part(pending, &expression);
}

// What came from the history has its word in front already.
char *lua_mode_line(const char *typed)
{
    bool expression;
    return on && !batch_lua_part(typed, &expression) ? xasprintf("lua %s", typed) : xstrdup(typed);
}

// Blanks at the end (Tab leaves one) are nothing to remember.
static void trim_end(char *s)
{
    size_t n = strlen(s);
    while (n && strchr(" \t\r\n", s[n - 1]) && !(n > 1 && s[n - 2] == '\\'))
        s[--n] = '\0';
}

bool lua_mode_takes(char *line)
{
    if (line)
        trim_end(line);
    bool was = on;
    if (on && (!line || strcmp(line, ".exit") == 0))
        on = false;
    else if (!on && line && strcmp(line, "lua") == 0 && script_ops())
        on = true;
    return on != was || !line || !*line;
}
