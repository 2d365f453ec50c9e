// SPDX-License-Identifier: GPL-3.0-or-later
// Where a probe goes: names and addresses. Any thread; probe_resolve() blocks on a name.
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "io/probe/probe.h"

int probe_resolve(const char *host, uint16_t port, struct probe_addr *ret, struct err *e)
{
    // SOCK_STREAM only keeps the list from naming each address three times.
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST}, *list = NULL;
    char service[8];
    snprintf(service, sizeof(service), "%u", (unsigned)port);
    int r = getaddrinfo(host, service, &hints, &list);
    if (r == EAI_NONAME) {
        // Only addresses this machine could reach, so that a name with both families works on an IPv4-only host.
        hints.ai_flags = AI_ADDRCONFIG;
        r = getaddrinfo(host, service, &hints, &list);
    }
    if (r != 0) {
        err_set(e, r == EAI_AGAIN ? ERR_UNREACHABLE : ERR_NOT_FOUND, "cannot resolve '%s': %s", host, gai_strerror(r));
        return -1;
    }
    struct probe_addr addr = {.len = list->ai_addrlen};
    memcpy(&addr.sa, list->ai_addr, list->ai_addrlen);
    freeaddrinfo(list);
    *ret = addr;
    return 0;
}

void probe_addr_text(const struct probe_addr *addr, char *buf, size_t size)
{
    if (getnameinfo((const struct sockaddr *)&addr->sa, addr->len, buf, (socklen_t)size, NULL, 0, NI_NUMERICHOST) != 0)
        snprintf(buf, size, "?");
}
