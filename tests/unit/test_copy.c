// SPDX-License-Identifier: GPL-3.0-or-later
// The arithmetic of copies: extents, segments, what is to be sent.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "core/copy/map.h"
#include "core/copy/stream.h"
#include "io/job.h"

#define MIB (1ULL << 20)

// "0+4 z4+2": the ranges, z for zeros.
static void assert_map(const struct copy_map *m, const char *want)
{
    _cleanup_buf_ struct buf b = BUF_INIT;
    for (size_t i = 0; i < m->n; i++)
        buf_addf(&b, "%s%s%llu+%llu", i ? " " : "", m->r[i].zero ? "z" : "", (unsigned long long)m->r[i].offset,
                 (unsigned long long)m->r[i].length);
    assert_string_equal(buf_str(&b), want);
}

static void parse(const char *json, uint64_t size, const char *want)
{
    _cleanup_err_ struct err e = ERR_INIT;
    struct copy_map m = {0};
    int r = copy_map_parse(json, strlen(json), size, &m, &e);
    assert_int_equal(r, want ? 0 : -1);
    if (want)
        assert_map(&m, want);
    else
        assert_int_equal(e.code, ERR_FAILED);
    copy_map_release(&m);
}

static void qemu_imgs_map_is_read_or_refused(void **state)
{
    (void)state;
    parse("[]", 100, "");
    parse("[{\"start\": 0, \"length\": 512, \"data\": true}]", 100, "0+100"); // rounded up by qemu-img
    parse("[{\"start\": 0, \"length\": 10, \"data\": false}, {\"start\": 10, \"length\": 5, \"data\": true},"
          " {\"start\": 15, \"length\": 5, \"data\": true}, {\"start\": 30, \"length\": 5, \"data\": true}]",
          100, "10+10 30+5");
    parse("[{\"start\": 200, \"length\": 5, \"data\": true}]", 100, "");
    parse("[{\"start\": 20, \"length\": 5, \"data\": true}, {\"start\": 10, \"length\": 5, \"data\": true}]", 100,
          NULL);
    parse("[{\"start\": -1, \"length\": 5, \"data\": true}]", 100, NULL);
    parse("[{\"start\": 0, \"length\": 5, \"data\": 1}]", 100, NULL);
    parse("[{\"length\": 5}]", 100, NULL);
    parse("qemu-img: Could not open", 100, NULL);
    parse("{}", 100, NULL);
    parse("", 100, NULL);
}

static void segments_grow_with_the_file(void **state)
{
    (void)state;
    assert_int_equal(copy_segment_size(0), MIB);
    assert_int_equal(copy_segment_size(65536 * MIB - 1), MIB);
    assert_int_equal(copy_segment_size(65536 * MIB), 2 * MIB);
    assert_int_equal(copy_segment_size(1ULL << 45), 1ULL << 30);
    struct copy_set s;
    copy_set_init(&s, 3 * MIB + 1);
    assert_int_equal(s.n, 4);
    struct copy_map m = {0};
    copy_map_add(&m, MIB - 1, 2, false); // over a border
    copy_map_add(&m, 3 * MIB, 1, false);
    copy_set_add_map(&s, &m);
    assert_true(copy_set_has(&s, 0) && copy_set_has(&s, 1) && !copy_set_has(&s, 2) && copy_set_has(&s, 3));
    assert_false(copy_set_has(&s, 4));
    assert_int_equal(copy_set_count(&s), 3);
    copy_set_put(&s, 0, false);
    assert_int_equal(copy_set_count(&s), 2);
    copy_set_release(&s);
    copy_map_release(&m);
    copy_set_init(&s, 0);
    assert_int_equal(s.n, 0);
    assert_int_equal(copy_set_count(&s), 0);
    copy_set_release(&s);
}

