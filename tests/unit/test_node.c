// SPDX-License-Identifier: GPL-3.0-or-later
// core/node/: what is said of a node's words.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/err.h"
#include "core/node/ask.h"
#include "core/node/place.h"

static void what_was_not_expected_is_quoted(void **state)
{
    (void)state;
    _cleanup_err_ struct err e = ERR_INIT, none = ERR_INIT, much = ERR_INIT;
    assert_int_equal(place_unexpected(NULL, "bash: line 1:\n\033[31m@x", &e), -1);
    assert_int_equal(e.code, ERR_FAILED);
    assert_string_equal(e.msg, "unexpected output from (admin): 'bash: line 1: \\x1b[31m@x'");
    place_unexpected(NULL, "", &none);
    assert_string_equal(none.msg, "no output from (admin), although some was expected");
    char text[1000];
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = 0;
    place_unexpected(NULL, text, &much);
    assert_int_equal(strlen(much.msg), strlen("unexpected output from (admin): ''") + strlen("…") + 200);
}

static void facts_are_read_as_they_were_told(void **state)
{
    (void)state;
    static const char out[] =
        "motd\n@note no\n\n@migsh facts\n@a 1\nnoise\n@b x\0y z\n@empty \n@odd\n@a 2\n@text\n@a 3\n\0";
    _cleanup_facts_ struct facts f = {0}, none = {0};
    assert_false(facts_parse("@a 1\n", 5, &none));
    assert_true(facts_parse(out, sizeof(out) - 1, &f));
    size_t at = 0;
    assert_string_equal(facts_next(&f, "a", &at), "1");
    assert_string_equal(facts_next(&f, "a", &at), "2");
    assert_null(facts_next(&f, "a", &at));
    assert_string_equal(facts_get(&f, "b"), "x y z"); // what follows a NUL is not hidden
    assert_string_equal(facts_get(&f, "empty"), "");
    assert_null(facts_get(&f, "odd"));
    assert_null(facts_get(&f, "note"));
    assert_int_equal(f.text_len, strlen("@a 3\n") + 1);
    assert_memory_equal(f.text, "@a 3\n\0", f.text_len);
    _cleanup_err_ struct err e = ERR_INIT;
    facts_unexpected(NULL, &f, &e);
    assert_string_equal(e.msg, "unexpected output from (admin): 'a 1, b x y z, empty , a 2'");
}

static void a_row_has_its_number(void **state)
{
    (void)state;
    size_t row = 7;
    assert_string_equal(fact_row("2 a b", 3, &row), "a b");
    assert_int_equal(row, 2);
    static const char *const none[] = {"3 a", "-1 a", "2", "", "x a", " 2 a", "99999999999999999999 a"};
    for (size_t i = 0; i < ARRAY_SIZE(none); i++)
        assert_null(fact_row(none[i], 3, &row));
    assert_int_equal(row, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_not_expected_is_quoted),
        cmocka_unit_test(facts_are_read_as_they_were_told),
        cmocka_unit_test(a_row_has_its_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
