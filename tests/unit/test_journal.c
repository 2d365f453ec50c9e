// SPDX-License-Identifier: GPL-3.0-or-later
// Journals: written, read, locked, cut off at every byte, damaged.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/strv.h"
#include "core/journal/journal.h"
#include "io/file.h"
#include "io/file_trusted.h"
#include "io/local.h"

static char state_dir[] = "/tmp/migsh-journal.XXXXXX";

static int set_up_journals(void **state)
{
    (void)state;
    return mkdtemp(state_dir) && setenv("XDG_STATE_HOME", state_dir, 1) == 0 ? 0 : -1;
}

static int tear_down_journals(void **state)
{
    (void)state;
    char *rm = xasprintf("rm -r %s", state_dir);
    struct remote_exec spec = {.command = rm};
    struct remote_result result = REMOTE_RESULT_INIT;
    struct err e = ERR_INIT;
    int r = local_exec(NULL, &spec, &result, &e);
    remote_result_release(&result);
    free(rm);
    return r;
}

static char *path_of(const char *id)
{
    return xasprintf("%s/migsh/journal/%s.jsonl", state_dir, id);
}

// A journal of three steps; the id is freed by the caller.
static char *make_journal(void)
{
    struct journal *j;
    struct err e = ERR_INIT;
    json_t *about = json_pack("{s:s}", "text", "\xc3\xa9 \"quoted\"\n");
    unsigned step;
    assert_int_equal(journal_create("test-it", about, &j, &e), 0);
    for (unsigned i = 1; i <= 3; i++) {
        assert_int_equal(journal_intent(j, "edit", about, &step, &e), 0);
        assert_int_equal(step, i);
        assert_int_equal(journal_outcome(j, step, i == 2 ? STEP_FAILED : STEP_DONE, i == 2 ? about : NULL, &e), 0);
    }
    assert_int_equal(journal_get_state(j), JOURNAL_RUNNING);
    assert_int_equal(journal_end(j, JOURNAL_FAILED, NULL, &e), 0);
    char *id = xstrdup(journal_id(j));
    journal_close(j);
    json_decref(about);
    return id;
}

