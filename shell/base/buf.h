// SPDX-License-Identifier: GPL-3.0-or-later
// A growing byte string. Always NUL-terminated once something was added; may hold NULs. Any thread, no sharing.
#pragma once

#include <stdarg.h>
#include <stddef.h>

#include "base/mem.h"

struct buf {
    char *s; // NULL while nothing was ever added: use buf_str() to read
    size_t len;
    size_t cap;
};

#define BUF_INIT                                                                                                       \
    {                                                                                                                  \
        NULL, 0, 0                                                                                                     \
    }

void buf_add(struct buf *b, const void *data, size_t n);
void buf_adds(struct buf *b, const char *s);
void buf_addc(struct buf *b, char c);
void buf_addn(struct buf *b, char c, size_t n); // c, n times
void buf_addf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_truncate(struct buf *b, size_t len);
void buf_release(struct buf *b);
const char *buf_str(const struct buf *b); // never NULL
char *buf_steal(struct buf *b);           // the caller frees; never NULL

#define _cleanup_buf_ _cleanup_(buf_release)
