// SPDX-License-Identifier: GPL-3.0-or-later
// The files below seen/. Any thread. See seen.h.
#include "core/guest/seen.h"

#include <ctype.h>
#include <jansson.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "core/console/out.h"
#include "io/file.h"
#include "io/file_trusted.h"

enum { FILE_MAX = 4096, DIGITS = 32 };

// The file of a UUID, however it is written. NULL: it is none.
static char *path_of(const char *uuid)
{
    _cleanup_buf_ struct buf name = BUF_INIT;
    size_t digits = 0;
    for (const char *s = uuid; *s; s++) {
        if (*s == '-' || isspace((unsigned char)*s))
            continue;
        if (!isxdigit((unsigned char)*s))
            return NULL;
        buf_addf(&name, "%s%c", digits == 8 || digits == 12 || digits == 16 || digits == 20 ? "-" : "",
                 tolower((unsigned char)*s));
        digits++;
    }
    if (digits != DIGITS)
        return NULL;
    _cleanup_free_ char *file = xasprintf("seen/%s.json", buf_str(&name));
    return file_xdg("STATE", file);
}

void seen_note(const char *uuid, const char *node, const char *state)
{
    _cleanup_free_ char *path = path_of(uuid);
    _cleanup_err_ struct err e = ERR_INIT;
    if (!path)
        return;
    json_auto_t *v = json_pack("{s:o, s:o, s:I}", "node", json_text(node), "state", json_text(state), "time",
                               (json_int_t)clock_real_s());
    _cleanup_free_ char *text = json_dumps(v, JSON_COMPACT);
    if (file_replace(path, text, strlen(text), 0600, &e) < 0)
        out_notice(OUT_WARN, "cannot remember where the guest runs: %s", e.msg);
}

bool seen_tell(const char *uuid, struct buf *out)
{
    _cleanup_free_ char *path = path_of(uuid), *text = NULL;
    _cleanup_err_ struct err ignored = ERR_INIT;
    const char *node, *state;
    json_int_t when;
    size_t n;
    if (!path || file_trusted_read(path, FILE_MAX, &text, &n, &ignored) < 0)
        return false;
    json_auto_t *v = json_loads(text, 0, NULL);
    if (!v || json_unpack(v, "{s:s, s:s, s:I}", "node", &node, "state", &state, "time", &when) < 0)
        return false;
    _cleanup_free_ char *at = clock_text((double)when);
    buf_addf(out, "it was last seen %s on %s, %s", state, node, at);
    return true;
}
