// SPDX-License-Identifier: GPL-3.0-or-later
// Which options go together. Pure. See rules.h.
#include "cmd/engine/rules.h"

#include <string.h>

#include "base/buf.h"

size_t rules_find(const struct opt_def *opts, size_t n, const char *name, size_t len)
{
    size_t i = 0;
    while (i < n && (strncmp(opts[i].name, name, len) != 0 || opts[i].name[len]))
        i++;
    return i;
}

// Takes the next row that "a|b" names off the list.
static bool next(const struct opt_def *opts, size_t n, const char **list, size_t *ret)
{
    while (*list && **list) {
        size_t len = strcspn(*list, "|");
        *ret = rules_find(opts, n, *list, len);
        *list += len + ((*list)[len] == '|');
        if (*ret < n)
            return true;
    }
    return false;
}

static bool names(const struct opt_def *opts, size_t n, const char *list, size_t wanted)
{
    size_t i = 0;
    while (next(opts, n, &list, &i)) {
        if (i == wanted)
            return true;
    }
    return false;
}

// "--a, --b or --c".
static size_t add_names(const struct opt_def *opts, size_t n, const char *list, struct buf *out)
{
    size_t count = 0, i = 0, after = 0;
    for (bool more = next(opts, n, &list, &i); more; i = after) {
        more = next(opts, n, &list, &after);
        buf_addf(out, "%s--%s", !count++ ? "" : more ? ", " : " or ", opts[i].name);
    }
    return count;
}

static int check_row(const struct opt_def *opts, size_t n, const bool *given, size_t i, struct err *e)
{
    const char *list = opts[i].excludes;
    size_t other = 0;
    while (next(opts, n, &list, &other)) {
        if (given[other])
            return err_set(e, ERR_USAGE, "--%s and --%s are mutually exclusive", opts[i < other ? i : other].name,
                           opts[i < other ? other : i].name);
    }
    list = opts[i].needs;
    while (next(opts, n, &list, &other)) {
        if (given[other])
            return 0;
    }
    _cleanup_buf_ struct buf wanted = BUF_INIT;
    if (!add_names(opts, n, opts[i].needs, &wanted))
        return 0;
    return err_set(e, ERR_USAGE, "--%s needs %s", opts[i].name, buf_str(&wanted));
}

int rules_check(const struct opt_def *opts, size_t n, const bool *given, struct err *e)
{
    for (size_t i = 0; i < n; i++) {
        if (given[i] && check_row(opts, n, given, i, e) < 0)
            return -1;
    }
    return 0;
}

bool rules_exclude(const struct opt_def *opts, size_t n, const bool *given, size_t i)
{
    for (size_t k = 0; k < n; k++) {
        if (given[k] && (names(opts, n, opts[i].excludes, k) || names(opts, n, opts[k].excludes, i)))
            return true;
    }
    return false;
}

void rules_describe(const struct opt_def *opts, size_t n, size_t i, struct buf *out)
{
    _cleanup_buf_ struct buf needs = BUF_INIT, excludes = BUF_INIT;
    if (add_names(opts, n, opts[i].needs, &needs))
        buf_addf(out, "needs %s", buf_str(&needs));
    if (add_names(opts, n, opts[i].excludes, &excludes))
        buf_addf(out, "%snot with %s", needs.len ? "; " : "", buf_str(&excludes));
}
