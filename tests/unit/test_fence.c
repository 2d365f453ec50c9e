// SPDX-License-Identifier: GPL-3.0-or-later
// core/fence's judgement of copies that came up at the same moment, and core/saved's of a managed save beside its
// disks.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/mem.h"
#include "core/guest/fence.h"
#include "core/guest/saved.h"
#include "core/guest/serial.h"

static const struct copy_answer off = {.err = ERR_INIT}, running = {.state = "running", .reason = "booted"},
                                running_first = {.state = "running", .reason = "booted", .first = true},
                                paused = {.state = "paused", .reason = "user"},
                                paused_first = {.state = "paused", .reason = "user", .first = true},
                                ending = {.state = "in shutdown", .reason = "user", .first = true},
                                silent = {.err = {ERR_TIMEOUT, NULL, NULL}};

static void says(enum fence_verdict want, bool force, struct copy_answer a, struct copy_answer b)
{
    struct copy_answer both[] = {a, b}, turned[] = {b, a};
    assert_int_equal(fence_judge(&(struct copies){both, 2}, force), want);
    assert_int_equal(fence_judge(&(struct copies){turned, 2}, force), want);
}

static void the_fence_lets_one_go_on(void **state)
{
    (void)state;
    says(FENCE_FREE, false, off, off);
    says(FENCE_WAIT, false, off, paused); // this one is the first
    says(FENCE_YIELD, false, off, paused_first);
    says(FENCE_YIELD, false, paused, paused_first);
    says(FENCE_YIELD, false, off, running); // whoever is the first
    says(FENCE_YIELD, false, paused, running_first);
    says(FENCE_WAIT, false, off, ending); // taken back, it may be
    says(FENCE_YIELD, false, ending, running);
    says(FENCE_YIELD, false, off, silent);
    says(FENCE_YIELD, false, paused, silent);
    says(FENCE_FREE, true, off, silent);
    says(FENCE_WAIT, true, paused, silent);
    says(FENCE_YIELD, true, running, silent); // --force is not for a copy that is there
    assert_int_equal(fence_judge(&(struct copies){NULL, 0}, false), FENCE_FREE);
}

// Two hosts that judge each other: never does each take the other for gone, or both go on.
static void two_sides_never_both_go_on(void **state)
{
    (void)state;
    const struct copy_answer *seen[] = {&off, &paused, &running};
    for (size_t i = 0; i < ARRAY_SIZE(seen); i++) {
        struct copy_answer low = *seen[i], high = *seen[i];
        low.first = true; // as the host behind sees the first
        enum fence_verdict on_first = fence_judge(&(struct copies){&high, 1}, false);
        enum fence_verdict on_second = fence_judge(&(struct copies){&low, 1}, false);
        assert_true(seen[i] == &off || (on_first != FENCE_FREE && on_second == FENCE_YIELD));
    }
}

static void save(const char *rows, bool known, bool ran, const char *disk)
{
    struct saved s;
    json_t *v = json_loads(rows, 0, NULL);
    assert_non_null(v);
    assert_int_equal(saved_judge(v, &s), known);
    assert_int_equal(s.was_running, ran);
    assert_int_equal(s.told, known && strstr(rows, "was_running"));
    assert_string_equal(s.disk ? s.disk : s.unseen ? s.unseen : "", disk);
    saved_release(&s);
    json_decref(v);
}

#define SAVE "{\"kind\": \"save\", \"type\": \"file\", \"path\": \"/s\", \"mtime\": 100}"
#define DISK(path, more) "{\"kind\": \"disk\", \"type\": \"file\", \"path\": \"" path "\", " more "}"

static void a_disk_written_after_the_save_is_found(void **state)
{
    (void)state;
    save("[" SAVE "," DISK("/a", "\"mtime\": 101") "]", true, true, ""); // whole seconds, and another clock
    save("[" SAVE "," DISK("/a", "\"mtime\": 102") "]", true, true, "/a");
    save("[" DISK("/a", "\"mtime\": 400") "," SAVE "," DISK("/b", "\"mtime\": 500") "]", true, true, "/b");
    // what the guest does not write to, what has no such time, what only backs it
    save("[" SAVE "," DISK("/a", "\"mtime\": 500, \"readonly\": true") "]", true, true, "");
    save("[" SAVE "," DISK("/dev/a", "\"mtime\": 500") "]", true, true, "");
    save("[" SAVE "," DISK("/a", "\"mtime\": null, \"exists\": false") "]", true, true, "");
    save("[" SAVE ", {\"kind\": \"disk\", \"type\": \"block\", \"path\": \"/dev/a\", \"mtime\": 500}]", true, true, "");
    save("[" SAVE ", {\"kind\": \"backing\", \"type\": \"file\", \"path\": \"/a\", \"mtime\": 500}]", true, true, "");
    // what nobody has seen is not older
    save("[" SAVE "," DISK("/a", "\"mtime\": null") "]", true, true, "/a");
    save("[" SAVE "," DISK("/a", "\"mtime\": null, \"exists\": true") "]", true, true, "/a");
    save("[" SAVE ", {\"kind\": \"disk\", \"type\": \"volume\", \"volume\": \"v\"}]", true, true, "v");
    save("[{\"kind\": \"save\", \"path\": \"/s\", \"mtime\": 100, \"was_running\": false}]", true, false, "");
    save("[{\"kind\": \"save\", \"path\": \"/s\", \"mtime\": 100, \"was_running\": true}]", true, true, "");
    save("[" DISK("/a", "\"mtime\": 500") "]", false, true, "");
    save("[{\"kind\": \"save\", \"path\": \"/s\", \"mtime\": null}]", false, true, "");
}

static void an_escape_is_a_character(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int want; // -1: none
    } cases[] = {{"^]", 0x1d}, {"^a", 1}, {"^A", 1}, {"^^", 0x1e}, {"^@", 0},  {"~", '~'},
                 {"x", 'x'},   {"", -1},  {"^", -1}, {"^]]", -1},  {"ab", -1}, {"^1", -1}};
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        _cleanup_err_ struct err e = ERR_INIT;
        char c = '?';
        int r = serial_escape(cases[i].text, &c, &e);
        assert_int_equal(r < 0 ? -1 : c, cases[i].want);
        assert_int_equal(e.code, r < 0 ? ERR_USAGE : ERR_NONE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_fence_lets_one_go_on), cmocka_unit_test(two_sides_never_both_go_on),
        cmocka_unit_test(a_disk_written_after_the_save_is_found), cmocka_unit_test(an_escape_is_a_character)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