static void records_come_back_in_order(void **state)
{
    (void)state;
    char *id = make_journal(), *path = path_of(id);
    struct err e = ERR_INIT;
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    char *dir = xasprintf("%s/migsh/journal", state_dir);
    assert_int_equal(stat(dir, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    free(dir);
    struct journal *j, *second;
    assert_int_equal(journal_open(id, true, &j, &e), 0);
    assert_int_equal(journal_steps(j), 3);
    assert_string_equal(journal_command(j), "test-it");
    struct journal_step s = journal_step_at(j, 1);
    assert_int_equal(s.state, STEP_FAILED);
    assert_string_equal(json_string_value(json_object_get(s.outcome, "text")), "\xc3\xa9 \"quoted\"\n");
    // One writer at a time; readers see that there is one.
    assert_int_equal(journal_open(id, true, &second, &e), -1);
    assert_int_equal(e.code, ERR_STATE);
    err_release(&e);
    assert_int_equal(journal_open(id, false, &second, &e), 0);
    assert_int_equal(journal_get_state(second), JOURNAL_RUNNING);
    journal_close(second);
    unsigned step;
    assert_int_equal(journal_intent(j, "copy", NULL, &step, &e), 0);
    assert_int_equal(step, 4);
    journal_close(j); // without a word
    assert_int_equal(journal_open(id, false, &j, &e), 0);
    assert_int_equal(journal_get_state(j), JOURNAL_INTERRUPTED);
    assert_int_equal(journal_step_at(j, 3).state, STEP_INTENT);
    journal_close(j);
    struct strv ids = STRV_INIT;
    assert_int_equal(journal_list("test-it", &ids, &e), 0);
    assert_true(strv_has(&ids, id));
    assert_int_equal(journal_list("test", &ids, &e), 0);
    assert_int_equal(ids.n, 1); // another command's, though the name begins alike
    strv_release(&ids);
    static const char *const bad[] = {"", "../x", "nothing", ".x"};
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        assert_int_equal(journal_open(bad[i], false, &j, &e), -1);
        err_release(&e);
    }
    assert_int_equal(journal_create("empty", NULL, &j, &e), 0);
    char *empty = path_of(journal_id(j));
    journal_discard(j);
    assert_int_equal(access(empty, F_OK), -1);
    free(empty);
    free(id);
    free(path);
}

// Who holds what: a running journal, and an unfinished one that has begun a step.
static void what_is_held_cannot_be_begun_again(void **state)
{
    (void)state;
    struct err e = ERR_INIT;
    json_t *about = json_pack("{s:s}", "lock", "domain:a"), *other = json_pack("{s:s}", "lock", "domain:b");
    struct journal *j, *second;
    unsigned step;
    assert_int_equal(journal_create("lock-it", about, &j, &e), 0);
    assert_int_equal(journal_create("lock-it", about, &second, &e), -1);
    assert_int_equal(e.code, ERR_STATE);
    assert_non_null(strstr(e.msg, journal_id(j)));
    err_release(&e);
    assert_int_equal(journal_create("lock-it", other, &second, &e), 0);
    journal_discard(second);
    journal_close(j); // it never began a step
    assert_int_equal(journal_create("lock-it", about, &j, &e), 0);
    assert_int_equal(journal_intent(j, "x", NULL, &step, &e), 0);
    assert_true(journal_is_id(journal_id(j)));
    assert_false(journal_is_id("20261121-041914.120-x"));
    assert_false(journal_is_id("share"));
    char *id = xstrdup(journal_id(j));
    journal_close(j);
    assert_int_equal(journal_create("another", about, &second, &e), -1);
    assert_non_null(strstr(e.hint, "rollback"));
    err_release(&e);
    assert_int_equal(journal_open(id, true, &j, &e), 0);
    assert_int_equal(journal_found(j), JOURNAL_INTERRUPTED);
    assert_int_equal(journal_end(j, JOURNAL_REVERTED, NULL, &e), 0);
    assert_int_equal(journal_found(j), JOURNAL_REVERTED);
    journal_close(j);
    assert_int_equal(journal_create("another", about, &second, &e), 0);
    journal_discard(second);
    free(id);
    json_decref(about);
    json_decref(other);
}

// An unreadable journal holds what its head names, and anything if it has no head; until it is set aside.
static void unreadable_journals_hold(void **state)
{
    (void)state;
    struct err e = ERR_INIT;
    json_t *about = json_pack("{s:s}", "lock", "domain:a"), *other = json_pack("{s:s}", "lock", "domain:b");
    struct journal *j, *second;
    unsigned step;
    assert_int_equal(journal_create("damaged", about, &j, &e), 0);
    assert_int_equal(journal_intent(j, "x", NULL, &step, &e), 0);
    assert_int_equal(journal_intent(j, "y", NULL, &step, &e), 0);
    char *id = xstrdup(journal_id(j)), *path = path_of(id), *text, *aside;
    journal_close(j);
    size_t len;
    assert_int_equal(file_read(path, 1 << 20, &text, &len, &e), 0);
    char *second_line = strchr(text, '\n') + 1;
    second_line[5] ^= 1;
    assert_int_equal(file_replace(path, text, len, 0600, &e), 0);
    assert_int_equal(journal_create("lock-it", about, &second, &e), -1); // its head names the same
    assert_int_equal(e.code, ERR_STATE);
    assert_non_null(strstr(e.msg, path));
    assert_non_null(strstr(e.hint, "--forget"));
    err_release(&e);
    assert_int_equal(journal_create("lock-it", other, &second, &e), 0); // and not this
    journal_discard(second);
    assert_int_equal(journal_create("lock-it", NULL, &second, &e), 0); // what holds nothing may always begin
    journal_discard(second);
    text[5] ^= 1;
    assert_int_equal(file_replace(path, text, len, 0600, &e), 0);
    assert_int_equal(journal_create("lock-it", other, &second, &e), -1); // nobody can tell what it names
    err_release(&e);
    assert_int_equal(file_replace(path, "", 0, 0600, &e), 0);
    assert_int_equal(journal_create("lock-it", other, &second, &e), -1);
    err_release(&e);
    assert_int_equal(journal_set_aside(id, &aside, &e), 0);
    assert_int_equal(access(aside, F_OK), 0);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(journal_create("lock-it", other, &second, &e), 0);
    assert_int_equal(journal_set_aside(journal_id(second), &aside, &e), -1); // it can be read
    assert_int_equal(e.code, ERR_STATE);
    err_release(&e);
    journal_discard(second);
    unlink(aside);
    free(aside);
    free(text);
    free(path);
    free(id);
    json_decref(about);
    json_decref(other);
}

// A journal whose head could not be written is not left behind, under any name.
static void no_empty_journal(void **state)
{
    (void)state;
    struct err e = ERR_INIT;
    struct journal *j;
    struct strv before = STRV_INIT, after = STRV_INIT;
    assert_int_equal(journal_create("first", NULL, &j, &e), 0); // makes the directory
    journal_discard(j);
    assert_int_equal(journal_list(NULL, &before, &e), 0);
    struct rlimit old, none;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    none = old;
    none.rlim_cur = 0;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
    int r = journal_create("full", NULL, &j, &e);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_int_equal(r, -1);
    err_release(&e);
    assert_int_equal(journal_list(NULL, &after, &e), 0);
    assert_int_equal(before.n, after.n);
    char *find = xasprintf("find %s -name '*-full-*' | grep .", state_dir);
    struct remote_exec spec = {.command = find};
    struct remote_result result = REMOTE_RESULT_INIT;
    assert_int_equal(local_exec(NULL, &spec, &result, &e), 0);
    assert_int_equal(result.status, 1);
    remote_result_release(&result);
    free(find);
    strv_release(&before);
    strv_release(&after);
}

// Cut off at every byte: whole records count, the rest is ignored, and the journal can be gone on with.
static void a_journal_cut_anywhere_goes_on(void **state)
{
    (void)state;
    char *id = make_journal(), *path = path_of(id), *text;
    size_t len, records = 0;
    struct err e = ERR_INIT;
    assert_int_equal(file_read(path, 1 << 20, &text, &len, &e), 0);
    for (size_t n = 0; n <= len; n++) {
        if (n && text[n - 1] == '\n')
            records++;
        assert_int_equal(file_replace(path, text, n, 0600, &e), 0);
        struct journal *j;
        int r = journal_open(id, true, &j, &e);
        assert_int_equal(r, records ? 0 : -1);
        if (r < 0) {
            err_release(&e);
            continue;
        }
        size_t steps = records == 8 ? 3 : records / 2; // a begin, three times two, an end
        assert_int_equal(journal_steps(j), steps);
        unsigned step;
        assert_int_equal(journal_intent(j, "again", NULL, &step, &e), 0);
        journal_close(j);
        assert_int_equal(journal_open(id, false, &j, &e), 0);
        assert_int_equal(journal_steps(j), steps + 1);
        assert_string_equal(journal_step_at(j, steps).name, "again");
        journal_close(j);
    }
    assert_int_equal(records, 8);
    // A byte changed in the middle is damage, in the last line (or the newline before it) it
    // is a record that was never finished.
    for (size_t n = 0; n < len; n += 7) {
        char *bad = xstrndup(text, len);
        bad[n] ^= 1;
        assert_int_equal(file_replace(path, bad, len, 0600, &e), 0);
        struct journal *j;
        const char *last = text + len - 1;
        while (last > text && last[-1] != '\n')
            last--;
        int r = journal_open(id, false, &j, &e);
        assert_int_equal(r, text + n + 1 >= last ? 0 : -1);
        if (r == 0)
            journal_close(j);
        else
            assert_int_equal(e.code, ERR_IO);
        err_release(&e);
        free(bad);
    }
    free(text);
    free(id);
    free(path);
}

static void any_bytes_are_kept(void **state)
{
    (void)state;
    static const char *const cases[] = {"", "plain", "\xff\xfe", "caf\xe9\n", "\xc3\xa9"};
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        json_t *v = journal_bytes(cases[i], strlen(cases[i]));
        char *back;
        size_t n;
        assert_int_equal(journal_bytes_get(v, &back, &n), 0);
        assert_int_equal(n, strlen(cases[i]));
        assert_memory_equal(back, cases[i], n);
        free(back);
        json_decref(v);
    }
    char *back;
    size_t n;
    assert_int_equal(journal_bytes_get(NULL, &back, &n), -1);
    json_t *bad = json_pack("{s:s}", "hex", "0g");
    assert_int_equal(journal_bytes_get(bad, &back, &n), -1);
    json_decref(bad);
}

