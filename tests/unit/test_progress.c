// SPDX-License-Identifier: GPL-3.0-or-later
// ui/progress and ui/out_plain: bars, cuts by columns, and how often a pipe is told.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strv.h"
#include "ui/out_plain.h"
#include "ui/progress.h"

static void clips_by_columns(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int width;
        const char *wanted;
    } cases[] = {
        {"plain", 10, "plain"},
        {"plain", 3, "pla"},
        {"plain", 0, ""},
        {"a\nb\tc", 9, "a b\\x09c"},
        {"l\xc3\xa4nge", 2, "l\xc3\xa4"},
        {"\xe6\x97\xa5\xe6\x9c\xac", 3, "\xe6\x97\xa5"}, // two columns each: half of one does not fit
        {"\x1b[2J", 9, "\\x1b[2J"},
        {"a\xff"
         "b",
         2, "a\\"}, // shown as \xff, which does not fit
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct buf b = BUF_INIT;
        progress_clip(cases[i].text, cases[i].width, &b);
        assert_string_equal(buf_str(&b), cases[i].wanted);
        buf_release(&b);
    }
}

static void draws_bars(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        int width;
        const char *wanted;
    } cases[] = {
        {"{'job':'j','text':'t','percent':0}", 80, "[>                       ]   0 %  t"},
        {"{'job':'j','text':'t','percent':100}", 80, "[========================] 100 %  t"},
        {"{'job':'j','text':'t','percent':250}", 80, "[========================] 100 %  t"},
        {"{'job':'j','text':'t','percent':50}", 40, " 50 %  t"},
        {"{'job':'j','text':'t'}", 80, "t"},
        {"{'job':'j'}", 80, "j"},
        {"{'job':'j','text':'t','detail':'d','domain':'g','percent':50}", 30, " 50 %  g: d"},
        {"{}", 80, ""},
        {"{'job':'j','text':'0123456789','percent':50}", 12, " 50 %  01234"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        char *text = xstrdup(cases[i].value);
        for (char *c = text; *c; c++)
            *c = *c == '\'' ? '"' : *c;
        json_t *v = json_loads(text, 0, NULL);
        assert_non_null(v);
        struct buf b = BUF_INIT;
        progress_line(v, cases[i].width, &b);
        assert_string_equal(buf_str(&b), cases[i].wanted);
        for (int width = 0; width < 60; width++) {
            buf_truncate(&b, 0);
            progress_line(v, width, &b);
            assert_true(str_columns(buf_str(&b)) <= (size_t)width);
        }
        buf_release(&b);
        json_decref(v);
        free(text);
    }
}

// What reaches standard error (or output) while `fn` runs.
static char *caught(int fd, FILE *stream, void (*fn)(const struct out_ops *ops), const struct out_style *style)
{
    char *text = xcalloc(4096, 1);
    int pipe_fds[2], saved = dup(fd);
    assert_int_equal(pipe(pipe_fds), 0);
    fflush(stream);
    dup2(pipe_fds[1], fd);
    close(pipe_fds[1]);
    fn(out_plain(style));
    fflush(stream);
    dup2(saved, fd);
    close(saved);
    assert_true(read(pipe_fds[0], text, 4095) >= 0);
    close(pipe_fds[0]);
    return text;
}

static void steps(const struct out_ops *ops)
{
    for (int i = 0; i <= 50; i++) {
        char *text = xasprintf("step %d", i);
        json_t *a = json_pack("{s:s, s:s, s:s}", "job", "migrate", "domain", "a", "text", text);
        json_t *b = json_pack("{s:s, s:s, s:s}", "job", "migrate", "domain", "b", "text", text);
        ops->progress(a, i == 50);
        if (i < 2)
            ops->progress(b, i == 1);
        json_decref(a);
        json_decref(b);
        free(text);
    }
}

static void pipes_are_told_of_the_first_and_the_last(void **state)
{
    (void)state;
    char *got = caught(STDERR_FILENO, stderr, steps, &(struct out_style){0});
    assert_string_equal(got, "step 0\nstep 0\nstep 1\nstep 50\n");
    free(got);
    got = caught(STDERR_FILENO, stderr, steps, &(struct out_style){.quiet = true});
    assert_string_equal(got, "");
    free(got);
}

static void notice(const struct out_ops *ops)
{
    ops->notice(OUT_WARN, "bad \xff byte");
}

static void json_lines_hold_any_bytes(void **state)
{
    (void)state;
    char *got = caught(STDOUT_FILENO, stdout, notice, &(struct out_style){.json = true});
    json_t *v = json_loads(got, 0, NULL);
    assert_non_null(v);
    assert_string_equal(json_string_value(json_object_get(v, "level")), "warn");
    assert_non_null(strstr(json_string_value(json_object_get(v, "text")), "bad "));
    json_decref(v);
    free(got);
}

int main(void)
{
    if (!setlocale(LC_CTYPE, "C.UTF-8"))
        return 77;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clips_by_columns),
        cmocka_unit_test(draws_bars),
        cmocka_unit_test(pipes_are_told_of_the_first_and_the_last),
        cmocka_unit_test(json_lines_hold_any_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
