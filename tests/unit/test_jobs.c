// SPDX-License-Identifier: GPL-3.0-or-later
// cmd/engine/jobs: lines that run beside each other on libvirt's test driver, and who waits for them. Also built with
// ThreadSanitizer.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "cmd/commands.h"
#include "cmd/engine/jobs.h"
#include "core/console/out.h"
#include "io/job.h"
#include "io/loop.h"

static struct ctx *ctx;
static int lines_left, last_status;
static struct running *sent; // behind, by a test

static void ended(struct running *it, bool in_front, int status, bool quit, void *data)
{
    (void)data;
    assert_false(quit);
    if (it == sent || in_front)
        lines_left--;
    if (in_front)
        last_status = status;
}

static int last_number(void)
{
    json_t *all = jobs_list(true);
    int number = (int)json_integer_value(json_object_get(json_array_get(all, json_array_size(all) - 1), "number"));
    json_decref(all);
    return number;
}

// The status of a line that runs in front.
static int run(const char *text)
{
    const struct batch_opts opts = {.prompt = true};
    lines_left = 1;
    jobs_run(ctx, text, &opts);
    while (lines_left)
        loop_run_once();
    return last_status;
}

static void all_that_began_is_waited_for(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        assert_int_equal(run("domstate test & dominfo test & domid test & list & wait"), 0);
        assert_int_equal(run("domstate test & domstate nosuch & list & wait; domid nosuch"), 3);
    }
    assert_int_equal(run("wait"), 0);
    assert_int_equal(run("wait 1 2 3"), 0);
    assert_int_equal(run("wait 6"), 3); // once more, by its number
    assert_int_equal(run("wait 36"), 3);
    assert_int_equal(jobs_count(), 0);
    assert_int_equal(jobs_left_status(), 0);
}

static void what_lasts_is_cancelled_and_its_waiter_told(void **state)
{
    (void)state;
    assert_int_equal(run("event --all --loop & wait & jobs"), 0); // 36 and 37
    assert_int_equal(jobs_count(), 2);
    assert_int_equal(run("cancel"), 2); // which?
    assert_int_equal(run("cancel %36; wait"), 0);
    assert_int_equal(run("cancel 36"), 10);
    assert_int_equal(jobs_count(), 0);
}

static void who_waits_can_give_up(void **state)
{
    (void)state;
    const struct batch_opts opts = {.prompt = true};
    assert_int_equal(run("event --all --loop &"), 0); // 38
    lines_left = 2;
    sent = jobs_run(ctx, "wait 38", &opts);
    jobs_send_behind(sent);
    assert_int_equal(jobs_number(sent), 39);
    jobs_cancel(sent);
    lines_left = 1;
    while (lines_left)
        loop_run_once();
    sent = NULL;
    assert_int_equal(jobs_count(), 1);
    assert_int_equal(jobs_cancel_all(), 1);
    assert_int_equal(jobs_cancel_all(), 0);
    assert_int_equal(run("wait"), 0); // not of 39: its end was told before this line was typed
    assert_int_equal(run("wait 39"), 130);
    assert_int_equal(jobs_count(), 0);
}

static void write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

// At each moment between the typed line and the first command of the file.
static void a_file_of_commands_is_cancelled_before_it_begins(void **state)
{
    (void)state;
    char dir[] = "/tmp/migsh-test-jobs.XXXXXX";
    assert_non_null(mkdtemp(dir));
    _cleanup_free_ char *path = xasprintf("%s/f", dir), *line = xasprintf("source %s/f; domid test", dir);
    write_file(path, "domid nosuch\n");
    assert_int_equal(run(line), 3);
    const struct batch_opts opts = {.prompt = true};
    for (int turns = 0; turns < 4; turns++) {
        lines_left = 1;
        struct running *it = jobs_run(ctx, line, &opts);
        for (int i = 0; i < turns; i++)
            loop_drain();
        jobs_cancel(it);
        while (lines_left)
            loop_run_once();
        assert_int_equal(last_status, 130);
    }
    unlink(path);
    rmdir(dir);
}

static int sources_done, source_status;

static void source_done(int status, bool quit, void *data)
{
    (void)quit;
    (void)data;
    sources_done++;
    source_status = status;
}

static void a_source_that_is_cancelled_twice_ends_once(void **state)
{
    (void)state;
    const struct batch_opts opts = {0};
    for (int fd_too = 0; fd_too < 2; fd_too++) {
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        sources_done = 0;
        struct source *s = fd_too ? source_fd(ctx, ends[0], &opts, source_done, NULL)
                                  : source_text(ctx, "domid test\n", &opts, source_done, NULL);
        source_cancel(s);
        source_cancel(s);
        close(ends[1]); // the end of the input comes as well
        loop_run_once();
        for (int i = 0; i < 4; i++)
            loop_drain();
        assert_int_equal(sources_done, 1);
        assert_int_equal(source_status, 130);
        close(ends[0]);
    }
}

// A line that was behind once has a number as those that still are.
static void a_line_without_a_number_does_not_choose_itself(void **state)
{
    (void)state;
    const struct batch_opts opts = {.prompt = true};
    static const char *const commands[] = {"fg", "cancel"};
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
        _cleanup_err_ struct err e = ERR_INIT;
        json_t *cancelled = NULL;
        assert_int_equal(run("event --all --loop &"), 0);
        _cleanup_free_ char *lasts = xasprintf("%d", last_number()),
                            *line = xasprintf("wait %s; %s", lasts, commands[i]);
        struct running *it = jobs_run(ctx, line, &opts);
        jobs_send_behind(it);
        _cleanup_free_ char *fg = xasprintf("fg %d", jobs_number(it));
        assert_int_equal(run(fg), 0);
        assert_ptr_equal(jobs_take_wanted(), it);
        lines_left = 1;
        assert_int_equal(jobs_cancel_named(lasts, &cancelled, &e), 0);
        json_decref(cancelled);
        while (lines_left)
            loop_run_once();
        assert_int_equal(last_status, 3);
        assert_int_equal(jobs_count(), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_that_began_is_waited_for),
        cmocka_unit_test(what_lasts_is_cancelled_and_its_waiter_told),
        cmocka_unit_test(who_waits_can_give_up),
        cmocka_unit_test(a_file_of_commands_is_cancelled_before_it_begins),
        cmocka_unit_test(a_source_that_is_cancelled_twice_ends_once),
        cmocka_unit_test(a_line_without_a_number_does_not_choose_itself),
    };
    struct err e = ERR_INIT;
    commands_register();
    if (loop_init(&e) < 0)
        return 1;
    ctx = ctx_new(NULL);
    ctx_set_current(ctx, NULL, "test:///default");
    jobs_init();
    source_init();
    jobs_set_prompt(ended, NULL);
    int rc = cmocka_run_group_tests(tests, NULL, NULL);
    ctx_free(ctx);
    return rc;
}
