// SPDX-License-Identifier: GPL-3.0-or-later
// Random bytes that nobody can guess: names of temporary files, marks, nonces. Any thread. The kernel always has them
// once it has booted: where it says that it has none, the program ends.
#pragma once

#include <stddef.h>

void token_fill(void *ret, size_t n);
// So many bytes as hexadecimal digits; the caller frees.
char *token_hex(size_t n);
