// SPDX-License-Identifier: GPL-3.0-or-later
// The pure parts of a preflight's facts: what guests ask of hosts, what QEMU says, where a source is told to go.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "core/migrate/migrate.h"
#include "core/preflight/priv.h"
#include "io/virt/monitor.h"
#include "io/xml.h"

#define GUEST(machine, disk)                                                                                           \
    "<domain type='kvm'><name>g</name><os><type arch='x86_64' machine='" machine "'>hvm</type>"                        \
    "<loader readonly='yes'>/fw/code.fd</loader></os><devices><emulator>/usr/bin/qemu</emulator>"                      \
    "<disk type='file'><source file='" disk "'/><target dev='vda'/></disk>"                                            \
    "<interface type='bridge'><source bridge='br0'/><filterref filter='it&apos;s mine'/></interface>"                  \
    "<filesystem><source dir='/share'/><target dir='/in/the/guest'/></filesystem></devices></domain>"

static json_t *guest(const char *live, const char *inactive, const char *file)
{
    return json_pack("{s:o, s:o, s:[{s:o}, {s:n}]}", "xml", json_text(live), "inactive", json_text(inactive), "files",
                     "path", json_text(file), "path");
}

static void assert_list(const json_t *list, const char *want)
{
    json_auto_t *wanted = json_loads(want, 0, NULL);
    assert_non_null(wanted);
    if (!json_equal(list, wanted)) {
        char *got = json_dumps(list, JSON_COMPACT);
        fail_msg("got %s, wanted %s", got, want);
    }
}

#define Q35 "{\"emulator\": \"/usr/bin/qemu\", \"arch\": \"x86_64\", \"machine\": \"q35\", \"virttype\": \"kvm\"}"
#define PC "{\"emulator\": \"/usr/bin/qemu\", \"arch\": \"x86_64\", \"machine\": \"pc\", \"virttype\": \"kvm\"}"

static void each_combination_and_path_once(void **state)
{
    (void)state;
    struct preflight_wanted w;
    preflight_wanted_init(&w);
    json_auto_t *a = guest(GUEST("q35", "/a/1"), GUEST("q35", "/a/1"), "/a/base");
    json_auto_t *b = guest(GUEST("q35", "/a/2"), GUEST("pc", "/a/3"), "/a/base");
    json_auto_t *unknown = json_object();
    preflight_wanted_guest(&w, a, NULL, true);
    preflight_wanted_guest(&w, b, NULL, true);
    preflight_wanted_guest(&w, unknown, NULL, true);
    assert_list(w.machines, "[" Q35 ", " PC "]");
    assert_list(w.paths, "[\"/a/1\", \"/share\", \"/fw/code.fd\", \"/usr/bin/qemu\", \"/a/base\", \"/a/2\", \"/a/3\"]");
    assert_list(w.filters, "[\"it's mine\"]");
    preflight_wanted_add(w.names, "dest");
    preflight_wanted_add(w.names, NULL);
    preflight_wanted_add(w.names, "dest");
    assert_list(w.names, "[\"dest\"]");
    preflight_wanted_release(&w);
}

// Where it may go to, things have the map's names; where it is they keep their own, and no machine is asked for.
static void a_destination_is_asked_by_the_maps_names(void **state)
{
    (void)state;
    struct preflight_wanted here, there;
    preflight_wanted_init(&here);
    preflight_wanted_init(&there);
    json_auto_t *a = guest(GUEST("q35", "/a/1"), NULL, "/a/base");
    json_auto_t *map = json_pack("{s:{s:s}, s:{s:s}}", "path", "/a", "/b", "machine", "q35", "pc");
    preflight_wanted_guest(&here, a, map, false);
    preflight_wanted_guest(&there, a, map, true);
    assert_list(here.machines, "[]");
    assert_list(here.paths, "[\"/a/1\", \"/share\", \"/fw/code.fd\", \"/usr/bin/qemu\", \"/a/base\"]");
    assert_list(there.machines, "[" PC "]");
    assert_list(there.paths, "[\"/b/1\", \"/share\", \"/fw/code.fd\", \"/usr/bin/qemu\", \"/b/base\"]");
    preflight_wanted_release(&here);
    preflight_wanted_release(&there);
}

static void a_broken_description_asks_for_nothing(void **state)
{
    (void)state;
    struct preflight_wanted w;
    preflight_wanted_init(&w);
    json_auto_t *a = guest("<domain", NULL, NULL);
    preflight_wanted_guest(&w, a, NULL, true);
    assert_list(w.machines, "[]");
    assert_list(w.paths, "[]");
    preflight_wanted_release(&w);
}

static void qemu_tells_what_blocks(void **state)
{
    (void)state;
    static const char *const none[] = {"{\"return\":{},\"id\":\"libvirt-1\"}",
                                       "{\"return\":{\"status\":\"completed\"}}"};
    static const char *const bad[] = {"", "[]", "{\"return\":7}", "no JSON",
                                      "{\"error\":{\"class\":\"GenericError\",\"desc\":\"not now\"}}"};
    for (size_t i = 0; i < ARRAY_SIZE(none); i++) {
        _cleanup_err_ struct err e = ERR_INIT;
        json_auto_t *reasons = NULL;
        assert_int_equal(virt_qemu_blockers_parse(none[i], &reasons, &e), 0);
        assert_list(reasons, "[]");
    }
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        _cleanup_err_ struct err e = ERR_INIT;
        json_t *reasons = NULL;
        assert_int_equal(virt_qemu_blockers_parse(bad[i], &reasons, &e), -1);
        assert_null(reasons);
        assert_true(i + 1 < ARRAY_SIZE(bad) || strstr(e.msg, "not now"));
    }
    _cleanup_err_ struct err e = ERR_INIT;
    json_auto_t *reasons = NULL;
    assert_int_equal(virt_qemu_blockers_parse("{\"return\":{\"blocked-reasons\":[\"a\",\"b\"]}}", &reasons, &e), 0);
    assert_list(reasons, "[\"a\", \"b\"]");
}

static void a_numeric_address_is_where_the_source_goes(void **state)
{
    (void)state;
    static const char *const cases[][3] = {{"192.0.2.7", "dest", "192.0.2.7"},
                                           {"2001:db8::7", "dest", "2001:db8::7"},
                                           {"alias", "dest.example", "dest.example"},
                                           {NULL, "dest", "dest"},
                                           {"alias", NULL, NULL}};
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct node n = {.address = (char *)cases[i][0]};
        _cleanup_free_ char *got = migrate_address_for(&n, cases[i][1]);
        assert_true(got ? cases[i][2] && strcmp(got, cases[i][2]) == 0 : !cases[i][2]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_combination_and_path_once),
        cmocka_unit_test(a_destination_is_asked_by_the_maps_names),
        cmocka_unit_test(a_broken_description_asks_for_nothing),
        cmocka_unit_test(qemu_tells_what_blocks),
        cmocka_unit_test(a_numeric_address_is_where_the_source_goes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
