// SPDX-License-Identifier: GPL-3.0-or-later
// Memory helpers of the whole program. Running out of memory is not an error a console can mend: the x-functions abort.
// Any thread. Must not know any other part of migsh.
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

// Zeroed memory; never NULL.
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t n, size_t size);
// Room for one more behind `n` elements of an array that was only ever grown by this: by doubling, so that adding one
// after the other stays linear.
void *xgrow(void *p, size_t n, size_t size);
char *xstrdup(const char *s);            // NULL stays NULL
char *xstrndup(const char *s, size_t n); // at most n bytes of s
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
char *xvasprintf(const char *fmt, va_list ap) __attribute__((format(printf, 1, 0)));

#define xnew(type) ((type *)xcalloc(1, sizeof(type)))
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

// Scope-bound release, for C outside lua/ (a longjmp would skip it there):
//     _cleanup_(free_p) char *name = xstrdup(…);
#define _cleanup_(fn) __attribute__((cleanup(fn)))
#define _cleanup_free_ _cleanup_(free_p)

static inline void free_p(void *pp)
{
    free(*(void **)pp);
}

// Hands the pointer out of a scope that would free it: `*ret_x = steal(&x);`
#define steal(pp)                                                                                                      \
    ({                                                                                                                 \
        __typeof__(*(pp)) stolen_ = *(pp);                                                                             \
        *(pp) = NULL;                                                                                                  \
        stolen_;                                                                                                       \
    })

// Defines `static inline void fn_p(type **)` for _cleanup_ from a destructor that accepts NULL.
#define DEFINE_CLEANUP(type, fn)                                                                                       \
    static inline void fn##_p(type **pp)                                                                               \
    {                                                                                                                  \
        fn(*pp);                                                                                                       \
    }                                                                                                                  \
    struct mem_swallow_semicolon_

// Wipes a secret so that the compiler cannot drop the store.
void mem_wipe(void *p, size_t n);
// Wipes and frees a text; NULL is fine.
void mem_wipe_text(char *s);
DEFINE_CLEANUP(char, mem_wipe_text);
