// SPDX-License-Identifier: GPL-3.0-or-later
// What an HTTP answer says. Pure; probe thread. Just enough of HTTP/1.x to tell "the service is there" from "something
// is".
#include <stdlib.h>
#include <string.h>

#include "io/probe/priv.h"

// The status of "HTTP/1.x NNN": 0 while the line is not there yet, -1 if it is no such line.
static int status_of(const char *answer, size_t len, bool ended)
{
    static const char prefix[] = "HTTP/1.";
    size_t n = len < sizeof(prefix) - 1 ? len : sizeof(prefix) - 1;
    if (memcmp(answer, prefix, n) != 0)
        return -1;
    if (len < 12)
        return ended ? -1 : 0;
    const char *d = answer + 9;
    for (int i = 0; i < 3; i++)
        if (d[i] < (i ? '0' : '1') || d[i] > '9') // "000" is no status, nor "not there yet"
            return -1;
    return (d[0] - '0') * 100 + (d[1] - '0') * 10 + (d[2] - '0');
}

int probe_http_judge(const char *answer, size_t len, bool ended, const char *expect)
{
    int status = status_of(answer, len, ended);
    if (status == 0)
        return 0;
    if (status < 200 || status > 399)
        return -1;
    if (!expect)
        return 1;
    const char *body = memmem(answer, len, "\r\n\r\n", 4);
    if (body && memmem(body + 4, len - (size_t)(body + 4 - answer), expect, strlen(expect)))
        return 1;
    return ended ? -1 : 0;
}
