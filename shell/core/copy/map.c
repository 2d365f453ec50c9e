// SPDX-License-Identifier: GPL-3.0-or-later
// Extents, segments, ranges. Pure. See copy/map.h.
#include "core/copy/map.h"

#include <jansson.h>
#include <string.h>

#include "base/mem.h"

enum { SEGMENT_MIN = 1 << 20, SEGMENTS_MAX = 65536 };

void copy_map_add(struct copy_map *m, uint64_t offset, uint64_t length, bool zero)
{
    struct copy_range *last = m->n ? &m->r[m->n - 1] : NULL;
    if (!length)
        return;
    if (last && last->zero == zero && last->offset + last->length == offset) {
        last->length += length;
        return;
    }
    if (!m->r || m->n == m->cap) {
        m->cap = m->cap ? m->cap * 2 : 16;
        m->r = xrealloc(m->r, m->cap, sizeof(*m->r));
    }
    m->r[m->n++] = (struct copy_range){offset, length, zero};
}

void copy_map_release(struct copy_map *m)
{
    free(m->r);
    *m = (struct copy_map){0};
}

uint64_t copy_map_bytes(const struct copy_map *m, bool zero)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < m->n; i++)
        sum += m->r[i].zero == zero ? m->r[i].length : 0;
    return sum;
}

int copy_map_parse(const char *json, size_t n, uint64_t size, struct copy_map *ret, struct err *e)
{
    json_t *all = json_loadb(json, n, 0, NULL), *one;
    struct copy_map m = {0};
    uint64_t end = 0;
    size_t i;
    bool good = json_is_array(all);
    json_array_foreach(all, i, one)
    {
        json_int_t start = json_integer_value(json_object_get(one, "start"));
        json_int_t length = json_integer_value(json_object_get(one, "length"));
        const json_t *data = json_object_get(one, "data");
        good = good && start >= 0 && length >= 0 && (uint64_t)start >= end && json_is_boolean(data);
        if (!good)
            break;
        end = (uint64_t)start + (uint64_t)length;
        uint64_t stop = end < size ? end : size; // qemu-img rounds up to 512
        if (json_is_true(data) && stop > (uint64_t)start)
            copy_map_add(&m, (uint64_t)start, stop - (uint64_t)start, false);
    }
    json_decref(all);
    if (!good) {
        copy_map_release(&m);
        return err_set(e, ERR_FAILED, "unexpected output from qemu-img map");
    }
    *ret = m;
    return 0;
}

uint64_t copy_segment_size(uint64_t size)
{
    uint64_t segment = SEGMENT_MIN;
    while (size / segment >= SEGMENTS_MAX)
        segment *= 2;
    return segment;
}

void copy_set_init(struct copy_set *s, uint64_t size)
{
    uint64_t segment = copy_segment_size(size);
    *s = (struct copy_set){size, segment, (size_t)((size + segment - 1) / segment), NULL};
    s->bits = xcalloc(s->n / 8 + 1, 1);
}

void copy_set_release(struct copy_set *s)
{
    free(s->bits);
    s->bits = NULL;
}

bool copy_set_has(const struct copy_set *s, size_t i)
{
    return i < s->n && (s->bits[i / 8] >> (i % 8) & 1);
}

void copy_set_put(struct copy_set *s, size_t i, bool in)
{
    unsigned char bit = (unsigned char)(1U << (i % 8));
    s->bits[i / 8] = (unsigned char)(in ? s->bits[i / 8] | bit : s->bits[i / 8] & ~bit);
}

void copy_set_add_map(struct copy_set *s, const struct copy_map *m)
{
    for (size_t i = 0; i < m->n; i++) {
        uint64_t first = m->r[i].offset / s->segment, last = (m->r[i].offset + m->r[i].length - 1) / s->segment;
        for (uint64_t k = first; k <= last && k < s->n; k++)
            copy_set_put(s, (size_t)k, true);
    }
}

void copy_set_and(struct copy_set *s, const struct copy_set *other)
{
    for (size_t i = 0; i < s->n / 8 + 1; i++)
        s->bits[i] &= other->bits[i];
}

void copy_set_or(struct copy_set *s, const struct copy_set *other)
{
    for (size_t i = 0; i < s->n / 8 + 1; i++)
        s->bits[i] |= other->bits[i];
}

size_t copy_set_count(const struct copy_set *s)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++)
        n += copy_set_has(s, i);
    return n;
}

static uint64_t end_of(const struct copy_set *s, size_t i)
{
    uint64_t end = ((uint64_t)i + 1) * s->segment;
    return end < s->size ? end : s->size;
}

void copy_map_union(const struct copy_map *a, const struct copy_map *b, struct copy_map *ret)
{
    size_t i = 0, k = 0;
    uint64_t end = 0;
    while (i < a->n || k < b->n) {
        bool first = k == b->n || (i < a->n && a->r[i].offset <= b->r[k].offset);
        const struct copy_range *x = first ? &a->r[i++] : &b->r[k++];
        uint64_t from = x->offset > end ? x->offset : end, to = x->offset + x->length;
        if (to > from)
            copy_map_add(ret, from, to - from, false);
        end = to > end ? to : end;
    }
}

void copy_map_cut(const struct copy_map *m, size_t *at, const struct copy_set *s, size_t segment, struct copy_map *ret)
{
    uint64_t begin = (uint64_t)segment * s->segment, end = end_of(s, segment);
    while (*at < m->n && m->r[*at].offset + m->r[*at].length <= begin)
        ++*at;
    for (size_t i = *at; i < m->n && m->r[i].offset < end; i++) {
        uint64_t from = m->r[i].offset > begin ? m->r[i].offset : begin, to = m->r[i].offset + m->r[i].length;
        to = to < end ? to : end;
        copy_map_add(ret, from, to - from, false);
    }
}

// Also what lies between the data.
static void add_with_zeros(const struct copy_map *part, uint64_t begin, uint64_t end, struct copy_map *ret)
{
    for (size_t i = 0; i < part->n; i++) {
        copy_map_add(ret, begin, part->r[i].offset - begin, true);
        copy_map_add(ret, part->r[i].offset, part->r[i].length, false);
        begin = part->r[i].offset + part->r[i].length;
    }
    copy_map_add(ret, begin, end - begin, true);
}

void copy_map_plan(const struct copy_map *source, const struct copy_set *which, const struct copy_set *there,
                   struct copy_map *ret)
{
    size_t at = 0;
    for (size_t i = 0; i < which->n; i++) {
        if (!copy_set_has(which, i))
            continue;
        struct copy_map part = {0};
        bool zeros = there && copy_set_has(there, i);
        copy_map_cut(source, &at, which, i, zeros ? &part : ret);
        if (zeros)
            add_with_zeros(&part, (uint64_t)i * which->segment, end_of(which, i), ret);
        copy_map_release(&part);
    }
}
