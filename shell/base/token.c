// SPDX-License-Identifier: GPL-3.0-or-later
// See token.h.
#include "base/token.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/mem.h"

void token_fill(void *ret, size_t n)
{
    for (size_t done = 0; done < n;) {
        ssize_t r = getrandom((char *)ret + done, n - done, 0);
        if (r < 0 && errno != EINTR)
            abort();
        done += r > 0 ? (size_t)r : 0;
    }
}

char *token_hex(size_t n)
{
    _cleanup_free_ unsigned char *raw = xcalloc(n + 1, 1);
    char *text = xcalloc(n * 2 + 1, 1);
    token_fill(raw, n);
    for (size_t i = 0; i < n; i++)
        snprintf(text + i * 2, 3, "%02x", raw[i]);
    return text;
}
