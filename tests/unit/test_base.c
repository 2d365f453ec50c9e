// SPDX-License-Identifier: GPL-3.0-or-later
// base/: numbers, durations, sizes, units, tokens, nearest names, printable text, errors, JSON text, base64.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/base64.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/cpulist.h"
#include "base/err.h"
#include "base/fill.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/printable.h"
#include "base/strv.h"
#include "base/table.h"
#include "base/token.h"
#include "base/trace.h"
#include "base/units.h"

static void bytes_are_shown_in_units(void **state)
{
    (void)state;
    static const struct {
        double n;
        int digits;
        const char *text;
    } rows[] = {{0, 0, "0 B"},          {1023, 2, "1023.00 B"},   {1024, 1, "1.0 KiB"}, {1.5 * 1048576, 2, "1.50 MiB"},
                {0x1p60, 1, "1.0 EiB"}, {0x1p74, 0, "16384 EiB"}, {-1, 0, "-1 B"}};
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char text[UNITS_TEXT];
        units_bytes(rows[i].n, rows[i].digits, text);
        assert_string_equal(text, rows[i].text);
    }
}

static void a_hundred_percent_is_the_end(void **state)
{
    (void)state;
    assert_int_equal(units_percent(0, 0), 0); // it has not begun
    assert_int_equal(units_percent(10, 10), 0);
    assert_int_equal(units_percent(11, 10), 0);
    assert_int_equal(units_percent(5, 10), 50);
    assert_int_equal(units_percent(1, 1e12), 99);
    assert_int_equal(units_percent(0, 1e12), 100);
}

static void tokens_differ(void **state)
{
    (void)state;
    _cleanup_free_ char *a = token_hex(16), *b = token_hex(16), *none = token_hex(0);
    assert_int_equal(strlen(a), 32);
    assert_int_equal(strspn(a, "0123456789abcdef"), 32);
    assert_string_not_equal(a, b);
    assert_string_equal(none, "");
}

static void numbers_are_read_whole_or_refused(void **state)
{
    (void)state;
    long long v = 7;
    assert_int_equal(str_to_int("42", 0, 100, &v), 0);
    assert_int_equal(v, 42);
    static const char *const bad[] = {"", " 1", "1 ", "0x10", "1e3", "-", "101", "-1", "99999999999999999999", "+1"};
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_int_equal(str_to_int(bad[i], 0, 100, &v), -1);
    assert_int_equal(v, 42);
}

static void durations_need_a_known_unit(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double ms;
    } good[] = {{"5ms", 5}, {"1.5s", 1500}, {"2m", 120000}, {"7", 7000}, {"250us", 0.25}, {"1h", 3600000}};
    for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
        double ms = -1;
        assert_int_equal(str_to_duration_ms(good[i].text, "s", &ms), 0);
        assert_float_equal(ms, good[i].ms, 1e-9);
    }
    static const char *const bad[] = {"", "-1s", "1 s", "5x", "s", "1.2.3s", "inf", "nan", "0x5"};
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        double ms = -1;
        assert_int_equal(str_to_duration_ms(bad[i], "s", &ms), -1);
    }
}

static void sizes_become_bytes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned long long bytes;
    } good[] = {{"512", 512 * 1024}, {"512b", 512}, {"64KiB", 65536},
                {"64k", 65536},      {"1KB", 1000}, {"1.5G", 1610612736}};
    for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
        unsigned long long bytes = 0;
        assert_int_equal(str_to_size(good[i].text, 1024, &bytes), 0);
        assert_true(bytes == good[i].bytes);
    }
    static const char *const bad[] = {"", "-1", "1X", "1Kx", "G", "99999999999999999999999T"};
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        unsigned long long bytes = 0;
        assert_int_equal(str_to_size(bad[i], 1, &bytes), -1);
    }
}

