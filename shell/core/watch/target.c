// SPDX-License-Identifier: GPL-3.0-or-later
// See watch/target.h.
#include "core/watch/target.h"

#include <string.h>

#include "base/mem.h"
#include "base/strv.h"

// Splits "HOST:PORT" or "[V6]:PORT"; the port may be missing where `fallback` is not 0.
static int split_port(const char *text, size_t len, uint16_t fallback, struct watch_target *t, struct err *e)
{
    const char *host = text, *end = text + len, *rest;
    size_t host_len;
    if (len && text[0] == '[') {
        const char *close = memchr(text, ']', len);
        if (!close)
            return err_set(e, ERR_USAGE, "'%.*s': no ']' after the IPv6 address", (int)len, text);
        host = text + 1;
        host_len = (size_t)(close - host);
        rest = close + 1;
    } else {
        const char *colon = memrchr(text, ':', len);
        host_len = colon ? (size_t)(colon - text) : len;
        rest = text + host_len;
        if (memchr(host, ':', host_len))
            return err_set(e, ERR_USAGE, "'%.*s': write an IPv6 address in brackets", (int)len, text);
    }
    if (host_len == 0)
        return err_set(e, ERR_USAGE, "'%.*s': no host", (int)len, text);
    long long port = fallback;
    if (rest < end) {
        char *digits = xstrndup(rest + 1, (size_t)(end - rest - 1));
        int r = *rest == ':' ? str_to_int(digits, 1, 65535, &port) : -1;
        free(digits);
        if (r < 0)
            return err_set(e, ERR_USAGE, "'%.*s': not a port from 1 to 65535", (int)len, text);
    }
    if (port == 0)
        return err_set(e, ERR_USAGE, "'%.*s': no port", (int)len, text);
    t->host = xstrndup(host, host_len);
    t->port = (uint16_t)port;
    return 0;
}

static int parse_http(const char *rest, struct watch_target *t, struct err *e)
{
    size_t authority = strcspn(rest, "/?#");
    if (memchr(rest, '@', authority))
        return err_set(e, ERR_UNSUPPORTED, "a URL with a user name cannot be watched");
    if (split_port(rest, authority, 80, t, e) < 0)
        return -1;
    const char *path = rest + authority;
    size_t path_len = strcspn(path, "#");
    t->request = xasprintf("GET %s%.*s HTTP/1.0\r\nHost: %.*s\r\nUser-Agent: migsh\r\nConnection: close\r\n\r\n",
                           *path == '/' ? "" : "/", (int)path_len, path, (int)authority, rest);
    return 0;
}

static int parse(const char *text, struct watch_target *t, struct err *e)
{
    // One check keeps requests free of injected headers, and terminals free of escapes.
    for (const unsigned char *p = (const unsigned char *)text; *p; p++)
        if (*p <= ' ' || *p == 0x7f)
            return err_set(e, ERR_USAGE, "a target cannot have blanks or control characters");
    if (str_starts(text, "https://")) {
        err_set(e, ERR_UNSUPPORTED, "https cannot be watched");
        return err_hint(e, "watch its port: tcp:HOST:443");
    }
    t->name = xstrdup(text);
    if (str_starts(text, "http://")) {
        t->kind = PROBE_HTTP;
        return parse_http(text + strlen("http://"), t, e);
    }
    if (str_starts(text, "tcp:")) {
        t->kind = PROBE_TCP;
        const char *rest = text + strlen(str_starts(text, "tcp://") ? "tcp://" : "tcp:");
        return split_port(rest, strlen(rest), 0, t, e);
    }
    t->kind = PROBE_ICMP;
    size_t len = strlen(text);
    bool bracketed = len > 2 && text[0] == '[' && text[len - 1] == ']';
    if (len == 0 || text[0] == '-')
        return err_set(e, ERR_USAGE, "'%s' is not a target", text);
    t->host = bracketed ? xstrndup(text + 1, len - 2) : xstrdup(text);
    return 0;
}

int watch_target_parse(const char *text, struct watch_target *ret, struct err *e)
{
    struct watch_target t = {0};
    if (parse(text, &t, e) < 0) {
        watch_target_release(&t);
        return -1;
    }
    *ret = t;
    return 0;
}

void watch_target_release(struct watch_target *t)
{
    free(t->name);
    free(t->host);
    free(t->request);
    *t = (struct watch_target){0};
}
