// SPDX-License-Identifier: GPL-3.0-or-later
// A guest's word about its address, judged. Job threads. See guest/address.h.
#include "core/guest/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>

#include "base/mem.h"
#include "core/console/address.h"

static bool is_same(const struct sockaddr *sa, const struct address *a)
{
    char text[INET6_ADDRSTRLEN];
    const void *raw = NULL;
    struct address other;
    if (sa && sa->sa_family == AF_INET)
        raw = &((const struct sockaddr_in *)(const void *)sa)->sin_addr;
    else if (sa && sa->sa_family == AF_INET6)
        raw = &((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr;
    return raw && inet_ntop(sa->sa_family, raw, text, sizeof(text)) && address_parse(text, &other) &&
           address_equal(&other, a);
}

static int check_own(const char *text, const struct address *a, struct err *e)
{
    struct ifaddrs *list;
    if (getifaddrs(&list) < 0)
        return err_errno(e, errno, "this machine's addresses");
    const char *what = NULL;
    for (const struct ifaddrs *i = list; i && !what; i = i->ifa_next) {
        if (is_same(i->ifa_addr, a))
            what = "this machine's own";
        else if ((i->ifa_flags & IFF_BROADCAST) && is_same(i->ifa_broadaddr, a))
            what = "a broadcast address";
    }
    freeifaddrs(list);
    return what ? err_set(e, ERR_UNSAFE, "%s is %s", text, what) : 0;
}

// A name that leads nowhere leads to no guest either.
static bool leads_to(const char *host, const struct address *a)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list = NULL;
    if (getaddrinfo(host, NULL, &hints, &list) != 0)
        return false;
    bool found = false;
    for (const struct addrinfo *i = list; i && !found; i = i->ai_next)
        found = is_same(i->ai_addr, a);
    freeaddrinfo(list);
    return found;
}

int guest_address_check(const char *text, const struct strv *hosts, struct err *e)
{
    struct address a;
    if (!address_parse(text, &a))
        return err_set(e, ERR_UNSAFE, "what the guest reports is not an address");
    const char *why = address_not_of_guest(&a);
    if (why)
        return err_set(e, ERR_UNSAFE, "%s %s", text, why);
    if (check_own(text, &a, e) < 0)
        return -1;
    for (size_t i = 0; i < hosts->n; i++) {
        if (leads_to(hosts->s[i], &a))
            return err_set(e, ERR_UNSAFE, "%s is the node's at %s", text, hosts->s[i]);
    }
    return 0;
}
