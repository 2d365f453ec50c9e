// SPDX-License-Identifier: GPL-3.0-or-later
// A list of owned strings, and the few string questions the whole program asks. Any thread, no sharing.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"

struct strv {
    char **s; // n strings, then NULL (s itself is NULL while the list is empty)
    size_t n;
    size_t cap;
};

#define STRV_INIT                                                                                                      \
    {                                                                                                                  \
        NULL, 0, 0                                                                                                     \
    }

void strv_add(struct strv *v, const char *s);             // copies
void strv_take(struct strv *v, char *s);                  // takes ownership
void strv_split(struct strv *v, const char *s, char sep); // appends the parts; empty parts are left out
void strv_copy(struct strv *to, const struct strv *from); // appends
void strv_sort_unique(struct strv *v);
bool strv_has(const struct strv *v, const char *s);
void strv_release(struct strv *v);

bool str_starts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);
// The nearest of the candidates within an edit distance that a slip of the fingers explains, or NULL.
// Distance: Damerau-Levenshtein (optimal string alignment), at most a third of the length, at least 1.
const char *str_nearest(const char *s, const char *const *candidates, size_t n);
// Terminal columns of UTF-8 text (wide and combining characters by wcwidth); bad bytes count one each.
size_t str_columns(const char *s);
// How many bytes of it fit into so many columns; no character is cut.
size_t str_fitting(const char *s, size_t columns);

// Strict numbers: the whole string, in range, or -1. No leading blanks, no sign where it makes no sense.
int str_to_int(const char *s, long long min, long long max, long long *ret);
// "250ms", "1.5s", "2m", "1h"; a bare number is taken in `unit` ("ms", "s"). Result in milliseconds, fractions kept.
int str_to_duration_ms(const char *s, const char *unit, double *ret_ms);
// "512", "64KiB", "1.5G", "2T": bytes; K, M, G, T are powers of 1024, KB, MB … powers of 1000 (as virsh reads them).
// A bare number is multiplied by `unit` bytes.
int str_to_size(const char *s, unsigned long long unit, unsigned long long *ret_bytes);

#define _cleanup_strv_ _cleanup_(strv_release)
