// SPDX-License-Identifier: GPL-3.0-or-later
// See clock.h.
#include "base/clock.h"

#include <string.h>
#include <time.h>

#include "base/mem.h"

static int64_t now_ns(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t clock_mono_ns(void)
{
    return now_ns(CLOCK_MONOTONIC);
}

double clock_mono_ms(void)
{
    return (double)clock_mono_ns() / 1e6;
}

double clock_mono_s(void)
{
    return (double)clock_mono_ns() / 1e9;
}

double clock_boot_ms(void)
{
    return (double)now_ns(CLOCK_BOOTTIME) / 1e6;
}

int64_t clock_real_ns(void)
{
    return now_ns(CLOCK_REALTIME);
}

double clock_real_s(void)
{
    return (double)clock_real_ns() / 1e9;
}

static char *text_of(double real_s, const char *format)
{
    char text[32];
    struct tm tm;
    time_t t = (time_t)real_s;
    if (!localtime_r(&t, &tm) || !strftime(text, sizeof(text), format, &tm))
        return xstrdup("?");
    return xstrdup(text);
}

char *clock_text(double real_s)
{
    return text_of(real_s, "%Y-%m-%d %H:%M:%S");
}

char *clock_text_brief(double real_s)
{
    _cleanup_free_ char *day = text_of(real_s, "%Y-%m-%d"), *today = text_of(clock_real_s(), "%Y-%m-%d");
    return text_of(real_s, strcmp(day, today) == 0 ? "%H:%M" : "%Y-%m-%d %H:%M");
}
