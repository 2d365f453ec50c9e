// SPDX-License-Identifier: GPL-3.0-or-later
// X.509 certificates: read, verified, and issued by an authority of our own. The only user of libcrypto for that. Pure,
// any thread: no file, no clock. Instants are seconds since the epoch.
//
// A public key is a text here, "TYPE BASE64", as ssh-keygen -y prints it of a private one: every node that can be
// logged in to has that program, and so a private key need not leave it to be compared or certified.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/strv.h"

struct x509_cert; // what a PEM file holds: a certificate, and perhaps others behind it

struct x509_about {
    char *subject, *issuer;
    int64_t not_before, not_after;
    bool has_ca, ca;                                         // basic constraints: are there; say CA
    bool any_usage, signs_certs, signs_data, enciphers_keys; // key usage; any: it says nothing
    bool any_purpose, server, client;                        // extended key usage, likewise
    struct strv names;                                       // SAN: host names and addresses
    char *key;                                               // "RSA 3072"
    char *public_key;                                        // NULL: of a type that ssh-keygen does not have
};

// ERR_FAILED for what is no certificate.
int x509_read(const char *pem, size_t len, struct x509_cert **ret, struct err *e);
void x509_free(struct x509_cert *c);
DEFINE_CLEANUP(struct x509_cert, x509_free);
const struct x509_about *x509_about(const struct x509_cert *c);              // of the first; lent
const struct x509_about *x509_about_at(const struct x509_cert *c, size_t i); // NULL behind the last

// Is there a chain from it to a certificate that `ca` holds? Dates and uses are not looked at. *ret_why, if there is
// none, lives for ever.
bool x509_trusted(const struct x509_cert *c, const struct x509_cert *ca, const char **ret_why);
// Is it good for that host name or address, as TLS libraries compare it?
bool x509_names(const struct x509_cert *c, const char *name);
bool x509_same(const struct x509_cert *a, const struct x509_cert *b); // the first of both

// May the word stand in a certificate as a host name or an address?
bool x509_is_name(const char *s);
// May the public key be certified: RSA of 2048 bits or more?
bool x509_key_is_good(const char *public_key);

// A new authority: its certificate and its private key, behind each other in one PEM text. Who frees it wipes it.
int x509_new_authority(const char *name, int64_t from, int64_t until, char **ret_pem, struct err *e);

struct x509_wish {
    const char *name;         // of the subject: at most 64 characters
    const struct strv *names; // SAN; ERR_USAGE for one that is none
    const char *public_key;   // RSA
    bool server, client;      // its purposes
    int64_t from, until;      // never longer than the authority's own
};
// `authority` is x509_new_authority()'s text.
int x509_issue(const char *authority, const struct x509_wish *w, char **ret_pem, struct err *e);
