// SPDX-License-Identifier: GPL-3.0-or-later
// JSON strings from foreign bytes, and JSON text for a terminal. See json.h.
#include "base/json.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/printable.h"

json_t *json_textn(const char *s, size_t n)
{
    json_t *plain = json_stringn(s, n);
    if (plain)
        return plain;
    _cleanup_buf_ struct buf b = BUF_INIT;
    for (size_t i = 0; i < n;) {
        size_t len = utf8_sequence(s + i, n - i);
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

// Outside of strings JSON is ASCII, so an escape never lands where it would be no JSON.
char *json_dump_printable(const json_t *value, size_t flags)
{
    _cleanup_free_ char *plain = json_dumps(value, flags);
    if (!plain)
        return NULL;
    struct buf b = BUF_INIT;
    for (size_t i = 0, n = strlen(plain); i < n;) {
        size_t len = utf8_sequence(plain + i, n - i);
        unsigned harmful = len ? utf8_harmful(plain + i, len) : 0;
        len = len ? len : 1;
        if (harmful)
            buf_addf(&b, "\\u%04x", harmful);
        else
            buf_add(&b, plain + i, len);
        i += len;
    }
    return buf_steal(&b);
}

const char *json_text_at(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}
