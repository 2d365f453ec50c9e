// SPDX-License-Identifier: GPL-3.0-or-later
// The file last-error.json. See explain/last.h.
#include "core/explain/last.h"

#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "core/console/memo.h"
#include "core/console/out.h"

enum { MESSAGE_MAX = 16384 }; // the error of a hundred nodes is longer than anybody reads
static const char NAME[] = "last-error.json";

void last_error_note(const char *command, const struct err *shown)
{
    static bool warned;
    _cleanup_err_ struct err e = ERR_INIT;
    const char *msg = shown->msg ? shown->msg : err_code_name(shown->code);
    json_auto_t *v = json_pack("{s:o, s:o, s:o, s:o, s:f}", "command", json_text(command), "message",
                               json_textn(msg, strnlen(msg, MESSAGE_MAX)), "hint", json_text(shown->hint), "code",
                               json_text(err_code_name(shown->code)), "time", clock_real_s());
    if (memo_write(NAME, v, &e) == 0 || warned)
        return;
    warned = true;
    out_notice(OUT_WARN, "cannot remember this error for explain: %s", e.msg);
}

int last_error_read(json_t **ret, struct err *e)
{
    const char *message, *code;
    double time;
    json_t *v = NULL;
    if (memo_read(NAME, &v, e) < 0) {
        if (e->code == ERR_NOT_FOUND) {
            err_set(e, ERR_NOT_FOUND, "no error is remembered");
            err_hint(e, "explain \"TEXT\" explains one that you have, explain TOPIC a word of migration");
        }
        return -1;
    }
    if (json_unpack(v, "{s:s, s:s, s:F}", "message", &message, "code", &code, "time", &time) < 0) {
        json_decref(v);
        return memo_unexpected(NAME, e);
    }
    *ret = v;
    return 0;
}
