// SPDX-License-Identifier: GPL-3.0-or-later
// Libvirt URIs, read as libvirt's remote driver reads them: names in any case, percent-encoded, parted by & or ;. See
// uri.h.
#include "core/console/uri.h"

#include <ctype.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/strv.h"

static const char *const programs[] = {"command", "netcat"};

static void decode(const char *s, size_t n, struct buf *out)
{
    for (size_t i = 0; i < n; i++) {
        char c = s[i];
        if (s[i] == '%' && i + 2 < n && isxdigit((unsigned char)s[i + 1]) && isxdigit((unsigned char)s[i + 2])) {
            const char hex[] = {s[i + 1], s[i + 2], '\0'};
            c = (char)strtol(hex, NULL, 16);
            i += 2;
        }
        buf_addc(out, c);
    }
}

static bool is_ext(const char *uri)
{
    size_t scheme = strcspn(uri, ":/?#");
    const char *plus = memchr(uri, '+', scheme);
    return plus && uri + scheme - plus == 4 && strncasecmp(plus, "+ext", 4) == 0;
}

const char *uri_program(const char *uri)
{
    if (is_ext(uri))
        return "+ext";
    const char *at = strchrnul(uri, '?');
    while (*at) {
        at++;
        size_t n = strcspn(at, "&;"), name_n = strcspn(at, "=&;");
        _cleanup_buf_ struct buf name = BUF_INIT;
        decode(at, name_n, &name);
        for (size_t i = 0; i < ARRAY_SIZE(programs); i++) {
            if (strcasecmp(buf_str(&name), programs[i]) == 0)
                return programs[i];
        }
        at += n;
    }
    return NULL;
}