static void cpu_lists_become_maps_and_back(void **state)
{
    static const struct {
        const char *text, *list, *letters; // of 10; NULL: refused
    } cases[] = {
        {"0", "0", "y---------"},
        {"0-3,^2", "0-1,3", "yy-y------"},
        {"9,7-8, 1", "1,7-9", "-y-----yyy"},
        {"2,^2,5", "5", "-----y----"},
        {"^2,2", "2", "--y-------"},
        {"0-9", "0-9", "yyyyyyyyyy"},
        {"10", NULL, NULL},
        {"0-10", NULL, NULL},
        {"", NULL, NULL},
        {",", NULL, NULL},
        {"1,", NULL, NULL},
        {"3-1", NULL, NULL},
        {"1-", NULL, NULL},
        {"-1", NULL, NULL},
        {"1,^1", NULL, NULL},
        {"^", NULL, NULL},
        {"1 2", NULL, NULL},
        {"1x", NULL, NULL},
        {"99999999999", NULL, NULL},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        _cleanup_err_ struct err e = ERR_INIT;
        _cleanup_free_ unsigned char *map = NULL;
        int r = cpulist_parse(cases[i].text, 10, &map, &e);
        assert_int_equal(r, cases[i].list ? 0 : -1);
        if (r < 0) {
            assert_int_equal(e.code, ERR_USAGE);
            assert_null(map);
            continue;
        }
        _cleanup_free_ char *list = cpulist_format(map, 10), *letters = cpulist_letters(map, 10);
        assert_string_equal(list, cases[i].list);
        assert_string_equal(letters, cases[i].letters);
    }
    _cleanup_free_ char *none = cpulist_format((const unsigned char *)"", 8);
    assert_string_equal(none, "");
}

static void nearest_finds_the_slip(void **state)
{
    (void)state;
    static const char *const names[] = {"migrate", "list", "node-add", "dominfo"};
    assert_string_equal(str_nearest("migarte", names, 4), "migrate");
    assert_string_equal(str_nearest("lits", names, 4), "list");
    assert_null(str_nearest("evacuate", names, 4));
}

static void printable_escapes_what_a_terminal_obeys(void **state)
{
    (void)state;
    static const struct {
        const char *in;
        size_t n;
        const char *out;
    } cases[] = {
        {"a\x1b[31mb\xc2\x9bz\tc", 12, "a\\x1b[31mb\\x9bz\tc"},
        {"\0\r\x7f\n", 4, "\\x00\\x0d\\x7f\n"},
        {"\x9b"
         "31m\xc2",
         5, "\\x9b31m\\xc2"}, // bare C1; the head of a C1 in another piece
        {"\xe2\x80\xae|\xe2\x81\xa6|\xd8\x9c", 10, "\\u202e|\\u2066|\\u061c"}, // marks of direction
        {"\xe2\x80\xa8\xc2\x85", 5, "\\u2028\\x85"},                           // what else ends a line
        {"\xe2\x80\xa6 \xe7\x83\xad\xf0\x9f\x98\x80\xc2\xa0", 13, "\xe2\x80\xa6 \xe7\x83\xad\xf0\x9f\x98\x80\xc2\xa0"},
        {"\xc1\x9b\xed\xa0\x80", 5, "\\xc1\\x9b\\xed\\xa0\\x80"}, // overlong, a surrogate
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct buf b = BUF_INIT;
        buf_add_printable(&b, cases[i].in, cases[i].n);
        assert_string_equal(buf_str(&b), cases[i].out);
        buf_release(&b);
    }
    assert_true(is_printable_line("a\tb \xc3\xbc"));
    assert_false(is_printable_line("a\nb") || is_printable_line("\xc2\x9b") || is_printable_line("\xff"));
}

