// SPDX-License-Identifier: GPL-3.0-or-later
// IPv4 and IPv6 addresses as texts: what inet_pton() takes, and what kind of address that is. Pure; any thread.
#pragma once

#include <stdbool.h>

struct address {
    unsigned char bytes[16]; // IPv4 as ::ffff:a.b.c.d
};

bool address_parse(const char *text, struct address *ret);
bool address_equal(const struct address *a, const struct address *b);
bool address_is_loopback(const struct address *a);
bool address_is_unspecified(const struct address *a);
// Why no guest can be reached by that address from elsewhere ("is a loopback address" …); NULL: one could.
const char *address_not_of_guest(const struct address *a);
