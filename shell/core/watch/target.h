// SPDX-License-Identifier: GPL-3.0-or-later
// What the operator writes as a target, taken apart. Pure; any thread. Must not resolve names.
#pragma once

#include <stdint.h>

#include "io/probe/probe.h"

struct watch_target {
    enum probe_kind kind;
    char *name;    // as written
    char *host;    // without brackets
    uint16_t port; // 0 for ICMP
    char *request; // HTTP only: a whole HTTP/1.0 request
};

// The forms are those of `targets` in core/watch/watch.h. ERR_USAGE, ERR_UNSUPPORTED.
int watch_target_parse(const char *text, struct watch_target *ret, struct err *e);
void watch_target_release(struct watch_target *t);
