// SPDX-License-Identifier: GPL-3.0-or-later
// cmd/engine: what rows say of each other, the bits they stand for, and which word goes to which row.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "cmd/engine/bind.h"
#include "cmd/engine/parse.h"
#include "cmd/engine/rules.h"

enum { NAMES, LAST, FAST, SLOW, STILL, DEEP, OLD };
static const struct opt_def opts[] = {
    [NAMES] = {"names", OPT_STRING, OPTF_POS | OPTF_REQ | OPTF_MULTI, "a list"},
    [LAST] = {"last", OPT_STRING, OPTF_POS | OPTF_REQ, "what the list leaves"},
    [FAST] = {"fast", OPT_BOOL, 0, "a", .bits = 1, .excludes = "slow|still"},
    [SLOW] = {"slow", OPT_BOOL, 0, "b", .bits = 2},
    [STILL] = {"still", OPT_BOOL, 0, "c", .bits = 4},
    [DEEP] = {"deep", OPT_INT, 0, "d", .needs = "slow|still"},
    [OLD] = {"old", OPT_BOOL, 0, "e", .bits = 8, .needs = "gone", .excludes = "gone"}, // a row that is not here
    {NULL},
};
static const struct cmd_def def = {.name = "go", .opts = opts};

// The values, or the error's words.
static char *bound(const char *line)
{
    struct parsed p;
    struct err e = ERR_INIT;
    struct buf b = BUF_INIT;
    struct cmd_call c = {.def = &def};
    assert_int_equal(parse_text(line, &p, NULL, &e), 0);
    if (cmd_bind(&c, &p.cmds[0], &e) < 0)
        buf_adds(&b, e.msg);
    else
        buf_addf(&b, "%zu %s %u %u %d", c.vals[NAMES].list.n, cmd_val(&c, "last")->s, cmd_bits(&c),
                 cmd_bits_between(&c, SLOW, STILL), cmd_val(&c, "nosuch") != NULL);
    cmd_call_release(&c);
    err_release(&e);
    parsed_release(&p);
    return buf_steal(&b);
}

static void rules(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"go a b", "1 b 0 0 0"},
        {"go a b c --slow --still", "2 c 6 6 0"},
        {"go a --fast b", "1 b 1 0 0"},
        {"go a b --slow --deep 3 --old", "1 b 10 2 0"},
        {"go a b --slow --fast", "--fast and --slow exclude each other"},
        {"go a b --fast --still", "--fast and --still exclude each other"},
        {"go a b --deep=3", "--deep needs --slow or --still"},
        {"go a b --deep x", "--deep: 'x' is not a whole number"},
        {"go a b --fast --slow --fast", "--fast is given twice"},
        {"go --fast --slow", "go needs --names"},
        {"go a b --slow=1", "--slow takes no value"},
        {"go a b --deep", "--deep needs a value"},
        {"go a b --deap", "go has no option --deap"},
        {"go --last z a -- --slow", "2 z 0 0 0"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        char *got = bound(cases[i][0]);
        assert_string_equal(got, cases[i][1]);
        free(got);
    }
}

static void described(void **state)
{
    (void)state;
    struct buf b = BUF_INIT;
    for (size_t i = 0; i < ARRAY_SIZE(opts) - 1; i++) {
        buf_addf(&b, "%s:", opts[i].name);
        rules_describe(opts, ARRAY_SIZE(opts) - 1, i, &b);
        buf_addc(&b, ' ');
    }
    assert_string_equal(b.s, "names: last: fast:not with --slow or --still slow: still: deep:needs --slow or --still "
                             "old: ");
    buf_release(&b);
}

// What is being typed: errors are passed over, and a list may still go on.
static void forgiving(void **state)
{
    (void)state;
    static const struct {
        const char *line, *rows, *next;
    } cases[] = {
        {"go ", "", "names"},
        {"go a b ", "names=a names=b ", "names"},
        {"go a --nosuch --fast=1 --slow ", "names=a slow ", "names"},
        {"go a --deep ", "names=a ", "deep"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct strv words = STRV_INIT;
        struct bind_walk w;
        struct buf b = BUF_INIT;
        size_t row;
        const char *value;
        int r;
        strv_split(&words, cases[i].line, ' ');
        bind_walk_init(&w, &def, &words, words.n);
        w.forgiving = true;
        do {
            struct err e = ERR_INIT;
            r = bind_next(&w, &row, &value, &e);
            if (r > 0)
                buf_addf(&b, "%s%s%s ", w.opts[row].name, value ? "=" : "", value ? value : "");
            err_release(&e);
        } while (r);
        assert_string_equal(buf_str(&b), cases[i].rows);
        assert_string_equal((w.cut ? w.cut : bind_positional(&w))->name, cases[i].next);
        buf_release(&b);
        bind_walk_release(&w);
        strv_release(&words);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules),
        cmocka_unit_test(described),
        cmocka_unit_test(forgiving),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
