// SPDX-License-Identifier: GPL-3.0-or-later
// polkit's files, of which tools/access_look.sh tells each as a line. Pure. See rules.h.
#include "core/access/rules.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/node/ask.h"

bool polkit_is_old(const char *version)
{
    enum { FIRST_WITH_RULES = 106 };
    return version && str_starts(version, "0.") && strtol(version + 2, NULL, 10) < FIRST_WITH_RULES;
}

struct search {
    const char *user;
    const struct strv *groups;
    char *by, *group;
};

// What stands behind `mark` up to one of `ends`, one after the other; the caller frees.
static char *next_word(const char **text, const char *mark, const char *ends)
{
    const char *p = strstr(*text, mark);
    if (!p)
        return NULL;
    p += strlen(mark);
    while (*p == ' ' || *p == '(' || *p == '=' || *p == '"' || *p == '\'')
        p++;
    size_t n = strcspn(p, ends);
    *text = p + n;
    return xstrndup(p, n);
}

static bool names_user(const char *text, const char *mark, const char *ends, const char *user)
{
    for (char *word; (word = next_word(&text, mark, ends));) {
        bool same = strcmp(word, user) == 0;
        free(word);
        if (same)
            return true;
    }
    return false;
}

static bool names_group(struct search *s, const char *path, const char *text, const char *mark, const char *ends)
{
    for (char *word; (word = next_word(&text, mark, ends));) {
        bool in = strv_has(s->groups, word);
        if (in || !s->group) {
            free(s->by);
            free(s->group);
            s->by = xstrdup(path);
            s->group = word;
        } else {
            free(word);
        }
        if (in)
            return true;
    }
    return false;
}

static bool grants(struct search *s, const char *path, const char *text, bool pkla)
{
    static const char quotes[] = "\"'";
    bool applies = strstr(text, "org.libvirt.unix.manage") || strstr(text, "org.libvirt.unix.*") ||
                   strstr(text, "org.libvirt.*") || strstr(text, "indexOf(\"org.libvirt.");
    if (!applies || !strstr(text, pkla ? "ResultAny=yes" : "polkit.Result.YES"))
        return false;
    bool user =
        pkla ? names_user(text, "unix-user:", "; ", s->user) : names_user(text, "subject.user", quotes, s->user);
    if (user) {
        free(s->by);
        s->by = xstrdup(path);
        return true;
    }
    return pkla ? names_group(s, path, text, "unix-group:", "; ") : names_group(s, path, text, "isInGroup", quotes);
}

static bool search(struct search *s, const struct facts *f, const char *key, bool pkla)
{
    _cleanup_free_ char *text_key = xasprintf("%s_text", key);
    size_t at = 0, text_at = 0, row;
    const char *path, *text;
    while ((path = facts_next(f, key, &at)) && (text = facts_next(f, text_key, &text_at))) {
        path = fact_row(path, SIZE_MAX, &row);
        if (path && grants(s, path, text, pkla))
            return true;
    }
    return false;
}

bool rules_grant(const struct facts *f, const char *user, const struct strv *groups, bool pkla, char **ret_by,
                 char **ret_group)
{
    struct search s = {user, groups, NULL, NULL};
    bool old = polkit_is_old(facts_get(f, "polkit"));
    bool granted = (!old && search(&s, f, "rule", false)) || (pkla && search(&s, f, "pkla", true));
    *ret_by = s.by;
    *ret_group = s.group;
    return granted;
}
