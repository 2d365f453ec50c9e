// SPDX-License-Identifier: GPL-3.0-or-later
// What qemu-img says of an image, and the arithmetic on it: a plan sends all of the data that is wanted, and nothing
// twice.
#include "core/copy/map.h"
#include "fuzz.h"

static void ordered(const struct copy_map *m, uint64_t size)
{
    uint64_t end = 0;
    for (size_t i = 0; i < m->n; i++) {
        must(m->r[i].length > 0 && m->r[i].offset >= end && m->r[i].offset < size);
        must(m->r[i].length <= size - m->r[i].offset);
        end = m->r[i].offset + m->r[i].length;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct in in = {data, size};
    uint64_t length = ((uint64_t)in_byte(&in) << 18) + in_byte(&in) + 1;
    unsigned pick = in_byte(&in);
    size_t n;
    _cleanup_free_ char *text = in_rest(&in, &n);
    _cleanup_err_ struct err e = ERR_INIT;
    struct copy_map m = {0}, plan = {0}, both = {0};
    if (copy_map_parse(text, n, length, &m, &e) == 0) {
        ordered(&m, length);
        struct copy_set which, there;
        copy_set_init(&which, length);
        copy_set_init(&there, length);
        for (size_t i = 0; i < which.n; i++) {
            copy_set_put(&which, i, pick >> i % 8 & 1);
            copy_set_put(&there, i, pick >> (i + 3) % 8 & 1);
        }
        copy_map_plan(&m, &which, &there, &plan);
        ordered(&plan, length);
        copy_map_union(&m, &plan, &both);
        ordered(&both, length);
        must(copy_map_bytes(&plan, false) <= copy_map_bytes(&m, false));
        for (size_t i = 0; i < which.n; i++)
            copy_set_put(&which, i, true);
        struct copy_map all = {0};
        copy_map_plan(&m, &which, NULL, &all);
        must(copy_map_bytes(&all, false) == copy_map_bytes(&m, false) && copy_map_bytes(&all, true) == 0);
        copy_map_release(&all);
        copy_set_release(&which);
        copy_set_release(&there);
    } else {
        must(e.msg);
    }
    copy_map_release(&m);
    copy_map_release(&plan);
    copy_map_release(&both);
    return 0;
}
