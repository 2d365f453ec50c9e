// SPDX-License-Identifier: GPL-3.0-or-later
// SHA-256 by libcrypto. See digest.h.
#include "io/digest.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

void digest_sha256(const void *data, size_t n, char ret_hex[DIGEST_HEX])
{
    unsigned char md[32];
    if (EVP_Digest(data ? data : "", n, md, NULL, EVP_sha256(), NULL) != 1)
        abort(); // out of memory
    for (size_t i = 0; i < sizeof(md); i++)
        snprintf(ret_hex + 2 * i, 3, "%02x", md[i]);
}