static void one_line_is_made_of_many(void **state)
{
    (void)state;
    static const char *const lines[][2] = {{"name\n -   forged  running\n", "name -   forged  running"},
                                           {"\n\na", "a"},
                                           {"a \n\n \n b", "a b"},
                                           {"Password: ", "Password: "},
                                           {"a\x1b[2J", "a\\x1b[2J"},
                                           {"", ""},
                                           {"\n", ""}};
    static const char *const messages[][2] = {{"refused\nverdict: ok\n", "refused\n  verdict: ok"},
                                              {"one", "one"},
                                              {"a\n\tb", "a\n\tb"},
                                              {"a\n\nb", "a\n  \n  b"},
                                              {"\n", ""}};
    for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
        struct buf b = BUF_INIT;
        buf_add_line(&b, lines[i][0]);
        assert_string_equal(buf_str(&b), lines[i][1]);
        buf_release(&b);
    }
    for (size_t i = 0; i < ARRAY_SIZE(messages); i++) {
        struct buf b = BUF_INIT;
        buf_add_message(&b, messages[i][0]);
        assert_string_equal(buf_str(&b), messages[i][1]);
        buf_release(&b);
    }
}

static void json_is_printable(void **state)
{
    (void)state;
    json_t *v = json_pack("{s:s}", "k\xc2\x9b", "a\x1b\x7f\xe2\x80\xae\xc3\xbc"), *back;
    char *text = json_dump_printable(v, JSON_COMPACT);
    assert_string_equal(text, "{\"k\\u009b\":\"a\\u001B\\u007f\\u202e\xc3\xbc\"}");
    back = json_loads(text, 0, NULL);
    assert_true(json_equal(v, back));
    json_decref(back);
    json_decref(v);
    free(text);
}

static void errors_are_wrapped_and_keep_their_code(void **state)
{
    (void)state;
    struct err e = ERR_INIT;
    assert_int_equal(err_set(&e, ERR_UNSAFE, "disk %s", "vda"), -1);
    err_hint(&e, "use %s", "--unsafe");
    err_wrap(&e, "domain %s", "x");
    assert_string_equal(e.msg, "domain x: disk vda");
    assert_string_equal(e.hint, "use --unsafe");
    err_set(&e, ERR_FAILED, "again: %s", e.msg); // the old message as an argument
    assert_string_equal(e.msg, "again: domain x: disk vda");
    assert_null(e.hint);
    struct err more = ERR_INIT, none = ERR_INIT;
    err_set(&e, ERR_STATE, "one: no");
    err_hint(&e, "do");
    err_set(&more, ERR_FAILED, "two: no");
    err_join(&e, &more);
    err_join(&e, &more); // said already
    err_set(&more, ERR_FAILED, "two");
    err_join(&e, &more); // not a whole line of it
    assert_string_equal(e.msg, "one: no\ntwo: no\ntwo");
    assert_int_equal(e.code, ERR_STATE);
    assert_string_equal(e.hint, "do");
    err_join(&none, &e);
    assert_string_equal(none.msg, e.msg);
    assert_int_equal(none.code, ERR_STATE);
    err_release(&none);
    err_release(&more);
    err_release(&e);
    for (int i = 0; i < ERR_CODES; i++)
        assert_int_equal(err_code_from_name(err_code_name((enum err_code)i)), i);
}

static void json_replaces_bad_bytes(void **state)
{
    (void)state;
    json_t *v = json_text("ok\xff\xed\xa0\x80z");
    assert_string_equal(json_string_value(v), "ok\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz");
    json_decref(v);
}

static void tables_are_drawn_as_virsh_draws_them(void **state)
{
    (void)state;
    static const char *const head[] = {"Id", "Name", "State"};
    static const char *const row[] = {"1", "test", "running"};
    struct table *t = table_new(3, head);
    table_row(t, row);
    struct buf b = BUF_INIT;
    table_render(t, NULL, &b);
    assert_string_equal(buf_str(&b), " Id   Name   State\n----------------------\n 1    test   running\n");
    buf_release(&b);
    table_free(t);
}

