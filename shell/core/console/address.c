// SPDX-License-Identifier: GPL-3.0-or-later
// Kinds of addresses (RFC 6890 and those it names). Pure. See address.h.
#include "core/console/address.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <string.h>

#include "base/mem.h"

static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};

bool address_parse(const char *text, struct address *ret)
{
    if (inet_pton(AF_INET6, text, ret->bytes) == 1)
        return true;
    memcpy(ret->bytes, mapped, sizeof(mapped));
    return inet_pton(AF_INET, text, ret->bytes + sizeof(mapped)) == 1;
}

bool address_equal(const struct address *a, const struct address *b)
{
    return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

struct range {
    const char *prefix;
    unsigned bits;
    const char *why;
};

// Of the mapped form: a.b.c.d/N is of N + 96 bits. The first that fits counts.
static const struct range ranges[] = {
    {"127.0.0.0", 96 + 8, "is a loopback address"},
    {"::1", 128, "is a loopback address"},
    {"0.0.0.0", 96 + 8, "is no address of a host"},
    {"169.254.0.0", 96 + 16, "is good on one link only"},
    {"224.0.0.0", 96 + 4, "is a multicast address"},
    {"240.0.0.0", 96 + 4, "is no address of a host"}, // and the broadcast address
    {"::ffff:0.0.0.0", 96, NULL},
    {"::", 96, "is no address of a host"}, // the unspecified one, and IPv4 in an old disguise
    {"64:ff9b::", 96, "stands for an IPv4 address"},
    {"fe80::", 10, "is good on one link only"},
    {"fec0::", 10, "is good on one site only"},
    {"ff00::", 8, "is a multicast address"},
};

static bool is_in(const struct address *a, const struct range *r)
{
    struct address prefix;
    address_parse(r->prefix, &prefix);
    size_t whole = r->bits / 8, rest = r->bits % 8;
    unsigned char mask = (unsigned char)(0xff << (8 - rest));
    return memcmp(a->bytes, prefix.bytes, whole) == 0 &&
           (!rest || (a->bytes[whole] & mask) == (prefix.bytes[whole] & mask));
}

bool address_is_loopback(const struct address *a)
{
    return is_in(a, &ranges[0]) || is_in(a, &ranges[1]);
}

bool address_is_unspecified(const struct address *a)
{
    struct address v4, v6;
    address_parse("0.0.0.0", &v4);
    address_parse("::", &v6);
    return address_equal(a, &v4) || address_equal(a, &v6);
}

const char *address_not_of_guest(const struct address *a)
{
    for (size_t i = 0; i < ARRAY_SIZE(ranges); i++) {
        if (is_in(a, &ranges[i]))
            return ranges[i].why;
    }
    return NULL;
}
