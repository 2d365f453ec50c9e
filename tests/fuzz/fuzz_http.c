// SPDX-License-Identifier: GPL-3.0-or-later
// What guests and their pages answer, and what the operator names as a target of a watch.
#include "io/fetch.c"

#include "core/watch/target.h"
#include "fuzz.h"
#include "io/probe/priv.h"

static void target(const char *text)
{
    struct watch_target t = {0};
    _cleanup_err_ struct err e = ERR_INIT;
    if (watch_target_parse(text, &t, &e) < 0) {
        must(e.msg);
        return;
    }
    must(t.host && *t.host && strcmp(t.name, text) == 0);
    must(!t.request || (str_ends(t.request, "\r\n\r\n") && strstr(t.request, "\r\n")));
    for (const char *c = t.request; c && *c; c++) // no line of a header but ours
        must(*c != '\n' || c[-1] == '\r');
    watch_target_release(&t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct in in = {data, size};
    _cleanup_free_ char *name = in_line(&in), *expect = in_line(&in);
    size_t n, len = 0;
    _cleanup_free_ char *answer = in_rest(&in, &n), *body = NULL;
    target(name);
    int before = 0;
    for (size_t part = 0; part <= n; part += part / 4 + 1) { // once judged, more bytes change nothing
        int now = probe_http_judge(answer, part, false, *expect ? expect : NULL);
        must(now >= -1 && now <= 1 && (before == 0 || now == before));
        before = now;
    }
    must(probe_http_judge(answer, n, true, *expect ? expect : NULL) != 0);
    struct fetch f = {.host = "h", .fd = -1};
    struct buf b = BUF_INIT;
    buf_add(&b, answer, n);
    _cleanup_err_ struct err e = ERR_INIT;
    if (take_body(&f, &b, &body, &len, &e) == 0)
        must(len < n && body[len] == '\0' && memcmp(body, answer + n - len, len) == 0);
    buf_release(&b);
    return 0;
}
