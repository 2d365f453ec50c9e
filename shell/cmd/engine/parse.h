// SPDX-License-Identifier: GPL-3.0-or-later
// The one parser of command lines, quoting as in virsh and sh: '…' and "…", backslash, "#" begins a comment at a word's
// beginning, ";" and newline separate commands, and so does a "&" that is a word of its own: what stands before it runs
// behind what follows. Pure; any thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/strv.h"

struct parsed {
    struct strv *cmds; // n commands, each at least one word
    char **behind;     // of each as it was typed, where "&" ends it; else NULL
    size_t n;
};

// ERR_USAGE for an unclosed quote or a backslash at the very end; *ret_incomplete then tells that more input could mend
// it.
int parse_text(const char *text, struct parsed *ret, bool *ret_incomplete, struct err *e);
void parsed_release(struct parsed *p);
#define _cleanup_parsed_ _cleanup_(parsed_release)

// For completion: the words of the last command before byte `end` of text, the last word being the one under the cursor
// (possibly empty), unquoted as far as it goes. *ret_start: where in text that word begins; *ret_quote: its open quote
// or 0.
void parse_for_completion(const char *text, size_t end, struct strv *ret_words, size_t *ret_start, char *ret_quote);
