// SPDX-License-Identifier: GPL-3.0-or-later
// What the files of x509.h share, and libcrypto's headers for all of them.
#pragma once

#define ERR_STATE CRYPTO_ERR_STATE // a type of theirs, a code of ours
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#undef ERR_STATE

#include "io/x509.h"

// ERR_FAILED with what libcrypto says. -1.
int x509_error(struct err *e, const char *what);
// The public half as ssh-keygen writes it; NULL for a type that it does not have. The caller frees.
char *x509_key_text(EVP_PKEY *key);
// Of an RSA key's text. NULL: it is none.
EVP_PKEY *x509_key_read(const char *text);
