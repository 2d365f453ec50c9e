// SPDX-License-Identifier: GPL-3.0-or-later
// The file last-error.json. See explain/last.h.
#include "core/explain/last.h"

#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "core/console/out.h"
#include "io/file.h"
#include "io/file_trusted.h"

// The error of a hundred nodes is longer than anybody reads, and escapes make it longer still.
enum { MESSAGE_MAX = 16384, FILE_MAX = 8 * MESSAGE_MAX };

static char *path_of(void)
{
    return file_xdg("STATE", "last-error.json");
}

void last_error_note(const char *command, const struct err *shown)
{
    static bool warned;
    _cleanup_free_ char *path = path_of();
    _cleanup_err_ struct err e = ERR_INIT;
    const char *msg = shown->msg ? shown->msg : err_code_name(shown->code);
    json_auto_t *v = json_pack("{s:o, s:o, s:o, s:o, s:f}", "command", json_text(command), "message",
                               json_textn(msg, strnlen(msg, MESSAGE_MAX)), "hint", json_text(shown->hint), "code",
                               json_text(err_code_name(shown->code)), "time", clock_real_s());
    _cleanup_free_ char *text = json_dumps(v, JSON_COMPACT);
    if (file_replace(path, text, strlen(text), 0600, &e) == 0 || warned)
        return;
    warned = true;
    out_notice(OUT_WARN, "cannot remember this error for explain: %s", e.msg);
}

int last_error_read(json_t **ret, struct err *e)
{
    _cleanup_free_ char *path = path_of(), *text = NULL;
    const char *message, *code;
    double time;
    size_t n;
    if (file_trusted_read(path, FILE_MAX, &text, &n, e) < 0) {
        if (e->code == ERR_NOT_FOUND) {
            err_set(e, ERR_NOT_FOUND, "no error is remembered");
            err_hint(e, "explain \"TEXT\" explains one that you have, explain TOPIC a word of migration");
        }
        return -1;
    }
    json_t *v = json_loads(text, 0, NULL);
    if (!v || json_unpack(v, "{s:s, s:s, s:F}", "message", &message, "code", &code, "time", &time) < 0) {
        json_decref(v);
        err_set(e, ERR_IO, "%s: not what migsh has written there", path);
        return err_hint(e, "remove it");
    }
    *ret = v;
    return 0;
}
