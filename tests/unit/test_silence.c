// SPDX-License-Identifier: GPL-3.0-or-later
// core/console/silence: how long a node is waited for, and what is remembered of one that gave no answer.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "core/console/silence.h"

static const char DEST[] = "qemu+ssh://dest/system", SOURCE[] = "qemu+ssh://source/system";

static void test_patience(void **state)
{
    (void)state;
    struct silence_group g;
    silence_group_begin(&g);
    assert_true(silence_group_patience(&g, 1200, 4) == 1200);
    g.slowest_ms = 200;
    assert_true(silence_group_patience(&g, 1200, 4) == 1200);
    g.slowest_ms = 1500;
    assert_true(silence_group_patience(&g, 1200, 4) == 6000);
    silence_group_begin(&g);
    g.begun_ms -= 700;
    silence_group_answered(&g);
    double slowest = g.slowest_ms;
    assert_true(slowest >= 700);
    g.begun_ms = clock_mono_ms();
    silence_group_answered(&g);
    assert_true(g.slowest_ms == slowest); // the quicker one does not shorten it
}

static void test_memory(void **state)
{
    (void)state;
    double waited, begun = clock_real_s();
    assert_true(silence_since(DEST, &waited) == 0 && waited == 0);
    silence_note(DEST, 5000);
    double since = silence_since(DEST, &waited);
    assert_true(since >= begun && waited == 5000);
    silence_note(DEST, 1200);
    assert_true(silence_since(DEST, &waited) == since && waited == 5000); // since the first time, the longest wait
    assert_true(silence_since(SOURCE, NULL) == 0);
    silence_end(DEST);
    assert_true(silence_since(DEST, NULL) == 0);
    silence_note(NULL, 1);
    silence_end(NULL);
    assert_true(silence_since(NULL, NULL) == 0);
}

// A note of more than a minute ago, one from the future, and one that is no note are none.
static void test_stale(void **state)
{
    const char *dir = *state;
    static const struct {
        double last;
        const char *text;
        bool counts;
    } cases[] = {{-30, NULL, true}, {-90, NULL, false}, {30, NULL, false}, {0, "{", false}, {0, "[]", false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        silence_note(DEST, 5000);
        _cleanup_free_ char *command = xasprintf("cat > \"$(ls -d %s/migsh/silent/*.json)\"", dir);
        FILE *f = popen(command, "w"); // NOLINT(cert-env33-c): a directory of this test's own
        assert_non_null(f);
        double last = clock_real_s() + cases[i].last;
        if (cases[i].text)
            fputs(cases[i].text, f);
        else
            fprintf(f, "{\"since\": %f, \"last\": %f, \"waited_ms\": 5000.0}", last - 10, last);
        assert_int_equal(pclose(f), 0);
        assert_int_equal(silence_since(DEST, NULL) > 0, cases[i].counts);
        silence_end(DEST);
    }
}

static int make_state(void **state)
{
    static char dir[] = "/tmp/migsh-silence.XXXXXX";
    if (!mkdtemp(dir))
        return -1;
    *state = dir;
    return setenv("XDG_STATE_HOME", dir, 1);
}

static int remove_state(void **state)
{
    _cleanup_free_ char *command = xasprintf("rm -rf %s", (const char *)*state);
    return system(command); // NOLINT(cert-env33-c)
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_patience),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_stale),
    };
    return cmocka_run_group_tests(tests, make_state, remove_state);
}
