// SPDX-License-Identifier: GPL-3.0-or-later
// What virt-host-validate says: lines "  QEMU: Checking for … : PASS", "WARN (what to do)", "FAIL (what to do)". Pure.
#include <string.h>

#include "base/json.h"
#include "core/access/access.h"

// The level that the end of a line names, and what stands in brackets behind it.
static const char *level_of(const char *s, size_t len, const char **ret_hint, size_t *ret_len)
{
    static const char *const words[][2] = {{"PASS", "pass"}, {"WARN", "warn"}, {"FAIL", "fail"}, {"NOTE", "skip"}};
    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        size_t n = strlen(words[i][0]);
        if (len < n || memcmp(s, words[i][0], n) != 0)
            continue;
        bool hint = len > n + 2 && memcmp(s + n, " (", 2) == 0 && s[len - 1] == ')';
        if (len != n && !hint)
            return NULL;
        *ret_hint = hint ? s + n + 2 : NULL;
        *ret_len = hint ? len - n - 3 : 0;
        return words[i][1];
    }
    return NULL;
}

static size_t trim(const char *s, size_t len)
{
    while (len && strchr(" \t\r", s[len - 1]))
        len--;
    return len;
}

static bool add_line(const char *node, const char *s, size_t len, json_t *findings)
{
    static const char checking[] = ": Checking ", *const starts[] = {"for ", "if "};
    const char *colon = memmem(s, len, checking, sizeof(checking) - 1), *hint = NULL, *end = NULL, *level = NULL;
    size_t hint_len = 0;
    if (!colon)
        return false;
    // What is checked may have a colon in it, and so may the hint: the first " : " with a level behind it.
    const char *what = colon + sizeof(checking) - 1;
    for (const char *p = what; !level && (p = memmem(p, (size_t)(s + len - p), " : ", 3)); p += 3) {
        end = p;
        level = level_of(p + 3, (size_t)(s + len - p - 3), &hint, &hint_len);
    }
    if (!level)
        return false;
    for (size_t i = 0; i < ARRAY_SIZE(starts); i++) {
        size_t n = strlen(starts[i]);
        what += (size_t)(end - what) > n && memcmp(what, starts[i], n) == 0 ? n : 0;
    }
    json_t *row =
        json_pack("{s:o, s:o, s:o, s:o}", "node", json_text(node), "driver", json_textn(s, (size_t)(colon - s)), "gate",
                  json_textn(what, trim(what, (size_t)(end - what))), "level", json_text(level));
    if (hint)
        json_object_set_new(row, "why", json_textn(hint, hint_len));
    json_array_append_new(findings, row);
    return true;
}

size_t access_validate_parse(const char *node, const char *text, size_t len, json_t *findings)
{
    size_t n = 0;
    for (const char *p = text, *end = text + len; p < end;) {
        const char *eol = memchr(p, '\n', (size_t)(end - p));
        const char *to = eol ? eol : end;
        while (p < to && (*p == ' ' || *p == '\t'))
            p++;
        n += add_line(node, p, trim(p, (size_t)(to - p)), findings);
        p = to + 1;
    }
    return n;
}