// The order in which journals were made is that of their ids, whatever the clock was told meanwhile; and one that is
// not ours tells nobody what to do.
static void ids_tell_the_order(void **state)
{
    (void)state;
    struct err e = ERR_INIT;
    struct strv ids = STRV_INIT;
    char *first = make_journal(), *from = path_of(first), *to = path_of("29991231-235959.999-test-it-000001");
    assert_int_equal(rename(from, to), 0); // made while the clock was far ahead
    char *second = make_journal(), *third = make_journal();
    assert_int_equal(journal_list("test-it", &ids, &e), 0);
    assert_true(ids.n >= 3);
    assert_string_equal(ids.s[ids.n - 3], "29991231-235959.999-test-it-000001");
    assert_string_equal(ids.s[ids.n - 2], second);
    assert_string_equal(ids.s[ids.n - 1], third);
    strv_release(&ids);
    unlink(to);

    char *path = path_of(third);
    struct journal *j;
    assert_int_equal(chmod(path, 0620), 0);
    assert_int_equal(journal_open(third, false, &j, &e), -1);
    assert_int_equal(e.code, ERR_UNSAFE);
    err_release(&e);
    assert_int_equal(chmod(path, 0600), 0);
    if (geteuid() == 0) {
        assert_int_equal(chown(path, 65534, 65534), 0);
        for (int write = 0; write < 2; write++) {
            assert_int_equal(journal_open(third, write, &j, &e), -1);
            assert_int_equal(e.code, ERR_UNSAFE);
            assert_non_null(strstr(e.msg, "belongs to uid 65534"));
            err_release(&e);
        }
    }
    unlink(path);
    char *other = path_of(second);
    assert_int_equal(symlink(other, path), 0);
    assert_int_equal(journal_open(third, false, &j, &e), -1);
    assert_int_equal(e.code, ERR_UNSAFE);
    err_release(&e);
    unlink(path);
    unlink(other);
    char *all[] = {first, from, to, second, third, path, other};
    for (size_t i = 0; i < ARRAY_SIZE(all); i++)
        free(all[i]);
}

