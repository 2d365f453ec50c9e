// SPDX-License-Identifier: GPL-3.0-or-later
// cmd/engine/jobs: lines that run beside each other on libvirt's test driver, and who waits for them. Also built with
// ThreadSanitizer.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_that_began_is_waited_for),
        cmocka_unit_test(what_lasts_is_cancelled_and_its_waiter_told),
        cmocka_unit_test(who_waits_can_give_up),
    };
    struct err e = ERR_INIT;
    commands_register();
    if (loop_init(&e) < 0)
        return 1;
    ctx = ctx_new(NULL);
    ctx_set_current(ctx, NULL, "test:///default");
    jobs_init();
    jobs_set_prompt(ended, NULL);
    int rc = cmocka_run_group_tests(tests, NULL, NULL);
    ctx_free(ctx);
    return rc;
}
