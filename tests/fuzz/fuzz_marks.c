// SPDX-License-Identifier: GPL-3.0-or-later
// The framing of a shell that runs one script after another: in whatever pieces the bytes come, the same answer.
#include "io/ssh/exec.c"

#include "fuzz.h"

struct answer {
    bool begun, ended, has_status;
    size_t from, to;
    int status;
};

static struct answer feed(const uint8_t *p, size_t n, size_t piece)
{
    struct remote_kept kept = {.mark = "0123456789"};
    struct remote_result result = REMOTE_RESULT_INIT;
    struct err e = ERR_INIT;
    struct remote r = {.label = (char *)"node"};
    struct remote_exec spec = {.max_output = 1 << 20};
    struct run run = {.r = &r, .spec = &spec, .result = &result, .e = &e, .kept = &kept};
    for (size_t at = 0, k; at < n && !run.part[0].ended; at += k) {
        k = n - at < piece ? n - at : piece;
        must(on_data(NULL, NULL, (void *)(p + at), (uint32_t)k, 0, &run) == (int)k);
    }
    must(!run.part[0].ended ||
         (run.part[0].begun && run.part[0].from <= run.part[0].to && run.part[0].to <= result.out.len));
    struct answer a = {run.part[0].begun, run.part[0].ended, run.has_status,
                       run.part[0].from,  run.part[0].to,    result.status};
    remote_result_release(&result);
    err_release(&e);
    return a;
}

// One mark that ends it, and a status: what our own shell prints. (Who knows the mark may end his answer where he
// likes.)
static bool is_ours(const uint8_t *p, size_t n)
{
    const uint8_t *mark = memmem(p, n, "E0123456789 ", 12), *rest = mark ? mark + 12 : NULL;
    size_t left = rest ? n - (size_t)(rest - p) : 0, digits = 0;
    while (digits < left && rest[digits] >= '0' && rest[digits] <= '9')
        digits++;
    return rest && digits > 0 && digits <= 3 && digits < left && rest[digits] == '\n' &&
           !memmem(rest, left, "E0123456789 ", 12);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct in in = {data, size};
    size_t piece = in_byte(&in) % 40 + 1;
    struct answer whole = feed(in.p, in.n, in.n + 1), parts = feed(in.p, in.n, piece);
    must(whole.begun == parts.begun);
    if (whole.ended && is_ours(in.p, in.n))
        must(parts.ended && whole.from == parts.from && whole.to == parts.to && whole.status == parts.status);
    return 0;
}