static void tables_fit_a_terminal(void **state)
{
    (void)state;
    static const char *const head[] = {"Id", "Name", "State"};
    static const char *const rows[][3] = {{"1", "a-name-of-20-columns", "running"},
                                          {"2", "tab\there-xxxxxxxxxx", "weird"}};
    struct table *t = table_new(3, head);
    table_row(t, rows[0]);
    table_row(t, rows[1]);
    table_colored(t, 2);
    struct paint paint = {0};
    struct buf b = BUF_INIT, shown = BUF_INIT;
    table_render(t, &(struct table_look){.width = 28, .paint = &paint}, &b);
    assert_string_equal(buf_str(&b), " Id   Name           State\n----------------------------\n"
                                     " 1    a-name-of-2…   running\n 2    tab\\x09here…   weird\n");
    buf_add_painted(&shown, buf_str(&b), b.len, &paint);
    assert_non_null(strstr(shown.s, "   \033[32mrunning\033[0m\n"));
    buf_truncate(&b, 0);
    table_render(t, &(struct table_look){.width = 5}, &b); // nothing would be left to read
    assert_non_null(strstr(b.s, " 1    a-name-…   running\n"));
    buf_truncate(&b, 0);
    table_render(t, &(struct table_look){.vertical = true, .width = 20}, &b);
    assert_non_null(strstr(b.s, "Id:    1\nName:  a-name-of-20-columns\nState: running\n\nId:    2\n"));
    paint_release(&paint);
    buf_release(&b);
    buf_release(&shown);
    table_free(t);
}

static void marks_of_reports_have_colours(void **state)
{
    (void)state;
    static const char *const text = "  [ok] x\n[fail]\n [what]\n x [ok]\nverdict: ok, \033[1m\n";
    struct paint paint = {0};
    struct buf b = BUF_INIT;
    paint_marks(&paint, text, 0);
    buf_add_painted(&b, text, strlen(text), &paint);
    assert_string_equal(buf_str(&b), "  \033[32m[ok]\033[0m x\n\033[31m[fail]\033[0m\n [what]\n x [ok]\n"
                                     "verdict: \033[32mok\033[0m, \\x1b[1m\n");
    paint_release(&paint);
    buf_release(&b);
}

static void paragraphs_fit(void **state)
{
    (void)state;
    static const char *const text =
        "One two three\nfour five.\n\nab   one two three\n     four\ncd   x\n  as it is, whatever\nend\n";
    static const char *const at_16 = "  One two three\n  four five.\n\n  ab   one two\n       three\n       four\n"
                                     "  cd   x\n    as it is, whatever\n  end\n";
    struct buf b = BUF_INIT;
    fill_paragraphs(text, 2, 16, &b);
    assert_string_equal(buf_str(&b), at_16);
    buf_truncate(&b, 0);
    fill_text("longer-than-that x", 0, 2, 8, &b); // no word is broken
    assert_string_equal(buf_str(&b), "longer-than-that\n  x\n");
    buf_release(&b);
}

static void base64_goes_there_and_back(void **state)
{
    (void)state;
    // RFC 4648, 10.
    static const char *const rows[][2] = {{"", ""},
                                          {"f", "Zg=="},
                                          {"fo", "Zm8="},
                                          {"foo", "Zm9v"},
                                          {"foob", "Zm9vYg=="},
                                          {"fooba", "Zm9vYmE="},
                                          {"foobar", "Zm9vYmFy"},
                                          {"\xff\xfe\x7f", "//5/"}};
    static const char *const bad[] = {"Z", "Zg", "Zg=", "Z===", "Zg==Zg==", "Zm9v!", "=", "Zm=9", "Zg==="};
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        _cleanup_free_ char *text = base64_encode(rows[i][0], strlen(rows[i][0]));
        _cleanup_free_ char *broken = xasprintf(" %s\r\n", rows[i][1]);
        size_t n;
        _cleanup_free_ unsigned char *back = base64_decode(broken, &n);
        assert_string_equal(text, rows[i][1]);
        assert_non_null(back);
        assert_int_equal(n, strlen(rows[i][0]));
        assert_string_equal(back, rows[i][0]);
    }
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        size_t n;
        assert_null(base64_decode(bad[i], &n));
    }
    size_t n;
    _cleanup_free_ unsigned char *zeros = base64_decode("AAA\nA", &n);
    assert_int_equal(n, 3);
    assert_memory_equal(zeros, "\0\0\0", 4);
}