// Names come from recipes, and from nodes through them.
static void foreign_names_are_no_journals(void **state)
{
    (void)state;
    struct err e = ERR_INIT;
    struct journal *j;
    unsigned step;
    assert_int_equal(journal_create("test-it", NULL, &j, &e), 0);
    assert_int_equal(journal_intent(j, "bad \xff\xc3 name", NULL, &step, &e), 0);
    assert_string_equal(journal_step_at(j, 0).name, "bad \xef\xbf\xbd\xef\xbf\xbd name");
    char *path = path_of(journal_id(j));
    unlink(path);
    free(path);
    journal_close(j);
}

// A program here that is deaf to SIGTERM does not hold the console up for ever.
static void a_deaf_process_is_ended(void **state)
{
    (void)state;
    struct err e = ERR_INIT;
    struct remote_exec spec = {.command = "trap '' TERM; while :; do sleep 1; done", .timeout_ms = 100};
    struct remote_result result = REMOTE_RESULT_INIT;
    alarm(60);
    assert_int_equal(local_exec(NULL, &spec, &result, &e), -1);
    alarm(0);
    assert_int_equal(e.code, ERR_TIMEOUT);
    assert_string_equal(result.signal, "KILL");
    remote_result_release(&result);
    err_release(&e);
}

// What an end keeps stays until another keeps something, and leaves the journal ended.
static void an_end_keeps_something(void **state)
{
    (void)state;
    char *id = make_journal(); // failed, and nothing kept
    struct err e = ERR_INIT;
    struct journal *j;
    json_t *kept = json_pack("{s:i}", "n", 1);
    assert_int_equal(journal_open(id, true, &j, &e), 0);
    assert_null(journal_kept(j));
    for (int i = 1; i <= 2; i++) {
        json_object_set_new(kept, "n", json_integer(i));
        assert_int_equal(journal_end(j, JOURNAL_DONE, kept, &e), 0);
        assert_int_equal(json_integer_value(json_object_get(journal_kept(j), "n")), i);
    }
    assert_int_equal(journal_end(j, JOURNAL_REVERTED, NULL, &e), 0);
    journal_close(j);
    assert_int_equal(journal_open(id, false, &j, &e), 0);
    assert_int_equal(json_integer_value(json_object_get(journal_kept(j), "n")), 2);
    assert_int_equal(journal_found(j), JOURNAL_REVERTED);
    struct journal_step s = journal_step_at(j, 2);
    assert_true(s.begun >= journal_time(j) && s.ended >= s.begun);
    journal_close(j);
    json_decref(kept);
    free(id);
}