static void a_union_has_what_either_has(void **state)
{
    (void)state;
    struct copy_map a = {0}, b = {0}, both = {0};
    copy_map_add(&a, 0, 10, false);
    copy_map_add(&a, 20, 10, false);
    copy_map_add(&b, 5, 3, false);
    copy_map_add(&b, 25, 20, false);
    copy_map_add(&b, 50, 1, false);
    copy_map_union(&a, &b, &both);
    assert_map(&both, "0+10 20+25 50+1");
    both.n = 0;
    copy_map_union(&b, &a, &both);
    assert_map(&both, "0+10 20+25 50+1");
    copy_map_release(&a);
    copy_map_release(&b);
    copy_map_release(&both);
}

// What is sent of segments 0 and 2 of a file of 2.5 MiB.
static void a_plan_sends_what_differs(void **state)
{
    (void)state;
    struct copy_map source = {0}, plan = {0};
    struct copy_set which, there;
    copy_map_add(&source, 100, 200, false);
    copy_map_add(&source, 1000, MIB, false); // into segment 1
    copy_map_add(&source, 2 * MIB + 5, 10, false);
    copy_set_init(&which, 2 * MIB + MIB / 2);
    copy_set_init(&there, which.size);
    copy_set_put(&which, 0, true);
    copy_set_put(&which, 2, true);
    copy_map_plan(&source, &which, NULL, &plan);
    assert_map(&plan, "100+200 1000+1047576 2097157+10");
    plan.n = 0;
    copy_set_put(&there, 2, true); // the rest of it must become zeros
    copy_map_plan(&source, &which, &there, &plan);
    assert_map(&plan, "100+200 1000+1047576 z2097152+5 2097157+10 z2097167+524273");
    assert_int_equal(copy_map_bytes(&plan, false), 200 + 1047576 + 10);
    assert_int_equal(copy_map_bytes(&plan, true), 5 + 524273);
    // a segment that only the destination has
    plan.n = 0;
    source.n = 0;
    copy_set_put(&which, 0, false);
    copy_map_plan(&source, &which, &there, &plan);
    assert_map(&plan, "z2097152+524288");
    copy_map_release(&source);
    copy_map_release(&plan);
    copy_set_release(&which);
    copy_set_release(&there);
}

static void a_cut_is_the_part_of_one_segment(void **state)
{
    (void)state;
    struct copy_map m = {0}, part = {0};
    struct copy_set s;
    size_t at = 0;
    copy_set_init(&s, 4 * MIB);
    copy_map_add(&m, 10, 3 * MIB, false); // through three segments and a bit
    copy_map_cut(&m, &at, &s, 0, &part);
    assert_map(&part, "10+1048566");
    part.n = 0;
    copy_map_cut(&m, &at, &s, 1, &part);
    assert_map(&part, "1048576+1048576");
    part.n = 0;
    copy_map_cut(&m, &at, &s, 3, &part);
    assert_map(&part, "3145728+10");
    copy_map_release(&m);
    copy_map_release(&part);
    copy_set_release(&s);
}

// A writer that says again and again that it is ready does nothing: that is no sign of progress.
static void a_writer_is_ready_once(void **state)
{
    (void)state;
    struct copy c = {0};
    struct send s = {.c = &c, .direct = true, .lock = lock_new(), .n = 1};
    struct stream *st = &s.stream[0];
    _cleanup_err_ struct err e = ERR_INIT;
    stream_init(&s, 0);
    assert_int_equal(stream_writer_output(st, false, "@ready\n", 7, &e), 0);
    assert_true(st->ready);
    st->heard = 1;
    for (int i = 0; i < 1000; i++)
        assert_int_equal(stream_writer_output(st, false, "@ready\n@done 5 5\n", 17, &e), 0);
    assert_true(st->heard == 1);
    stream_release(st);
    lock_free(s.lock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_writer_is_ready_once),      cmocka_unit_test(qemu_imgs_map_is_read_or_refused),
        cmocka_unit_test(segments_grow_with_the_file), cmocka_unit_test(a_union_has_what_either_has),
        cmocka_unit_test(a_plan_sends_what_differs),   cmocka_unit_test(a_cut_is_the_part_of_one_segment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
