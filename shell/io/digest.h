// SPDX-License-Identifier: GPL-3.0-or-later
// SHA-256, as sha256sum prints it. Any thread.
#pragma once

#include <stddef.h>

enum { DIGEST_HEX = 65 };
void digest_sha256(const void *data, size_t n, char ret_hex[DIGEST_HEX]);
