// SPDX-License-Identifier: GPL-3.0-or-later
// What the harnesses share: cutting the input up, and saying what must hold. A string that is handed on is malloc()ed
// to its length, so that a read behind it is seen.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

#define must(what)                                                                                                     \
    do {                                                                                                               \
        if (!(what)) {                                                                                                 \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #what);                                  \
            abort();                                                                                                   \
        }                                                                                                              \
    } while (0)

struct in {
    const uint8_t *p;
    size_t n;
};

static inline unsigned in_byte(struct in *in)
{
    return in->n ? (in->n--, *in->p++) : 0;
}

// The next line, without its end and cut at a NUL; the caller frees.
static inline char *in_line(struct in *in)
{
    const uint8_t *end = in->n ? memchr(in->p, '\n', in->n) : NULL;
    size_t n = end ? (size_t)(end - in->p) : in->n;
    char *s = xstrndup(n ? (const char *)in->p : "", n);
    in->p += n + (end != NULL);
    in->n -= n + (end != NULL);
    return s;
}

// All that is left: *ret_n bytes, and a NUL behind them; the caller frees.
static inline char *in_rest(struct in *in, size_t *ret_n)
{
    char *s = xcalloc(in->n + 1, 1);
    if (in->n)
        memcpy(s, in->p, in->n);
    *ret_n = in->n;
    return s;
}

static inline bool same(const char *a, size_t a_n, const char *b, size_t b_n)
{
    return a_n == b_n && (!a_n || memcmp(a, b, a_n) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
