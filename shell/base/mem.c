// SPDX-License-Identifier: GPL-3.0-or-later
// Allocation that aborts instead of failing, and wiping of secrets. See mem.h.
#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void *check(void *p)
{
    if (!p) {
        static const char text[] = "migsh: out of memory\n";
        (void)!fwrite(text, 1, sizeof(text) - 1, stderr);
        abort();
    }
    return p;
}

void *xcalloc(size_t n, size_t size)
{
    return check(calloc(n ? n : 1, size ? size : 1));
}

void *xgrow(void *p, size_t n, size_t size)
{
    return n & (n - 1) ? p : xrealloc(p, n ? n * 2 : 1, size);
}

void *xrealloc(void *p, size_t n, size_t size)
{
    return check(reallocarray(p, n ? n : 1, size ? size : 1));
}

char *xstrdup(const char *s)
{
    return s ? check(strdup(s)) : NULL;
}

char *xstrndup(const char *s, size_t n)
{
    return check(strndup(s, n));
}

char *xvasprintf(const char *fmt, va_list ap)
{
    char *s = NULL;
    return check(vasprintf(&s, fmt, ap) < 0 ? NULL : s);
}

char *xasprintf(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *s = xvasprintf(fmt, ap);
    va_end(ap);
    return s;
}

void mem_wipe(void *p, size_t n)
{
    explicit_bzero(p, n);
}

void mem_wipe_text(char *s)
{
    if (s)
        mem_wipe(s, strlen(s));
    free(s);
}
