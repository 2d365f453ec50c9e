// SPDX-License-Identifier: GPL-3.0-or-later
// See units.h.
#include "base/units.h"

#include <stddef.h>
#include <stdio.h>

#include "base/mem.h"

void units_bytes(double n, int digits, char ret[UNITS_TEXT])
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    size_t i = 0;
    for (; n >= 1024 && i + 1 < ARRAY_SIZE(units); i++)
        n /= 1024;
    snprintf(ret, UNITS_TEXT, "%.*f %s", digits, n, units[i]);
}
