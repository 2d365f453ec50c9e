// SPDX-License-Identifier: GPL-3.0-or-later
// core/node/: what is said of a node's words.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/err.h"
#include "core/node/place.h"

static void what_was_not_expected_is_quoted(void **state)
{
    (void)state;
    _cleanup_err_ struct err e = ERR_INIT, none = ERR_INIT, much = ERR_INIT;
    assert_int_equal(place_unexpected(NULL, "bash: line 1:\n\033[31m@x", &e), -1);
    assert_int_equal(e.code, ERR_FAILED);
    assert_string_equal(e.msg, "unexpected output from (admin): 'bash: line 1: \\x1b[31m@x'");
    place_unexpected(NULL, "", &none);
    assert_string_equal(none.msg, "no output from (admin), where some was expected");
    char text[1000];
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = 0;
    place_unexpected(NULL, text, &much);
    assert_int_equal(strlen(much.msg), strlen("unexpected output from (admin): ''") + strlen("…") + 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_not_expected_is_quoted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
