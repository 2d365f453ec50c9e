// SPDX-License-Identifier: GPL-3.0-or-later
// See units.h.
#include "base/units.h"

#include <stddef.h>
#include <stdio.h>

#include "base/mem.h"

const char *units_duration(double ms, char ret[UNITS_TEXT])
{
    if (ms >= 1000)
        snprintf(ret, UNITS_TEXT, "%.2f s", ms / 1e3);
    else
        snprintf(ret, UNITS_TEXT, ms >= 100 ? "%.0f ms" : "%.2f ms", ms);
    return ret;
}

void units_bytes(double n, int digits, char ret[UNITS_TEXT])
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    size_t i = 0;
    for (; n >= 1024 && i + 1 < ARRAY_SIZE(units); i++)
        n /= 1024;
    snprintf(ret, UNITS_TEXT, "%.*f %s", digits, n, units[i]);
}

int units_percent(double left, double total)
{
    if (total <= 0 || left > total)
        return 0;
    if (left <= 0)
        return 100;
    int percent = (int)(100 - left * 100 / total);
    return percent > 99 ? 99 : percent;
}