// A journal of a workflow whose steps are long; ended as told, or not at all.
static char *make_workflow(bool workflow, int end)
{
    struct journal *j;
    struct err e = ERR_INIT;
    unsigned step;
    json_t *about = json_pack("{s:b}", "workflow", workflow), *much = json_array();
    for (int i = 0; i < 10000; i++)
        json_array_append_new(much, json_integer(i));
    assert_int_equal(journal_create("test-it", about, &j, &e), 0);
    assert_int_equal(journal_intent(j, "copy", much, &step, &e), 0);
    assert_int_equal(journal_outcome(j, step, STEP_DONE, end < 0 ? much : NULL, &e), 0);
    if (end >= 0)
        assert_int_equal(journal_end(j, (enum journal_state)end, NULL, &e), 0);
    char *id = xstrdup(journal_id(j));
    assert_false(journal_may_go_on(id)); // it runs
    journal_close(j);
    json_decref(about);
    json_decref(much);
    return id;
}

static void a_record_is_closed_and_never_gone_on_with(void **state)
{
    (void)state;
    static const struct {
        int end;
        const char *way;
    } rows[] = {{-1, "rollback --forget"}, {JOURNAL_DONE, ""}, {JOURNAL_FAILED, ""}};
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct journal *j;
        struct err e = ERR_INIT;
        unsigned step;
        json_t *about = json_pack("{s:b}", "record", true);
        assert_int_equal(journal_create("migrate", about, &j, &e), 0);
        assert_int_equal(journal_intent(j, "migrate", NULL, &step, &e), 0);
        if (rows[i].end >= 0)
            assert_int_equal(journal_end(j, (enum journal_state)rows[i].end, NULL, &e), 0);
        char *id = xstrdup(journal_id(j));
        journal_close(j);
        assert_int_equal(journal_open(id, false, &j, &e), 0);
        assert_true(journal_is_record(j));
        assert_false(journal_is_workflow(j));
        assert_string_equal(journal_way_on(j), rows[i].way);
        assert_false(journal_may_go_on(id));
        journal_close(j);
        char *path = path_of(id);
        unlink(path);
        free(path);
        free(id);
        json_decref(about);
    }
}

static void ways_on_are_told_by_the_ends(void **state)
{
    static const struct {
        bool workflow, goes_on;
        int end;
    } rows[] = {{true, false, JOURNAL_DONE},  {true, false, JOURNAL_REVERTED},
                {true, true, JOURNAL_FAILED}, {true, true, -1},
                {false, false, -1},           {false, false, JOURNAL_FAILED}};
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char *id = make_workflow(rows[i].workflow, rows[i].end), *path = path_of(id);
        struct journal *j;
        struct err e = ERR_INIT;
        assert_int_equal(journal_open(id, false, &j, &e), 0);
        assert_int_equal(*journal_way_on(j) != '\0', rows[i].goes_on);
        journal_close(j);
        assert_int_equal(journal_may_go_on(id), rows[i].goes_on);
        FILE *f = fopen(path, "r+"); // what is between the ends is not read
        assert_non_null(f);
        fseek(f, 10000, SEEK_SET);
        fputs("damaged", f);
        fclose(f);
        assert_int_equal(journal_open(id, false, &j, &e), -1);
        err_release(&e);
        assert_int_equal(journal_may_go_on(id), rows[i].goes_on);
        unlink(path);
        free(path);
        free(id);
    }
    assert_false(journal_may_go_on("nosuch"));
    assert_false(journal_may_go_on("../x"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_come_back_in_order),
        cmocka_unit_test(a_journal_cut_anywhere_goes_on),
        cmocka_unit_test(any_bytes_are_kept),
        cmocka_unit_test(what_is_held_cannot_be_begun_again),
        cmocka_unit_test(ids_tell_the_order),
        cmocka_unit_test(foreign_names_are_no_journals),
        cmocka_unit_test(an_end_keeps_something),
        cmocka_unit_test(a_deaf_process_is_ended),
        cmocka_unit_test(unreadable_journals_hold),
        cmocka_unit_test(no_empty_journal),
        cmocka_unit_test(a_record_is_closed_and_never_gone_on_with),
        cmocka_unit_test(ways_on_are_told_by_the_ends),
    };
    return cmocka_run_group_tests(tests, set_up_journals, tear_down_journals);
}