static void lists_are_split_sorted_and_searched(void **state)
{
    (void)state;
    struct strv v = STRV_INIT;
    strv_split(&v, "b,,a,b", ',');
    strv_sort_unique(&v);
    assert_int_equal(v.n, 2);
    assert_string_equal(v.s[0], "a");
    assert_null(v.s[2]);
    strv_release(&v);
}

static struct buf traced;

static void take_line(const char *line)
{
    buf_addf(&traced, "%s\n", line);
}

// What the sink got of a call of these, and how long it took left out.
static const char *trace_of(enum trace_level wanted, enum trace_level level, double ago_ms, const char *what,
                            const char *failure)
{
    buf_release(&traced);
    trace_start(wanted, -1, take_line);
    trace_call(&(struct trace_call){level, "ssh", "a", what, strlen(what), clock_mono_ms() - ago_ms, "ok", failure});
    trace_start(TRACE_NONE, -1, NULL);
    char *bracket = traced.len ? strchr(traced.s, '(') : NULL, *rest = bracket ? strchr(bracket, ')') : NULL;
    if (rest)
        memmove(bracket + 1, rest, strlen(rest) + 1);
    return traced.len ? traced.s : "";
}

static void calls_are_traced_by_level(void **state)
{
    (void)state;
    assert_false(trace_is_on());
    assert_string_equal(trace_of(TRACE_CALL, TRACE_CALL, 0, "f", NULL), "ssh a f (): ok\n");
    assert_string_equal(trace_of(TRACE_COMMAND, TRACE_CALL, 0, "f", NULL), "");
    assert_string_equal(trace_of(TRACE_COMMAND, TRACE_COMMAND, 0, " set -- 'x'\n\n  echo\t1\n", NULL),
                        "ssh a set -- 'x' echo 1 (): ok\n");
    assert_string_equal(trace_of(TRACE_SLOW, TRACE_CALL, 900, "f", NULL), "");
    assert_string_equal(trace_of(TRACE_SLOW, TRACE_CALL, 1100, "f", NULL), "ssh a f (): ok\n");
    assert_string_equal(trace_of(TRACE_FAILED, TRACE_CALL, 1100, "f", NULL), "");
    assert_string_equal(trace_of(TRACE_FAILED, TRACE_CALL, 0, "\033f", "no\n such"),
                        "ssh a \\x1bf (): failed: no such\n");
    assert_string_equal(trace_of(TRACE_ERROR, TRACE_CALL, 0, "f", "no"), "");
    char script[1001] = {0};
    memset(script, 'x', sizeof(script) - 1);
    assert_int_equal(strlen(trace_of(TRACE_CALL, TRACE_CALL, 0, script, NULL)), strlen("ssh a … (): ok\n") + 160);
    buf_release(&traced);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_read_whole_or_refused),
        cmocka_unit_test(durations_need_a_known_unit),
        cmocka_unit_test(sizes_become_bytes),
        cmocka_unit_test(cpu_lists_become_maps_and_back),
        cmocka_unit_test(nearest_finds_the_slip),
        cmocka_unit_test(printable_escapes_what_a_terminal_obeys),
        cmocka_unit_test(one_line_is_made_of_many),
        cmocka_unit_test(json_is_printable),
        cmocka_unit_test(errors_are_wrapped_and_keep_their_code),
        cmocka_unit_test(json_replaces_bad_bytes),
        cmocka_unit_test(tables_are_drawn_as_virsh_draws_them),
        cmocka_unit_test(bytes_are_shown_in_units),
        cmocka_unit_test(a_hundred_percent_is_the_end),
        cmocka_unit_test(tokens_differ),
        cmocka_unit_test(base64_goes_there_and_back),
        cmocka_unit_test(paragraphs_fit),
        cmocka_unit_test(tables_fit_a_terminal),
        cmocka_unit_test(marks_of_reports_have_colours),
        cmocka_unit_test(calls_are_traced_by_level),
        cmocka_unit_test(lists_are_split_sorted_and_searched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
