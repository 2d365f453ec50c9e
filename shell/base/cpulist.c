// SPDX-License-Identifier: GPL-3.0-or-later
// Sets of CPUs. See cpulist.h.
#include "base/cpulist.h"

#include <ctype.h>
#include <stdbool.h>

#include "base/buf.h"

static bool has(const unsigned char *map, unsigned i)
{
    return map[i / 8] >> i % 8 & 1;
}

static void put(unsigned char *map, unsigned i, bool on)
{
    if (on)
        map[i / 8] |= (unsigned char)(1U << i % 8);
    else
        map[i / 8] &= (unsigned char)~(1U << i % 8);
}

// A number of at most six digits: no host has more CPUs.
static int number(const char **at, unsigned *ret)
{
    unsigned n = 0;
    const char *p = *at;
    for (; isdigit((unsigned char)*p) && p - *at < 6; p++)
        n = n * 10 + (unsigned)(*p - '0');
    if (p == *at || isdigit((unsigned char)*p))
        return -1;
    *at = p;
    *ret = n;
    return 0;
}

int cpulist_parse(const char *text, unsigned cpus, unsigned char **ret, struct err *e)
{
    _cleanup_free_ unsigned char *map = xcalloc(cpulist_bytes(cpus) + 1, 1);
    const char *p = text;
    bool any = false;
    do {
        unsigned first, last;
        while (*p == ' ')
            p++;
        bool without = *p == '^';
        p += without;
        if (number(&p, &first) < 0)
            return err_set(e, ERR_USAGE, "'%s' is not a list of CPUs such as 0-3,^2", text);
        last = first;
        if ((*p == '-' && (p++, number(&p, &last) < 0)) || last < first || (*p && *p != ','))
            return err_set(e, ERR_USAGE, "'%s' is not a list of CPUs such as 0-3,^2", text);
        if (last >= cpus)
            return err_set(e, ERR_USAGE, "CPU %u of '%s' is not there: the host has %u", last, text, cpus);
        for (unsigned i = first; i <= last; i++)
            put(map, i, !without);
    } while (*p++ == ',');
    for (unsigned i = 0; i < cpus; i++)
        any |= has(map, i);
    if (!any)
        return err_set(e, ERR_USAGE, "'%s' leaves no CPU", text);
    *ret = steal(&map);
    return 0;
}

char *cpulist_format(const unsigned char *map, unsigned cpus)
{
    struct buf b = BUF_INIT;
    for (unsigned i = 0; i < cpus; i++) {
        if (!has(map, i))
            continue;
        unsigned first = i;
        while (i + 1 < cpus && has(map, i + 1))
            i++;
        buf_addf(&b, "%s%u", b.len ? "," : "", first);
        if (i > first)
            buf_addf(&b, "-%u", i);
    }
    return buf_steal(&b);
}

char *cpulist_letters(const unsigned char *map, unsigned cpus)
{
    struct buf b = BUF_INIT;
    for (unsigned i = 0; i < cpus; i++)
        buf_addc(&b, has(map, i) ? 'y' : '-');
    return buf_steal(&b);
}
