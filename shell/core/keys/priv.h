// SPDX-License-Identifier: GPL-3.0-or-later
// What the files core/keys*.c share. Job threads.
#pragma once

#include "core/keys/keys.h"

// Nothing is planned for an account that could not be looked at, and none twice.
static inline bool keys_left_out(const struct keys *k, const struct keys_account *a)
{
    return !a->gathered || keys_is_double(k, a);
}

// Adds a change of lines of ~/.ssh/NAME of the account.
struct change *keys_add_file(struct keys_account *a, struct plan *p, const char *what, const char *name);

// May the word stand in a known_hosts line as one name: no list, no pattern, no marker?
bool keys_is_name(const char *s);
