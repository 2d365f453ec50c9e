// SPDX-License-Identifier: GPL-3.0-or-later
// The words of migration, and what there is to know of migsh itself, a text for each: topics/NAME.txt, whose first line
// is the title and whose second tells other words for it, behind "also:", or "help:" where it is about migsh. Pure; any
// thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/strv.h"

struct explain_topic_text {
    const char *name, *text;
};

struct explain_topic {
    const char *name; // lent
    char *title;
    struct strv synonyms;
    bool about_migsh; // for help; no word of migration
    const char *body; // lent; lines, the last one ended too
};

// The topic number `i`, by name; false behind the last one.
bool explain_topic(size_t i, struct explain_topic *ret);
// By its name or another word for it; letter case and the difference between '-', '_' and a blank are ignored.
bool explain_topic_find(const char *word, struct explain_topic *ret);
// The words of migration of which one stands in `text`.
void explain_topics_in(const char *text, struct strv *out);
void explain_topic_release(struct explain_topic *t);
#define _cleanup_topic_ _cleanup_(explain_topic_release)
