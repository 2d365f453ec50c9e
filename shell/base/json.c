// SPDX-License-Identifier: GPL-3.0-or-later
// JSON strings from foreign bytes. See json.h.
#include "base/json.h"

#include <string.h>

#include "base/buf.h"

// Length of the UTF-8 sequence at s (RFC 3629: no overlong forms, no surrogates, at most U+10FFFF), 0 if it is none.
static size_t sequence(const unsigned char *s, size_t n)
{
    if (s[0] < 0x80)
        return s[0] ? 1 : 0; // NUL is not text
    size_t len = s[0] >= 0xc2 && s[0] <= 0xdf ? 2 : (s[0] & 0xf0) == 0xe0 ? 3 : s[0] >= 0xf0 && s[0] <= 0xf4 ? 4 : 0;
    if (!len || len > n)
        return 0;
    for (size_t i = 1; i < len; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    }
    if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf0 && s[1] < 0x90) ||
        (s[0] == 0xf4 && s[1] > 0x8f))
        return 0;
    return len;
}

json_t *json_textn(const char *s, size_t n)
{
    json_t *plain = json_stringn(s, n);
    if (plain)
        return plain;
    _cleanup_buf_ struct buf b = BUF_INIT;
    for (size_t i = 0; i < n;) {
        size_t len = sequence((const unsigned char *)s + i, n - i);
        if (len)
            buf_add(&b, s + i, len);
        else
            buf_adds(&b, "\xef\xbf\xbd");
        i += len ? len : 1;
    }
    return json_stringn(buf_str(&b), b.len);
}

json_t *json_text(const char *s)
{
    return s ? json_textn(s, strlen(s)) : json_null();
}
