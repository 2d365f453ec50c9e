// SPDX-License-Identifier: GPL-3.0-or-later
// Sets of CPUs as people write them ("0-3,^2,7") and as libvirt takes them: a map with bit i of byte i / 8. Pure.
#pragma once

#include <stddef.h>

#include "base/err.h"

static inline size_t cpulist_bytes(unsigned cpus)
{
    return (cpus + 7) / 8;
}

// *ret: the map, of so many CPUs; the caller frees. "^" takes away from what stands before it. ERR_USAGE: that is no
// such list, or it names a CPU that is not there, or none.
int cpulist_parse(const char *text, unsigned cpus, unsigned char **ret, struct err *e);
// "0-1,3"; "" of none. The caller frees.
char *cpulist_format(const unsigned char *map, unsigned cpus);
// "yy-y---": one letter for each. The caller frees.
char *cpulist_letters(const unsigned char *map, unsigned cpus);
