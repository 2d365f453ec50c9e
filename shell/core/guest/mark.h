// SPDX-License-Identifier: GPL-3.0-or-later
// The mark that a migration leaves in a domain's definition: an element of our own name space in its <metadata>,
//   <migsh:migration xmlns:migsh="urn:migsh:migration" role="…" journal="…" node="…"/>
// It is read by its name space, wherever that is declared and however the XML is written; a comment, or an element of
// that name in another name space, is none. Pure; any thread.
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "base/mem.h"

struct mark {
    char *role;    // "copy": made by a migration from `node`; "moved": left behind, the guest is on `node`
    char *journal; // of that migration
    char *node;    // the other one's name. What the element does not say is NULL
};
void mark_release(struct mark *m);
#define _cleanup_mark_ _cleanup_(mark_release)

// 1: *ret is the mark of the definition `xml`; 0: it has none; -1: it is not well-formed (ERR_USAGE).
int mark_read(const char *xml, struct mark *ret, struct err *e);
// With that mark, in place of one that was there. ERR_USAGE also where `xml` is no domain with a name.
int mark_write(const char *xml, const struct mark *m, char **ret, struct err *e);
// Without a mark, and without a <metadata> that held nothing else. Always as libxml2 writes it: two of these compare.
int mark_remove(const char *xml, char **ret, struct err *e);
