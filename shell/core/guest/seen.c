// SPDX-License-Identifier: GPL-3.0-or-later
// The files below seen/. Any thread. See seen.h.
#include "core/guest/seen.h"

#include <ctype.h>
#include <jansson.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "core/console/memo.h"
#include "core/console/out.h"

enum { DIGITS = 32 };

// The memory of a UUID, however it is written. NULL: it is none.
static char *name_of(const char *uuid)
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
    return xasprintf("seen/%s.json", buf_str(&name));
}

void seen_note(const char *uuid, const char *node, const char *state)
{
    _cleanup_free_ char *name = name_of(uuid);
    _cleanup_err_ struct err e = ERR_INIT;
    if (!name)
        return;
    json_auto_t *v = json_pack("{s:o, s:o, s:I}", "node", json_text(node), "state", json_text(state), "time",
                               (json_int_t)clock_real_s());
    if (memo_write(name, v, &e) < 0)
        out_notice(OUT_WARN, "cannot remember where the guest runs: %s", e.msg);
}

bool seen_tell(const char *uuid, struct buf *out)
{
    _cleanup_free_ char *name = name_of(uuid);
    _cleanup_err_ struct err ignored = ERR_INIT;
    json_auto_t *v = NULL;
    const char *node, *state;
    json_int_t when;
    if (!name || memo_read(name, &v, &ignored) < 0 ||
        json_unpack(v, "{s:s, s:s, s:I}", "node", &node, "state", &state, "time", &when) < 0)
        return false;
    _cleanup_free_ char *at = clock_text((double)when);
    buf_addf(out, "it was last seen %s on %s, %s", state, node, at);
    return true;
}
