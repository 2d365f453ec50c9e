// SPDX-License-Identifier: GPL-3.0-or-later
// core/preflight/host: what is made of a node's words, and a host of which only half answers (libvirt's test driver,
// and an ssh login at a port where nobody listens).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "base/json.h"
#include "core/node/ask.h"
#include "core/preflight/priv.h"
#include "io/job.h"
#include "io/loop.h"

static void what_a_node_told_is_kept_in_order(void **state)
{
    (void)state;
    static const char out[] = "@migsh facts\n@link b\n@own \xff\n@link a $(x)\n@\xff z\n";
    _cleanup_facts_ struct facts f = {0};
    assert_true(facts_parse(out, sizeof(out) - 1, &f));
    json_auto_t *look = facts_json(&f, NULL);
    json_auto_t *want =
        json_pack("{s:[o, o], s:[o]}", "link", json_text("b"), json_text("a $(x)"), "own", json_text("\xef\xbf\xbd"));
    assert_true(json_equal(look, want));
    json_auto_t *rest = facts_json(&f, "li");
    json_object_del(want, "link");
    assert_true(json_equal(rest, want));
}

static void assert_clock(const char *now, double ahead, double error)
{
    const int64_t s = 1000000000;
    json_auto_t *clock = preflight_clock(now, 1700000000 * s, 1700000000 * s + s / 10);
    assert_non_null(clock);
    assert_true(fabs(json_number_value(json_object_get(clock, "ahead_s")) - ahead) < 1e-6);
    assert_true(fabs(json_number_value(json_object_get(clock, "error_s")) - error) < 1e-6);
}

static void clocks_are_compared_with_the_middle(void **state)
{
    (void)state;
    static const char *const none[] = {
        "", ".", "1700000000.%N", "1700000000.5", "-1.000000000", "x", "1.2.3", "9999999999999999999.000000000"};
    assert_clock("1700000000.050000000", 0, 0.05);
    assert_clock("1700000003.050000000", 3, 0.05);
    assert_clock("1699999999.000000001", -1.05, 0.05);
    assert_clock("1700000000", 0.45, 0.55); // a date without a fraction
    for (size_t i = 0; i < ARRAY_SIZE(none); i++)
        assert_null(preflight_clock(none[i], 0, 0));
}

static void missing_sections_gather(void **state)
{
    (void)state;
    _cleanup_err_ struct err one = ERR_INIT, other = ERR_INIT;
    json_auto_t *to = json_object();
    err_set(&one, ERR_FAILED, "no \xff");
    err_set(&other, ERR_FAILED, "neither");
    preflight_missing(to, "a", &one);
    preflight_missing(to, "b", &other);
    const json_t *missing = json_object_get(to, "missing");
    assert_string_equal(json_text_at(missing, "a"), "no \xef\xbf\xbd");
    assert_string_equal(json_text_at(missing, "b"), "neither");
}

static const json_t *named(const json_t *host, const char *section, const char *name)
{
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(host, section), i, row)
    {
        if (strcmp(json_text_at(row, "name"), name) == 0)
            return row;
    }
    _cleanup_free_ char *all = json_dumps(json_object_get(host, section), 0),
                        *missing = json_dumps(json_object_get(host, "missing"), 0);
    fail_msg("%s: no %s in %s; missing: %s", section, name, all ? all : "nothing", missing);
    return NULL;
}

static void assert_told(const json_t *host)
{
    static const char *const keys[] = {"hostname", "capabilities", "libvirt", "qemu", "cpus", "memory_kib", "free_kib"};
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
        if (!json_object_get(host, keys[i]))
            fail_msg("%s is missing", keys[i]);
    }
    assert_string_equal(json_text_at(host, "node"), "half");
    assert_string_equal(json_text_at(host, "uri"), "test:///default");
    const json_t *cells = json_object_get(host, "cells");
    assert_true(json_array_size(cells) > 0);
    for (size_t i = 0; i < json_array_size(cells); i++)
        assert_int_equal(json_integer_value(json_object_get(json_array_get(cells, i), "id")), i);
    assert_string_equal(json_text_at(named(host, "domains", "test"), "state"), "running");
    const json_t *network = named(host, "networks", "default"), *pool = named(host, "pools", "default-pool");
    assert_true(json_is_true(json_object_get(network, "active")));
    assert_non_null(strstr(json_text_at(network, "xml"), "<name>default</name>"));
    assert_non_null(strstr(json_text_at(pool, "xml"), "<name>default-pool</name>"));
    assert_int_equal(json_object_size(pool), 5);
    assert_true(json_integer_value(json_object_get(pool, "available_bytes")) > 0);
}

// The test driver has neither secrets nor network filters, and tells no UUID: each says so.
static void assert_untold(const json_t *host)
{
    static const char *const keys[] = {"identity", "secrets", "nwfilters", "filters", "look"};
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
        assert_null(json_object_get(host, keys[i]));
        if (!json_text_at(json_object_get(host, "missing"), keys[i]))
            fail_msg("why %s is missing is not told", keys[i]);
    }
    assert_null(json_object_get(host, "clock"));
}

static void half_a_host(void **state)
{
    (void)state;
    _cleanup_err_ struct err e = ERR_INIT;
    _cleanup_(node_unref_p) struct node *node = NULL;
    _cleanup_(preflight_wanted_release) struct preflight_wanted w;
    struct ctx *ctx = ctx_new("/nonexistent/nodes");
    json_auto_t *host = NULL;
    assert_int_equal(node_new("half", "127.0.0.1", 1, "test:///default", NULL, NULL, &node, &e), 0);
    preflight_wanted_init(&w);
    json_array_append_new(w.machines, json_pack("{s:o, s:o}", "arch", json_text("s390x"), "machine", json_text("x")));
    json_array_append_new(w.paths, json_text("/"));
    json_array_append_new(w.names, json_text("localhost"));
    json_array_append_new(w.filters, json_text("mine"));
    assert_int_equal(preflight_host_gather(ctx, NULL, node, &w, &host, &e), 0);
    assert_told(host);
    assert_untold(host);
    assert_null(json_object_get(host, "filters")); // nothing is known, as one of them was asked for
    const json_t *machine = json_array_get(json_object_get(host, "machines"), 0);
    assert_string_equal(json_text_at(machine, "arch"), "s390x");
    assert_true(!json_text_at(machine, "xml") != !json_text_at(machine, "error"));
    assert_true(ctx_free(ctx));
}

int main(void)
{
    struct err e = ERR_INIT;
    if (loop_init(&e) < 0)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_node_told_is_kept_in_order),
        cmocka_unit_test(clocks_are_compared_with_the_middle),
        cmocka_unit_test(missing_sections_gather),
        cmocka_unit_test(half_a_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
