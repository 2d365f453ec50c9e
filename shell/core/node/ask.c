// SPDX-License-Identifier: GPL-3.0-or-later
// Asking a node by a script. See ask.h.
#include "core/node/ask.h"

#include <stdint.h>
#include <string.h>

#include "base/json.h"
#include "base/strv.h"
#include "core/node/place.h"
#include "core/node/tools_priv.h"
#include "io/ssh/remote.h"

enum { ASK_MS = 60000 };

static struct place_exec make_exec(const struct question *q, struct buf *script)
{
    buf_adds(script, ask_prelude);
    for (size_t i = 0; i < ARRAY_SIZE(q->tools) && q->tools[i]; i++)
        buf_adds(script, q->tools[i]);
    return (struct place_exec){.script = buf_str(script),
                               .args = q->args,
                               .n_args = q->n_args,
                               .root = !q->as_user,
                               .input = q->input,
                               .input_len = q->input_len,
                               .max_output = q->max_output,
                               .timeout_ms = q->timeout_ms < 0   ? 0
                                             : q->timeout_ms > 0 ? q->timeout_ms
                                                                 : ASK_MS};
}

char *node_ask_words(const struct question *q)
{
    _cleanup_buf_ struct buf script = BUF_INIT;
    struct place_exec spec = make_exec(q, &script);
    return place_words(&spec);
}

int node_ask(struct ctx *ctx, struct job *job, struct node *node, const struct question *q, struct facts *ret,
             struct err *e)
{
    _cleanup_buf_ struct buf script = BUF_INIT;
    _cleanup_(remote_result_release) struct remote_result result = REMOTE_RESULT_INIT;
    struct place_exec spec = make_exec(q, &script);
    if (place_exec(ctx, job, node, &spec, &result, e) < 0)
        return -1;
    if (q->ret_status)
        *q->ret_status = result.status;
    if (remote_result_output(place_name(node), &result, NULL, e) < 0)
        return -1;
    return facts_parse(buf_str(&result.out), result.out.len, ret) ? 0 : place_unexpected(node, buf_str(&result.out), e);
}

int node_run(struct ctx *ctx, struct job *job, struct node *node, const struct place_exec *spec,
             struct remote_result *result, struct err *e)
{
    _cleanup_free_ char *script = xasprintf("%secho @text\n%s", ask_prelude, spec->script);
    _cleanup_facts_ struct facts facts = {0};
    struct place_exec behind = *spec;
    behind.script = script;
    if (place_exec(ctx, job, node, &behind, result, e) < 0)
        return -1;
    bool told = facts_parse(buf_str(&result->out), result->out.len, &facts) && facts.text;
    if (!told && result->status == 0)
        return place_unexpected(node, buf_str(&result->out), e);
    buf_truncate(&result->out, 0);
    if (told)
        buf_add(&result->out, facts.text, facts.text_len);
    return 0;
}

// "KEY VALUE" of n bytes. A broken file may have a NUL in a line, which must not hide what follows.
static void add_fact(struct facts *f, const char *s, size_t n)
{
    char *key = xcalloc(n + 1, 1);
    memcpy(key, s, n);
    for (size_t i = 0; i < n; i++)
        key[i] = key[i] ? key[i] : ' ';
    char *blank = strchr(key, ' ');
    if (!blank) {
        free(key);
        return;
    }
    *blank = '\0';
    f->all = xrealloc(f->all, f->n + 1, sizeof(*f->all));
    f->all[f->n++] = (struct fact){key, blank + 1};
}

bool facts_parse(const char *out, size_t len, struct facts *ret)
{
    static const char begin[] = "@migsh facts\n", text_mark[] = "@text\n";
    const char *end = out + len, *s = memmem(out, len, begin, strlen(begin));
    if (!s)
        return false;
    *ret = (struct facts){0};
    for (s += strlen(begin); s < end;) {
        size_t left = (size_t)(end - s), mark = strlen(text_mark);
        if (left >= mark && memcmp(s, text_mark, mark) == 0) {
            ret->text_len = left - mark;
            ret->text = xcalloc(ret->text_len + 1, 1);
            memcpy(ret->text, s + mark, ret->text_len);
            break;
        }
        const char *newline = memchr(s, '\n', left);
        newline = newline ? newline : end;
        if (*s == '@')
            add_fact(ret, s + 1, (size_t)(newline - s) - 1);
        s = newline + 1;
    }
    return true;
}

void facts_release(struct facts *f)
{
    for (size_t i = 0; i < f->n; i++)
        free(f->all[i].key); // the value is in it
    free(f->all);
    free(f->text);
}

int facts_unexpected(const struct node *node, const struct facts *f, struct err *e)
{
    _cleanup_buf_ struct buf b = BUF_INIT;
    for (size_t i = 0; i < f->n; i++)
        buf_addf(&b, "%s%s %s", i ? ", " : "", f->all[i].key, f->all[i].value);
    return place_unexpected(node, buf_str(&b), e);
}

const char *facts_next(const struct facts *f, const char *key, size_t *at)
{
    while (*at < f->n) {
        const struct fact *fact = &f->all[(*at)++];
        if (strcmp(fact->key, key) == 0)
            return fact->value;
    }
    return NULL;
}

const char *facts_get(const struct facts *f, const char *key)
{
    size_t at = 0;
    return facts_next(f, key, &at);
}

bool facts_yes(const struct facts *f, const char *key)
{
    const char *value = facts_get(f, key);
    return value && strcmp(value, "yes") == 0;
}

const char *fact_row(const char *value, size_t n, size_t *ret_row)
{
    const char *blank = strchr(value, ' ');
    _cleanup_free_ char *number = blank ? xstrndup(value, (size_t)(blank - value)) : NULL;
    long long row;
    if (!number || str_to_int(number, 0, INT64_MAX, &row) < 0 || (unsigned long long)row >= n)
        return NULL;
    *ret_row = (size_t)row;
    return blank + 1;
}

json_t *facts_json(const struct facts *f, const char *but)
{
    json_t *ret = json_object();
    for (size_t i = 0; i < f->n; i++) {
        if (but && str_starts(f->all[i].key, but))
            continue;
        json_t *all = json_object_get(ret, f->all[i].key);
        if (!all) {
            all = json_array();
            if (json_object_set_new(ret, f->all[i].key, all) < 0)
                continue; // no key that is ours
        }
        json_array_append_new(all, json_text(f->all[i].value));
    }
    return ret;
}
