// SPDX-License-Identifier: GPL-3.0-or-later
// The one parser of command lines, quoting as in virsh and sh: '…' and "…", backslash, "#" begins a comment at a word's
// beginning, ";" and newline separate commands, and so does a "&" that is a word of its own: what stands before it runs
// behind what follows. A "|", ">" or ">>" that begins a word leads a command's result elsewhere: behind ">" stands the
// name of a file, behind "|" a text for sh, up to the end of the command. Pure; any thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/strv.h"

enum redirect_kind { REDIRECT_NONE, REDIRECT_PIPE, REDIRECT_FILE, REDIRECT_APPEND };

struct redirect {
    enum redirect_kind kind;
    char *to; // a line for sh, or the name of a file as it was typed
};

struct parsed {
    struct strv *cmds;   // n commands, each at least one word
    char **behind;       // of each as it was typed, where "&" ends it; else NULL
    struct redirect *to; // of each, where its result goes
    size_t n;
};

// ERR_USAGE for what cannot be meant, such as an unclosed quote or a backslash at the very end; *ret_incomplete then
// tells that more input could mend it.
int parse_text(const char *text, struct parsed *ret, bool *ret_incomplete, struct err *e);
void parsed_release(struct parsed *p);
#define _cleanup_parsed_ _cleanup_(parsed_release)

// Does the character mean something else than itself in a word, or at the beginning of one, that stands without quotes?
bool parse_is_special(char c, bool first);

// The words as they can be typed; free it.
char *parse_typed(const struct strv *words);

// For completion: the words of the last command before byte `end` of text, the last word being the one under the cursor
// (possibly empty), unquoted as far as it goes. *ret_start: where in text that word begins; *ret_quote: its open quote
// or 0. What it returns says what the word is: REDIRECT_NONE, a word of that command; else the name of a file, or a
// word for sh.
enum redirect_kind parse_for_completion(const char *text, size_t end, struct strv *ret_words, size_t *ret_start,
                                        char *ret_quote);
