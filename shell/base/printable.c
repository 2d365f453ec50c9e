// SPDX-License-Identifier: GPL-3.0-or-later
// Foreign text made printable. See printable.h.
#include "base/printable.h"

#include <string.h>

size_t utf8_sequence(const char *text, size_t n)
{
    const unsigned char *s = (const unsigned char *)text;
    if (s[0] < 0x80)
        return s[0] ? 1 : 0;
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

unsigned utf8_harmful(const char *s, size_t len)
{
    const unsigned char *u = (const unsigned char *)s;
    unsigned c = len == 1   ? u[0]
                 : len == 2 ? (u[0] & 0x1fU) << 6 | (u[1] & 0x3fU)
                 : len == 3 ? (u[0] & 0x0fU) << 12 | (u[1] & 0x3fU) << 6 | (u[2] & 0x3fU)
                            : 0; // none of them needs four bytes
    bool control = (c < 0x20 && c != '\n' && c != '\t') || (c >= 0x7f && c <= 0x9f);
    bool direction =
        c == 0x61c || c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
    bool separator = c == 0x2028 || c == 0x2029;
    return control || direction || separator ? c : 0;
}

// The one character or bad byte at s; returns its length.
static size_t add_one(struct buf *b, const char *s, size_t n)
{
    size_t len = utf8_sequence(s, n);
    unsigned harmful = len ? utf8_harmful(s, len) : 0;
    if (!len)
        buf_addf(b, "\\x%02x", (unsigned char)*s);
    else if (harmful)
        buf_addf(b, harmful < 0x100 ? "\\x%02x" : "\\u%04x", harmful);
    else
        buf_add(b, s, len);
    return len ? len : 1;
}

void buf_add_printable(struct buf *b, const char *s, size_t n)
{
    for (size_t i = 0; i < n;) {
        size_t plain = i;
        while (plain < n && ((s[plain] >= ' ' && s[plain] <= '~') || s[plain] == '\n'))
            plain++;
        buf_add(b, s + i, plain - i);
        i = plain;
        if (i < n)
            i += add_one(b, s + i, n - i);
    }
}

void buf_add_line(struct buf *b, const char *s)
{
    size_t n = strlen(s), start = b->len;
    while (n && s[n - 1] == '\n')
        n--;
    for (size_t i = 0; i < n;) {
        if (s[i] == '\t') { // it would move what follows, and look like blanks
            buf_adds(b, "\\x09");
            i++;
            continue;
        }
        if (s[i] != '\n') {
            i += add_one(b, s + i, n - i);
            continue;
        }
        while (b->len > start && b->s[b->len - 1] == ' ')
            buf_truncate(b, b->len - 1);
        i += strspn(s + i, "\n\t ");
        if (b->len > start)
            buf_addc(b, ' ');
    }
}

void buf_add_message(struct buf *b, const char *s)
{
    size_t n = strlen(s);
    while (n && s[n - 1] == '\n')
        n--;
    for (const char *end = s + n, *newline; (newline = memchr(s, '\n', n)); n = (size_t)(end - s)) {
        buf_add_printable(b, s, (size_t)(newline + 1 - s));
        s = newline + 1;
        buf_adds(b, *s == ' ' || *s == '\t' ? "" : "  ");
    }
    buf_add_printable(b, s, n);
}

bool is_printable_line(const char *s)
{
    for (size_t n = strlen(s), len; n; s += len, n -= len) {
        len = utf8_sequence(s, n);
        if (!len || *s == '\n' || utf8_harmful(s, len))
            return false;
    }
    return true;
}

void buf_add_typed(struct buf *b, const char *s, size_t n)
{
    for (size_t i = 0, len; i < n; i += len) {
        len = utf8_sequence(s + i, n - i);
        bool shown = len && ((unsigned char)s[i] < 0x80 || !utf8_harmful(s + i, len));
        len = len ? len : 1;
        if (shown)
            buf_add(b, s + i, len);
        else
            buf_add_printable(b, s + i, len);
    }
}
