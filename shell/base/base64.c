// SPDX-License-Identifier: GPL-3.0-or-later
// Base64. Any thread. See base64.h.
#include "base/base64.h"

#include <stdint.h>
#include <string.h>

#include "base/mem.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *base64_encode(const void *data, size_t n)
{
    const unsigned char *in = data;
    char *out = xcalloc((n + 2) / 3 + 1, 4), *o = out;
    for (size_t i = 0; i < n; i += 3) {
        size_t have = n - i < 3 ? n - i : 3;
        uint32_t three =
            (uint32_t)in[i] << 16 | (have > 1 ? (uint32_t)in[i + 1] << 8 : 0) | (have > 2 ? (uint32_t)in[i + 2] : 0);
        for (size_t k = 0; k < 4; k++)
            *o++ = k <= have ? digits[three >> (18 - 6 * k) & 63] : '=';
    }
    return out;
}

// All digits are taken, then as much padding as the last four lack.
unsigned char *base64_decode(const char *text, size_t *ret_n)
{
    unsigned char *out = xcalloc(strlen(text) / 4 * 3 + 4, 1);
    size_t n = 0, seen = 0, padding = 0;
    uint32_t bits = 0;
    for (const char *p = text; *p; p++) {
        const char *digit = strchr(digits, *p);
        if (strchr(" \t\r\n", *p))
            continue;
        if (*p == '=' && (seen + padding) % 4 >= 2 && padding < 2) {
            padding++;
            continue;
        }
        if (!digit || padding)
            goto bad;
        bits = (bits << 6 | (uint32_t)(digit - digits)) & 0xffffff;
        seen++;
        if (seen % 4 != 1) // the first digit alone is not a byte yet
            out[n++] = (unsigned char)(bits >> (seen % 4 == 0 ? 0 : seen % 4 == 3 ? 2 : 4));
    }
    if ((seen + padding) % 4 == 0) {
        out[n] = 0;
        *ret_n = n;
        return out;
    }
bad:
    mem_wipe(out, n);
    free(out);
    return NULL;
}
