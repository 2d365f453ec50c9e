// SPDX-License-Identifier: GPL-3.0-or-later
// What systemd journals are told of an undertaking, and how.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/journal/tell.h"
#include "io/syslog.h"

static char state_dir[] = "/tmp/migsh-tell.XXXXXX";

static int set_up(void **state)
{
    (void)state;
    return mkdtemp(state_dir) && setenv("XDG_STATE_HOME", state_dir, 1) == 0 ? 0 : -1;
}

static int tear_down(void **state)
{
    static const char *const dirs[] = {"/migsh/journal", "/migsh", ""};
    (void)state;
    int r = 0;
    for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
        char *path = xasprintf("%s%s", state_dir, dirs[i]);
        r |= rmdir(path);
        free(path);
    }
    return r;
}

// What the systemd journal is told of it, as it was when `end` had been written (-1: nothing was).
static json_t *told(const json_t *about, int end, const json_t *result, enum journal_event event)
{
    struct journal *j;
    struct err e = ERR_INIT;
    unsigned step;
    json_t *kept = result ? json_pack("{s:i, s:O}", "version", 1, "result", (json_t *)result) : NULL;
    json_t *failure = json_pack("{s:s}", "msg", "no route");
    assert_int_equal(journal_create("live-migrate", about, &j, &e), 0);
    assert_int_equal(journal_intent(j, "migrate", NULL, &step, &e), 0);
    if (end >= 0) {
        assert_int_equal(journal_outcome(j, step, end == JOURNAL_FAILED ? STEP_FAILED : STEP_DONE,
                                         end == JOURNAL_FAILED ? failure : NULL, &e),
                         0);
        assert_int_equal(journal_end(j, (enum journal_state)end, kept, &e), 0);
    }
    json_t *fields = journal_tell_fields(j, event);
    char *path = xasprintf("%s/migsh/journal/%s.jsonl", state_dir, journal_id(j));
    journal_close(j);
    unlink(path);
    free(path);
    json_decref(kept);
    json_decref(failure);
    return fields;
}

static void assert_field(json_t *fields, const char *name, const char *want)
{
    const char *is = json_string_value(json_object_get(fields, name));
    if (want)
        assert_string_equal(is, want);
    else
        assert_null(is);
}

static void the_systemd_journal_is_told(void **state)
{
    (void)state;
    json_t *about =
        json_pack("{s:s, s:s, s:s, s:s}", "domain", "two\nMESSAGE=lines", "uuid", "0d0c", "source", "a", "dest", "b");
    json_t *fields = told(about, -1, NULL, JOURNAL_BEGINS);
    assert_field(fields, "MESSAGE_ID", "a22708de13f04a0bbb82fbd231b26ab3");
    assert_field(fields, "MESSAGE", "live-migrate of 'two\nMESSAGE=lines' from a to b begins");
    assert_field(fields, "MIGSH_DOMAIN", "two\nMESSAGE=lines");
    assert_field(fields, "MIGSH_SOURCE", "a");
    assert_field(fields, "MIGSH_DESTINATION", "b");
    assert_field(fields, "MIGSH_VERDICT", NULL);
    assert_field(fields, "PRIORITY", "6");
    json_decref(fields);
    json_t *result = json_pack("{s:b, s:s, s:f, s:i, s:{s:f, s:f}}", "ok", true, "verdict", "ok", "total_ms", 3498.6,
                               "bytes", 1 << 30, "outage", "min_ms", 40.2, "max_ms", 45.5);
    fields = told(about, JOURNAL_DONE, result, JOURNAL_ENDS);
    assert_field(fields, "MESSAGE_ID", "6b2db6f7be8247af9c2bd864ef8bf096");
    assert_field(fields, "MESSAGE", "live-migrate of 'two\nMESSAGE=lines' from a to b has ended: ok");
    assert_field(fields, "MIGSH_OUTAGE_MS", "46");
    assert_field(fields, "MIGSH_OUTAGE_MIN_MS", "40");
    assert_field(fields, "MIGSH_TOTAL_MS", "3499");
    assert_field(fields, "MIGSH_BYTES", "1073741824");
    assert_field(fields, "MIGSH_STATE", "done");
    json_decref(fields);
    json_object_set_new(result, "ok", json_false());
    json_object_set_new(result, "verdict", json_string("too long"));
    fields = told(about, JOURNAL_DONE, result, JOURNAL_ENDS);
    assert_field(fields, "MIGSH_VERDICT", "too long");
    assert_field(fields, "PRIORITY", "4");
    json_decref(fields);
    fields = told(about, JOURNAL_FAILED, NULL, JOURNAL_ENDS);
    assert_field(fields, "MIGSH_VERDICT", "no route");
    json_decref(fields);
    fields = told(about, JOURNAL_REVERTED, NULL, JOURNAL_ENDS);
    assert_field(fields, "MIGSH_VERDICT", "reverted");
    json_decref(fields);
    fields = told(about, -1, NULL, JOURNAL_ENDS);
    assert_field(fields, "MIGSH_VERDICT", "interrupted");
    json_decref(fields);
    json_object_del(about, "domain"); // such as of nodes
    assert_null(told(about, JOURNAL_DONE, NULL, JOURNAL_ENDS));
    json_decref(about);
    json_decref(result);
}

static void a_datagram_is_as_journald_reads_it(void **state)
{
    (void)state;
    json_t *fields = json_pack("{s:s}", "MESSAGE", "a=b \xc3\xa9");
    _cleanup_buf_ struct buf b = BUF_INIT;
    syslog_datagram(fields, &b);
    assert_string_equal(buf_str(&b), "MESSAGE=a=b \xc3\xa9\n");
    json_object_set_new(fields, "MESSAGE", json_string("x\nUNIT=y"));
    buf_truncate(&b, 0);
    syslog_datagram(fields, &b);
    static const char want[] = "MESSAGE\n\x08\0\0\0\0\0\0\0x\nUNIT=y\n";
    assert_int_equal(b.len, sizeof(want) - 1);
    assert_memory_equal(b.s, want, b.len);
    char much[5000];
    memset(much, 'x', sizeof(much));
    memcpy(much + 4095, "\xc3\xa9", 2); // whole characters only
    json_object_set_new(fields, "MESSAGE", json_stringn(much, sizeof(much)));
    buf_truncate(&b, 0);
    syslog_datagram(fields, &b);
    assert_int_equal(b.len, strlen("MESSAGE=") + 4095 + 1);
    json_decref(fields);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_systemd_journal_is_told),
        cmocka_unit_test(a_datagram_is_as_journald_reads_it),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
