// SPDX-License-Identifier: GPL-3.0-or-later
// What people are shown: nothing that a terminal obeys, a cell is one line, a row is one row; JSON stays the same
// value.
#include "base/diff.h"
#include "base/json.h"
#include "base/printable.h"
#include "base/strv.h"
#include "base/table.h"
#include "core/explain/explain.h"
#include "fuzz.h"

static size_t harmless(const struct buf *b)
{
    size_t lines = 0, len;
    for (size_t i = 0; i < b->len; i += len) {
        len = utf8_sequence(b->s + i, b->len - i);
        must(len && !utf8_harmful(b->s + i, len));
        lines += b->s[i] == '\n';
    }
    return lines;
}

static void json(const char *text, size_t n)
{
    json_t *v = json_textn(text, n);
    _cleanup_free_ char *dump = json_dump_printable(v, JSON_ENCODE_ANY);
    struct buf b = {dump, strlen(dump), 0};
    must(harmless(&b) == 0);
    json_t *back = json_loads(dump, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    must(json_equal(v, back));
    json_decref(v);
    json_decref(back);
}

static void numbers(const char *s)
{
    long long i;
    double ms;
    unsigned long long bytes;
    must(str_to_int(s, 1, 9, &i) < 0 || (i >= 1 && i <= 9));
    must(str_to_duration_ms(s, "ms", &ms) < 0 || ms >= 0);
    (void)str_to_size(s, 1, &bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct in in = {data, size};
    _cleanup_free_ char *one = in_line(&in);
    size_t n;
    _cleanup_free_ char *text = in_rest(&in, &n), *hint = NULL;
    _cleanup_buf_ struct buf all = BUF_INIT, line = BUF_INIT, again = BUF_INIT, message = BUF_INIT, rows = BUF_INIT;
    buf_add_printable(&all, text, n);
    harmless(&all);
    buf_add_printable(&again, buf_str(&all), all.len);
    must(strcmp(buf_str(&all), buf_str(&again)) == 0);
    buf_add_line(&line, text);
    must(harmless(&line) == 0 && is_printable_line(buf_str(&line)));
    must(!is_printable_line(one) || str_columns(one) <= 2 * strlen(one));
    buf_add_message(&message, text);
    harmless(&message);
    for (const char *p = buf_str(&message); (p = strchr(p, '\n')); p++)
        must(p[1] == ' ' || p[1] == '\t');
    struct table *t = table_new(2, (const char *const[]){"A", "B"});
    table_row(t, (const char *const[]){text, one});
    table_row(t, (const char *const[]){one, NULL});
    table_render(t, NULL, &rows);
    must(harmless(&rows) == 4);
    table_free(t);
    json(text, n);
    numbers(one);
    _cleanup_buf_ struct buf diff = BUF_INIT;
    size_t one_n = strlen(one);
    diff_unified("x", one, one_n, text, n, &diff);
    must(same(one, one_n, text, n) == !diff.len);
    struct err e = ERR_INIT;
    err_set(&e, ERR_FAILED, "%s", text);
    explain_fill(&e, &(struct explain_names){.source = "source", .dest = "dest"});
    must(!e.hint == !explain_find(text));
    err_release(&e);
    return 0;
}
