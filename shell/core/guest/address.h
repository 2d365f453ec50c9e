// SPDX-License-Identifier: GPL-3.0-or-later
// May what a guest calls its address be contacted? The guest's agent says what it likes: it must not choose whom this
// machine talks to. Job threads: names are resolved.
#pragma once

#include "base/err.h"
#include "base/strv.h"

// 0: `text` is an IPv4 or IPv6 address by which others could reach a guest, none of this machine's, and none of those
// that `hosts` (names and addresses of nodes) lead to. ERR_UNSAFE, and why not.
int guest_address_check(const char *text, const struct strv *hosts, struct err *e);
