// SPDX-License-Identifier: GPL-3.0-or-later
// Asking a node by a script. Job threads. See facts.h.
#include "core/node/facts.h"

#include <string.h>

#include "core/node/place.h"
#include "io/ssh/remote.h"

enum { LOOK_MS = 60000 };

// The marker keeps what a login shell prints apart from our lines.
static const char prologue[] = "LC_ALL=C PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin; export LC_ALL PATH\n"
                               "say() { printf '@%s %s\\n' \"$1\" \"$2\"; }\n"
                               "missing() { d=$1 n=0; while [ ! -e \"$d\" ] && [ ! -L \"$d\" ]; do n=$((n + 1)); "
                               "d=${d%/*}; d=${d:-/}; done; echo $n; }\n"
                               "echo; say migsh facts\n";

static int look(struct ctx *ctx, struct job *job, struct node *node, bool root, double timeout_ms, const char *script,
                const char *const *args, size_t n_args, struct facts *ret, struct err *e)
{
    static const char begin[] = "@migsh facts\n", text_mark[] = "@text\n";
    _cleanup_free_ char *whole = xasprintf("%s%s", prologue, script);
    struct place_exec spec = {.script = whole, .args = args, .n_args = n_args, .root = root, .timeout_ms = timeout_ms};
    _cleanup_(remote_result_release) struct remote_result result = REMOTE_RESULT_INIT;
    _cleanup_free_ char *out = NULL;
    if (place_exec(ctx, job, node, &spec, &result, e) < 0)
        return -1;
    size_t len = result.out.len;
    if (remote_result_output(place_name(node), &result, &out, e) < 0)
        return -1;
    char *s = strstr(out, begin), *end = out + len;
    if (!s)
        return place_unexpected(node, out, e);
    *ret = (struct facts){STRV_INIT, NULL, 0};
    for (s += strlen(begin); s < end;) {
        char *newline = memchr(s, '\n', (size_t)(end - s));
        if (str_starts(s, text_mark)) {
            ret->text_len = (size_t)(end - s) - strlen(text_mark);
            ret->text = xcalloc(ret->text_len + 1, 1);
            memcpy(ret->text, s + strlen(text_mark), ret->text_len);
            return 0;
        }
        newline = newline ? newline : end;
        if (*s == '@')
            strv_take(&ret->lines, xstrndup(s + 1, (size_t)(newline - s - 1)));
        s = newline + 1;
    }
    return 0;
}

int facts_look(struct ctx *ctx, struct job *job, struct node *node, const char *script, const char *const *args,
               size_t n_args, struct facts *ret, struct err *e)
{
    return look(ctx, job, node, true, LOOK_MS, script, args, n_args, ret, e);
}

int facts_look_within(struct ctx *ctx, struct job *job, struct node *node, double timeout_ms, const char *script,
                      const char *const *args, size_t n_args, struct facts *ret, struct err *e)
{
    return look(ctx, job, node, true, timeout_ms, script, args, n_args, ret, e);
}

int facts_look_here(struct ctx *ctx, struct job *job, const char *script, const char *const *args, size_t n_args,
                    struct facts *ret, struct err *e)
{
    return look(ctx, job, NULL, false, LOOK_MS, script, args, n_args, ret, e);
}

int facts_unexpected(const struct node *node, const struct facts *f, struct err *e)
{
    _cleanup_buf_ struct buf b = BUF_INIT;
    for (size_t i = 0; i < f->lines.n; i++)
        buf_addf(&b, "%s%s", i ? ", " : "", f->lines.s[i]);
    return place_unexpected(node, buf_str(&b), e);
}

void facts_release(struct facts *f)
{
    strv_release(&f->lines);
    free(f->text);
}

const char *facts_get(const struct facts *f, const char *key)
{
    size_t n = strlen(key);
    for (size_t i = 0; i < f->lines.n; i++) {
        if (strncmp(f->lines.s[i], key, n) == 0 && f->lines.s[i][n] == ' ')
            return f->lines.s[i] + n + 1;
    }
    return NULL;
}

bool facts_yes(const struct facts *f, const char *key)
{
    const char *value = facts_get(f, key);
    return value && strcmp(value, "yes") == 0;
}
