// SPDX-License-Identifier: GPL-3.0-or-later
// String lists, and string questions. See strv.h.
#include "base/strv.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "base/mem.h"

void strv_take(struct strv *v, char *s)
{
    if (v->n + 2 > v->cap) {
        v->cap = v->cap ? v->cap * 2 : 8;
        v->s = xrealloc(v->s, v->cap, sizeof(char *));
    }
    v->s[v->n++] = s;
    v->s[v->n] = NULL;
}

void strv_add(struct strv *v, const char *s)
{
    strv_take(v, xstrdup(s));
}

void strv_split(struct strv *v, const char *s, char sep)
{
    while (*s) {
        const char *end = strchrnul(s, sep);
        if (end > s)
            strv_take(v, xstrndup(s, (size_t)(end - s)));
        s = *end ? end + 1 : end;
    }
}

void strv_copy(struct strv *to, const struct strv *from)
{
    for (size_t i = 0; i < from->n; i++)
        strv_add(to, from->s[i]);
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void strv_sort_unique(struct strv *v)
{
    if (v->n < 2)
        return;
    qsort(v->s, v->n, sizeof(char *), compare);
    size_t out = 1;
    for (size_t i = 1; i < v->n; i++) {
        if (strcmp(v->s[i], v->s[out - 1]) == 0)
            free(v->s[i]);
        else
            v->s[out++] = v->s[i];
    }
    v->n = out;
    v->s[out] = NULL;
}

bool strv_has(const struct strv *v, const char *s)
{
    for (size_t i = 0; i < v->n; i++) {
        if (strcmp(v->s[i], s) == 0)
            return true;
    }
    return false;
}

void strv_release(struct strv *v)
{
    for (size_t i = 0; i < v->n; i++)
        free(v->s[i]);
    free(v->s);
    *v = (struct strv)STRV_INIT;
}

bool str_starts(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool str_ends(const char *s, const char *suffix)
{
    size_t n = strlen(s), k = strlen(suffix);
    return n >= k && strcmp(s + n - k, suffix) == 0;
}

static size_t min3(size_t a, size_t b, size_t c)
{
    size_t m = a < b ? a : b;
    return m < c ? m : c;
}

static size_t edit_distance(const char *a, const char *b)
{
    enum { MAX = 64 };
    size_t na = strlen(a), nb = strlen(b);
    if (na >= MAX || nb >= MAX)
        return MAX;
    size_t d[MAX][MAX];
    for (size_t i = 0; i <= na; i++)
        d[i][0] = i;
    for (size_t j = 0; j <= nb; j++)
        d[0][j] = j;
    for (size_t i = 1; i <= na; i++) {
        for (size_t j = 1; j <= nb; j++) {
            size_t cost = a[i - 1] != b[j - 1];
            d[i][j] = min3(d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + cost);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && d[i - 2][j - 2] + 1 < d[i][j])
                d[i][j] = d[i - 2][j - 2] + 1;
        }
    }
    return d[na][nb];
}

const char *str_nearest(const char *s, const char *const *candidates, size_t n)
{
    size_t limit = strlen(s) / 3;
    size_t best = (limit > 1 ? limit : 1) + 1;
    const char *nearest = NULL;
    for (size_t i = 0; i < n; i++) {
        size_t d = edit_distance(s, candidates[i]);
        if (d < best) {
            best = d;
            nearest = candidates[i];
        }
    }
    return nearest;
}

// The character at s, its columns in *ret_columns. Bad bytes count one each.
static size_t next_character(const char *s, size_t left, mbstate_t *st, size_t *ret_columns)
{
    wchar_t wc;
    size_t n = mbrtowc(&wc, s, left, st);
    if (n == (size_t)-1 || n == (size_t)-2 || n == 0) {
        *st = (mbstate_t){0};
        *ret_columns = 1;
        return 1;
    }
    int w = wcwidth(wc);
    *ret_columns = w > 0 ? (size_t)w : 0;
    return n;
}

size_t str_columns(const char *s)
{
    mbstate_t st = {0};
    size_t columns = 0, w;
    for (size_t left = strlen(s), n; left; s += n, left -= n) {
        n = next_character(s, left, &st, &w);
        columns += w;
    }
    return columns;
}

size_t str_fitting(const char *s, size_t columns)
{
    mbstate_t st = {0};
    const char *at = s;
    for (size_t left = strlen(s), n, w; left; at += n, left -= n, columns -= w) {
        n = next_character(at, left, &st, &w);
        if (w > columns)
            break;
    }
    return (size_t)(at - s);
}

int str_to_int(const char *s, long long min, long long max, long long *ret)
{
    if (!isdigit((unsigned char)s[0]) && !(s[0] == '-' && isdigit((unsigned char)s[1])))
        return -1;
    char *end;
    errno = 0;
    long long v = strtoll(s, &end, 10);
    if (errno || *end || v < min || v > max)
        return -1;
    *ret = v;
    return 0;
}

// A decimal number without sign, exponent, hex or blanks; *ret_rest points behind it.
static int decimal(const char *s, double *ret, const char **ret_rest)
{
    size_t n = strspn(s, "0123456789.");
    if (n == 0 || n > 40 || !isdigit((unsigned char)s[0]))
        return -1;
    char text[48];
    memcpy(text, s, n);
    text[n] = '\0';
    char *end;
    double v = strtod(text, &end);
    if (*end || !isfinite(v))
        return -1;
    *ret = v;
    *ret_rest = s + n;
    return 0;
}

int str_to_duration_ms(const char *s, const char *unit, double *ret_ms)
{
    static const struct {
        const char *name;
        double ms;
    } units[] = {{"us", 0.001}, {"ms", 1}, {"s", 1000}, {"m", 60e3}, {"min", 60e3}, {"h", 3600e3}, {"d", 86400e3}};
    double v;
    const char *rest;
    if (decimal(s, &v, &rest) < 0)
        return -1;
    if (!*rest)
        rest = unit;
    for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
        if (strcmp(rest, units[i].name) == 0) {
            *ret_ms = v * units[i].ms;
            return 0;
        }
    }
    return -1;
}

int str_to_size(const char *s, unsigned long long unit, unsigned long long *ret_bytes)
{
    static const char letters[] = "KMGTPE";
    double v;
    const char *rest;
    if (decimal(s, &v, &rest) < 0)
        return -1;
    double scale = (double)unit;
    if (*rest) {
        const char *letter = strchr(letters, toupper((unsigned char)*rest));
        if (strcasecmp(rest, "b") == 0 || strcasecmp(rest, "bytes") == 0) {
            scale = 1;
        } else if (!letter) {
            return -1;
        } else {
            bool decimal_unit = strcasecmp(rest + 1, "b") == 0;
            if (!decimal_unit && rest[1] && strcasecmp(rest + 1, "ib") != 0)
                return -1;
            scale = pow(decimal_unit ? 1000 : 1024, (double)(letter - letters + 1));
        }
    }
    double bytes = v * scale;
    if (bytes > 18446744073709549568.0)
        return -1;
    *ret_bytes = (unsigned long long)bytes;
    return 0;
}
