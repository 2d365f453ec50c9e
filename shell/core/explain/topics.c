// SPDX-License-Identifier: GPL-3.0-or-later
// Topics out of their files. See explain/topics.h.
#include "core/explain/topics.h"

#include <ctype.h>
#include <string.h>

#include "base/mem.h"
#include "core/explain/topics_priv.h"

static const char ALSO[] = "also: ", HELP[] = "help: "; // equally long

bool explain_topic(size_t i, struct explain_topic *ret)
{
    size_t n = 0;
    while (explain_topic_texts[n].name)
        n++;
    if (i >= n)
        return false;
    const char *text = explain_topic_texts[i].text, *also = text + strcspn(text, "\n") + 1;
    const char *body = also + strcspn(also, "\n") + 1;
    *ret = (struct explain_topic){.name = explain_topic_texts[i].name, .body = body};
    ret->about_migsh = str_starts(also, HELP);
    ret->title = xstrndup(text, strcspn(text, "\n"));
    _cleanup_free_ char *words = xstrndup(also + strlen(ALSO), (size_t)(body - also) - strlen(ALSO) - 1);
    _cleanup_strv_ struct strv parts = STRV_INIT;
    strv_split(&parts, words, ',');
    for (size_t k = 0; k < parts.n; k++)
        strv_add(&ret->synonyms, parts.s[k] + strspn(parts.s[k], " "));
    return true;
}

static char plain(char c)
{
    return c == '_' || c == ' ' ? '-' : (char)tolower((unsigned char)c);
}

static bool same(const char *a, const char *b)
{
    while (*a && plain(*a) == plain(*b))
        a++, b++;
    return *a == *b;
}

bool explain_topic_find(const char *word, struct explain_topic *ret)
{
    struct explain_topic t;
    for (size_t i = 0; explain_topic(i, &t); i++) {
        bool found = same(word, t.name);
        for (size_t k = 0; k < t.synonyms.n && !found; k++)
            found = same(word, t.synonyms.s[k]);
        if (found) {
            *ret = t;
            return true;
        }
        explain_topic_release(&t);
    }
    return false;
}

static bool is_word_char(char c)
{
    return isalnum((unsigned char)c) || c == '-' || c == '_';
}

void explain_topics_in(const char *text, struct strv *out)
{
    for (const char *p = text; *p;) {
        size_t n = 0;
        while (is_word_char(p[n]))
            n++;
        _cleanup_free_ char *word = xstrndup(p, n);
        struct explain_topic t;
        if (n && explain_topic_find(word, &t)) {
            if (!t.about_migsh && !strv_has(out, t.name))
                strv_add(out, t.name);
            explain_topic_release(&t);
        }
        p += n ? n : 1;
    }
}

void explain_topic_release(struct explain_topic *t)
{
    free(t->title);
    strv_release(&t->synonyms);
    *t = (struct explain_topic){0};
}
