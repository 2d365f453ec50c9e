// SPDX-License-Identifier: GPL-3.0-or-later
// The arithmetic of a copy: extents of data, segments that are compared by digest, ranges that are sent. Pure.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct copy_range {
    uint64_t offset, length;
    bool zero; // to be made zeros instead of being sent
};

// In order, without overlaps.
struct copy_map {
    struct copy_range *r;
    size_t n, cap;
};

void copy_map_add(struct copy_map *m, uint64_t offset, uint64_t length, bool zero); // joined with the last if it can be
void copy_map_release(struct copy_map *m);
uint64_t copy_map_bytes(const struct copy_map *m, bool zero); // of the ranges of this kind

// The data extents out of what `qemu-img map --output=json` printed, cut at `size`. ERR_FAILED where it is no such
// text.
int copy_map_parse(const char *json, size_t n, uint64_t size, struct copy_map *ret, struct err *e);

// The size of a segment: a power of two, at least 1 MiB, so that a file has at most 65536.
uint64_t copy_segment_size(uint64_t size);

// A set of segments, one bit each.
struct copy_set {
    uint64_t size;    // of the file
    uint64_t segment; // bytes of one
    size_t n;
    unsigned char *bits;
};
void copy_set_init(struct copy_set *s, uint64_t size);
void copy_set_release(struct copy_set *s);
bool copy_set_has(const struct copy_set *s, size_t i);
void copy_set_put(struct copy_set *s, size_t i, bool in);
void copy_set_add_map(struct copy_set *s, const struct copy_map *m); // those that contain some of it
void copy_set_and(struct copy_set *s, const struct copy_set *other);
void copy_set_or(struct copy_set *s, const struct copy_set *other);
size_t copy_set_count(const struct copy_set *s);

// What either has.
void copy_map_union(const struct copy_map *a, const struct copy_map *b, struct copy_map *ret);
// The part of the map in one segment, beginning at m->r[*at]; *at is moved on for the next segment.
void copy_map_cut(const struct copy_map *m, size_t *at, const struct copy_set *s, size_t segment, struct copy_map *ret);

// What has to be sent so that the segments of `which` become as the source's: its data in them; and, where `there`
// (what holds data at the destination, NULL: nothing) has them, zeros for the rest.
void copy_map_plan(const struct copy_map *source, const struct copy_set *which, const struct copy_set *there,
                   struct copy_map *ret);
