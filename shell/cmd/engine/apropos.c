// SPDX-License-Identifier: GPL-3.0-or-later
// The search. See apropos.h.
#include "cmd/engine/apropos.h"

#include <string.h>

#include "base/mem.h"
#include "cmd/engine/bind.h"
#include "cmd/engine/help.h"
#include "cmd/engine/table.h"
#include "core/explain/topics.h"

static bool stands_in(const char *word, const char *text)
{
    return text && strcasestr(text, word);
}

static void search_commands(const char *word, struct buf *out)
{
    size_t n;
    _cleanup_free_ const struct cmd_def **all = cmd_all(&n);
    for (size_t i = 0; i < n; i++) {
        const struct cmd_def *d = all[i];
        if (stands_in(word, d->name) || stands_in(word, d->summary) || stands_in(word, d->help))
            help_line(d->name, d->summary, out);
    }
}

// --node and others that many commands share stand in each of them; who looks for one wants to know that it is there.
static void search_options(const char *word, struct buf *out)
{
    size_t n;
    _cleanup_free_ const struct cmd_def **all = cmd_all(&n);
    for (size_t i = 0; i < n; i++) {
        const struct opt_def *end = all[i]->passed;
        for (const struct opt_def *o = all[i]->opts; o && o->name && o != end; o++) {
            if ((o->flags & OPTF_HIDDEN) || !(stands_in(word, o->name) || stands_in(word, o->help)))
                continue;
            _cleanup_free_ char *name = xasprintf("%s --%s", all[i]->name, o->name);
            help_line(name, o->help, out);
        }
    }
}

static void search_topics(const char *word, struct buf *out)
{
    struct explain_topic t;
    for (size_t i = 0; explain_topic(i, &t); i++) {
        if (stands_in(word, t.name) || stands_in(word, t.title) || stands_in(word, t.body))
            help_line(t.name, t.title, out);
        explain_topic_release(&t);
    }
}

bool help_search(const char *word, struct buf *out)
{
    static const struct {
        const char *title;
        void (*search)(const char *word, struct buf *out);
    } places[] = {{"Commands", search_commands}, {"Options", search_options}, {"Topics", search_topics}};
    size_t from = out->len;
    if (!word[strspn(word, " ")])
        return false;
    for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
        _cleanup_buf_ struct buf found = BUF_INIT;
        places[i].search(word, &found);
        if (found.len)
            buf_addf(out, "%s %s in which '%s' stands:\n%s", out->len > from ? "\n" : "", places[i].title, word,
                     found.s);
    }
    return out->len > from;
}
