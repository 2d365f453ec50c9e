// SPDX-License-Identifier: GPL-3.0-or-later
// cmd/parse: quoting, separators, comments, what is incomplete, and what completion sees.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "cmd/engine/parse.h"

// Words joined by "|", commands by "/".
static char *shape(const char *text, bool *ret_incomplete)
{
    struct parsed p = {0};
    struct err e = ERR_INIT;
    struct buf b = BUF_INIT;
    if (parse_text(text, &p, ret_incomplete, &e) < 0)
        buf_adds(&b, "error");
    for (size_t i = 0; i < p.n; i++) {
        for (size_t k = 0; k < p.cmds[i].n; k++)
            buf_addf(&b, "%s%s", k ? "|" : i ? "/" : "", p.cmds[i].s[k]);
        static const char *const marks[] = {"", "PIPE", "FILE", "APPEND"};
        if (p.to[i].kind)
            buf_addf(&b, " %s<%s>", marks[p.to[i].kind], p.to[i].to);
        if (p.behind[i])
            buf_addf(&b, "{%s}", p.behind[i]);
    }
    parsed_release(&p);
    err_release(&e);
    return buf_steal(&b);
}

static void complete_lines_become_words(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"list --all", "list|--all"},
        {"  a   b\t c ", "a|b|c"},
        {"a 'b c' \"d e\"", "a|b c|d e"},
        {"a b\\ c", "a|b c"},
        {"a ''", "a|"},
        {"a 'it'\\''s'", "a|it's"},
        {"a \"say \\\"hi\\\" \\\\ \\n\"", "a|say \"hi\" \\ \\n"},
        {"a; b ;c", "a/b/c"},
        {";;", ""},
        {"a ';' b", "a|;|b"},
        {"a # the rest", "a"},
        {"a b#c", "a|b#c"},
        {"a\nb", "a/b"},
        {"a \\\n b", "a|b"},
        {"a $(rm -rf /) `x`", "a|$(rm|-rf|/)|`x`"},
        {"--x='a b'", "--x=a b"},
        {"a | b", "a PIPE<b>"},
        {"a b |grep -v 'x;y' | wc -l; c", "a|b PIPE<grep -v 'x;y' | wc -l>/c"},
        {"a | b && c &", "a PIPE<b && c >{a | b && c}"},
        {"a | b # why; c\nd", "a PIPE<b >/d"},
        {"a | b\\;c \\# \"$(x 'y')\"", "a PIPE<b\\;c \\# \"$(x 'y')\">"},
        {"a | b \\\n c", "a PIPE<b \\\n c>"},
        {"a > f", "a FILE<f>"},
        {"a >'x y' b >c", "error"},
        {"a >>'x y' b", "a|b APPEND<x y>"},
        {"a '|' \\> b>c d|e \">>\"", "a|||>|b>c|d|e|>>"},
        {"a > f; b >> g # h", "a FILE<f>/b APPEND<g>"},
        {"a > f & b", "a FILE<f>{a > f}/b"},
        {"\\watch 1", "error"},
        {"a; \\d", "error"},
        {"\\? \\a", "?|a"},
        {"| a", "error"},
        {"> f", "error"},
        {"a |", "error"},
        {"a || b", "error"},
        {"a | # b", "error"},
        {"a >", "error"},
        {"a >; b", "error"},
        {"a >&2", "error"},
        {"a > f | b", "error"},
        {"a &", "a{a}"},
        {"a 'b  c' \t& d", "a|b  c{a 'b  c'}/d"},
        {"x; a b &;c &\nd", "x/a|b{a b}/c{c}/d"},
        {"a & # why", "a{a}"},
        {"a b&", "a|b&"},
        {"a &b", "a|&b"},
        {"a '&' \\& x?a=1&b=2", "a|&|&|x?a=1&b=2"},
        {"", ""},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        bool incomplete = true;
        char *got = shape(cases[i][0], &incomplete);
        assert_string_equal(got, cases[i][1]);
        assert_false(incomplete);
        free(got);
    }
}

static void incomplete_lines_want_another(void **state)
{
    (void)state;
    static const char *const cases[] = {"a 'b", "a \"b", "a 'b\nc", "a \\", "'"};
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        bool incomplete = false;
        char *got = shape(cases[i], &incomplete);
        assert_string_equal(got, "error");
        assert_true(incomplete);
        free(got);
    }
}

static void completion_knows_the_word_begun(void **state)
{
    (void)state;
    static const struct {
        const char *text, *last;
        size_t words, start;
        char quote;
        enum redirect_kind kind;
    } cases[] = {
        {"mig", "mig", 1, 0, 0},
        {"migrate ", "", 2, 8, 0},
        {"list; dom", "dom", 1, 6, 0},
        {"a 'b c", "b c", 2, 2, '\''},
        {"a b\\ c", "b c", 2, 2, 0},
        {"", "", 1, 0, 0},
        {"a --x=\"q", "--x=q", 2, 2, '"'},
        {"a > 'f x", "f x", 2, 4, '\'', REDIRECT_FILE},
        {"a | b ~/d", "~/d", 2, 6, 0, REDIRECT_PIPE},
        {"a | b ", "", 2, 6, 0, REDIRECT_PIPE},
        {"a > f --x", "--x", 2, 6, 0},
        {"a | b; c", "c", 1, 7, 0},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct strv words = STRV_INIT;
        size_t start;
        char quote;
        enum redirect_kind kind = parse_for_completion(cases[i].text, strlen(cases[i].text), &words, &start, &quote);
        assert_int_equal(kind, cases[i].kind);
        assert_int_equal(words.n, cases[i].words);
        assert_string_equal(words.s[words.n - 1], cases[i].last);
        assert_int_equal(start, cases[i].start);
        assert_int_equal(quote, cases[i].quote);
        strv_release(&words);
    }
}

static bool is_itself(const char *word)
{
    _cleanup_free_ char *line = xasprintf("a %s", word), *wanted = xasprintf("a|%s", word), *got = shape(line, NULL);
    return strcmp(got, wanted) == 0;
}

// Whoever quotes asks parse_is_special(): the parser has to agree.
static void special_characters_are_those_that_the_parser_takes(void **state)
{
    (void)state;
    for (int c = 1; c < 0x80; c++) {
        char alone[] = {(char)c, '\0'}, within[] = {'x', (char)c, 'x', '\0'};
        assert_int_equal(parse_is_special((char)c, true), !is_itself(alone));
        assert_int_equal(parse_is_special((char)c, false), !is_itself(within));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(complete_lines_become_words),
                                       cmocka_unit_test(incomplete_lines_want_another),
                                       cmocka_unit_test(special_characters_are_those_that_the_parser_takes),
                                       cmocka_unit_test(completion_knows_the_word_begun)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
