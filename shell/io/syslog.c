// SPDX-License-Identifier: GPL-3.0-or-later
// The systemd journal's datagram socket. See syslog.h.
#include "io/syslog.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define SOCKET "/run/systemd/journal/socket"
enum { WAIT_S = 2, VALUE_MAX = 4096, LENGTH_BYTES = 8 };

// "NAME=VALUE\n", or, as a value with newlines would be several: "NAME\n", its length in 64 bits of little endian, the
// value, "\n".
void syslog_datagram(const json_t *fields, struct buf *out)
{
    const char *name;
    json_t *one;
    json_object_foreach((json_t *)fields, name, one)
    {
        const char *s = json_string_value(one);
        size_t n = json_string_length(one);
        if (n > VALUE_MAX) { // a datagram has its limits
            n = VALUE_MAX;
            while (n > 0 && ((unsigned char)s[n] & 0xc0) == 0x80) // not within a character
                n--;
        }
        buf_adds(out, name);
        if (s && !memchr(s, '\n', n)) {
            buf_addc(out, '=');
        } else {
            buf_addc(out, '\n');
            for (size_t i = 0; i < LENGTH_BYTES; i++)
                buf_addc(out, (char)((unsigned long long)n >> (8 * i)));
        }
        buf_add(out, s ? s : "", n);
        buf_addc(out, '\n');
    }
}

void syslog_send(const json_t *fields)
{
    static const struct sockaddr_un to = {.sun_family = AF_UNIX, .sun_path = SOCKET};
    static const struct timeval wait = {.tv_sec = WAIT_S};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    _cleanup_buf_ struct buf b = BUF_INIT;
    syslog_datagram(fields, &b);
    if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait)) == 0)
        (void)!sendto(fd, b.s, b.len, MSG_NOSIGNAL, (const struct sockaddr *)&to, sizeof(to));
    close(fd);
}
