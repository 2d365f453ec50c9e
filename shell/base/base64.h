// SPDX-License-Identifier: GPL-3.0-or-later
// Base64 of RFC 4648. Any thread.
#pragma once

#include <stddef.h>

// The caller frees (and wipes, if it is a secret).
char *base64_encode(const void *data, size_t n);
// Blanks and newlines anywhere are ignored. *ret_n bytes, and a NUL behind them; NULL: it is not base64.
unsigned char *base64_decode(const char *text, size_t *ret_n);
