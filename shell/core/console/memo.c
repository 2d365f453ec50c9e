// SPDX-License-Identifier: GPL-3.0-or-later
// See memo.h.
#include "core/console/memo.h"

#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/file.h"
#include "io/file_trusted.h"

enum { FILE_MAX = 1 << 20 };

int memo_write(const char *name, const json_t *value, struct err *e)
{
    _cleanup_free_ char *path = file_xdg("STATE", name), *text = json_dumps(value, JSON_COMPACT);
    return file_replace(path, text, strlen(text), 0600, e);
}

int memo_unexpected(const char *name, struct err *e)
{
    _cleanup_free_ char *path = file_xdg("STATE", name);
    err_set(e, ERR_IO, "%s: not what migsh has written there", path);
    return err_hint(e, "remove it");
}

int memo_read(const char *name, json_t **ret, struct err *e)
{
    _cleanup_free_ char *path = file_xdg("STATE", name), *text = NULL;
    size_t n;
    if (file_trusted_read(path, FILE_MAX, &text, &n, e) < 0)
        return -1;
    json_t *v = json_loads(text, 0, NULL);
    if (!json_is_object(v)) {
        json_decref(v);
        return memo_unexpected(name, e);
    }
    *ret = v;
    return 0;
}

void memo_drop(const char *name)
{
    _cleanup_free_ char *path = file_xdg("STATE", name);
    unlink(path);
}
