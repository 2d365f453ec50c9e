// SPDX-License-Identifier: GPL-3.0-or-later
// Names for /etc/hosts, and the lines there that are in the way. Pure.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/hosts/hosts.h"
#include "core/node/names.h"

static void host_names_are_judged(void **state)
{
    (void)state;
    static const char *const good[] = {"a", "source", "a-b.c-d", "1a", "a.b.c", "3com.example"};
    static const char *const bad[] = {"",    "-a", "a-",  "a_b",       "a..b",    ".a",   "a.",    "a b",
                                      "a\n", "a;", "1.2", "192.0.2.1", "caf\xe9", "a.-b", "$(id)", "a/b"};
    for (size_t i = 0; i < ARRAY_SIZE(good); i++)
        assert_true(hosts_name_is_valid(good[i]));
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_false(hosts_name_is_valid(bad[i]));
    char label[66] = {0};
    memset(label, 'a', 64);
    assert_false(hosts_name_is_valid(label));
    label[63] = '\0';
    assert_true(hosts_name_is_valid(label));
    static const struct {
        const char *name, *address;
    } refused[] = {{"localhost", "192.0.2.1"},
                   {"LocalHost", "192.0.2.1"},
                   {"x.localhost", "192.0.2.1"},
                   {"ip6-loopback", "::2"},
                   {"a", "127.0.1.1"},
                   {"a", "::1"},
                   {"a", "0.0.0.0"},
                   {"a", "192.0.2.256"},
                   {"a", "fe80::1%eth0"},
                   {"a", "a"},
                   {"a", "192.0.2.1 b"},
                   {"a", "::ffff:127.0.0.1"}};
    struct hosts h = {NULL, 0, NULL};
    struct err e = ERR_INIT;
    for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
        assert_int_equal(hosts_add(&h, refused[i].name, refused[i].address, &e), -1);
        assert_int_equal(e.code, ERR_USAGE);
        err_release(&e);
    }
    assert_int_equal(h.n, 0);
}

static void names_that_each_machine_has_are_known(void **state)
{
    (void)state;
    static const char *const yes[] = {
        "localhost", "LocalHost", "localhost4.localdomain4", "ip6-allnodes", "x.localhost",
        "127.9.9.9", "::1",       "::ffff:127.0.0.1",        "0.0.0.0",      "::"};
    static const char *const no[] = {"",          ".localhost", "localhosts", "mylocalhost", "localhost.example",
                                     "192.0.2.1", "2001:db8::1"};
    for (size_t i = 0; i < ARRAY_SIZE(yes); i++)
        assert_true(node_name_is_anybodys(yes[i]));
    for (size_t i = 0; i < ARRAY_SIZE(no); i++)
        assert_false(node_name_is_anybodys(no[i]));
}

static void host_names_with_other_addresses_are_told(void **state)
{
    (void)state;
    struct hosts h = {NULL, 0, xstrdup("me")};
    struct err e = ERR_INIT;
    assert_int_equal(hosts_add(&h, "a", "192.0.2.1", &e), 0);
    assert_int_equal(hosts_add(&h, "b", "2001:db8::1", &e), 0);
    static const struct {
        const char *line, *mended; // NULL: nothing in the way
    } cases[] = {
        {"192.0.2.1 a", NULL},
        {"2001:0db8::0:1 b", NULL}, // the same address written otherwise
        {"127.0.0.1 localhost", NULL},
        {"192.0.2.9 c # a", NULL},
        {"# 192.0.2.9 a", NULL},
        {"", NULL},
        {"nonsense a", NULL},
        {"192.0.2.9 A", "# migsh: 192.0.2.9 A"},
        {"127.0.1.1\tme.example me", "127.0.1.1\tme.example"},
        {"127.0.1.1 me", "# migsh: 127.0.1.1 me"},
        {"192.0.2.7 me", NULL}, // no loopback: where it leads is not ours to say
        {"127.0.0.1 localhost a me # x", "127.0.0.1\tlocalhost # x"},
        {"192.0.2.1 b a", "192.0.2.1\ta"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        size_t n = strlen(cases[i].line);
        char *mended = hosts_mend(&h, cases[i].line, n);
        json_t *notes = json_array();
        hosts_conflicts(&h, cases[i].line, n, notes);
        assert_int_equal(json_array_size(notes) > 0, cases[i].mended != NULL);
        if (cases[i].mended)
            assert_string_equal(mended, cases[i].mended);
        else
            assert_null(mended);
        json_decref(notes);
        free(mended);
    }
    json_t *notes = json_array();
    static const char managed[] = "# BEGIN MIGSH z\n192.0.2.9 a\n# END MIGSH z\n";
    hosts_conflicts(&h, managed, strlen(managed), notes);
    assert_int_equal(json_array_size(notes), 0);
    json_decref(notes);
    hosts_release(&h);
}
int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(host_names_are_judged),
                                       cmocka_unit_test(names_that_each_machine_has_are_known),
                                       cmocka_unit_test(host_names_with_other_addresses_are_told)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
