// SPDX-License-Identifier: GPL-3.0-or-later
// An authority, and what it signs. See x509.h.
//
// RSA throughout: libvirt before 11.6 asks for key encipherment, which a key of another type cannot do.
#include <arpa/inet.h>
#include <string.h>

#include "io/x509_priv.h"

enum { BITS = 3072, SERIAL_BITS = 127, NAME_MAX_CHARS = 64 };

// Of words that are ours, no foreign one.
static bool add_ext(X509 *x, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509V3_set_ctx_nodb(&ctx);
    X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
    X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    bool good = ext && X509_add_ext(x, ext, -1) == 1;
    X509_EXTENSION_free(ext);
    return good;
}

static GENERAL_NAME *san_name(const char *name)
{
    unsigned char bytes[16];
    int n = inet_pton(AF_INET, name, bytes) == 1 ? 4 : inet_pton(AF_INET6, name, bytes) == 1 ? 16 : 0;
    GENERAL_NAME *g = GENERAL_NAME_new();
    ASN1_STRING *s = n ? ASN1_OCTET_STRING_new() : ASN1_IA5STRING_new();
    if (!g || !s || ASN1_STRING_set(s, n ? (const void *)bytes : name, n ? n : (int)strlen(name)) != 1) {
        ASN1_STRING_free(s);
        GENERAL_NAME_free(g);
        return NULL;
    }
    GENERAL_NAME_set0_value(g, n ? GEN_IPADD : GEN_DNS, s);
    return g;
}

// Names are foreign words: they get in as bytes, never as text that is parsed.
static bool add_names(X509 *x, const struct strv *names)
{
    GENERAL_NAMES *all = sk_GENERAL_NAME_new_null();
    bool good = all != NULL;
    for (size_t i = 0; good && i < names->n; i++) {
        GENERAL_NAME *g = san_name(names->s[i]);
        good = g && sk_GENERAL_NAME_push(all, g) > 0;
    }
    good = good && X509_add1_ext_i2d(x, NID_subject_alt_name, all, 0, X509V3_ADD_DEFAULT) == 1;
    sk_GENERAL_NAME_pop_free(all, GENERAL_NAME_free);
    return good;
}

static bool set_serial(X509 *x)
{
    BIGNUM *n = BN_new();
    bool good = n && BN_rand(n, SERIAL_BITS, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
                BN_to_ASN1_INTEGER(n, X509_get_serialNumber(x));
    BN_free(n);
    return good;
}

static X509 *blank(const char *name, EVP_PKEY *key, int64_t from, int64_t until)
{
    X509 *x = X509_new();
    X509_NAME *subject = x ? X509_get_subject_name(x) : NULL;
    if (x && X509_set_version(x, X509_VERSION_3) == 1 && set_serial(x) && X509_set_pubkey(x, key) == 1 &&
        X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8, (const unsigned char *)name, -1, -1, 0) ==
            1 &&
        ASN1_TIME_set(X509_getm_notBefore(x), (time_t)from) && ASN1_TIME_set(X509_getm_notAfter(x), (time_t)until))
        return x;
    X509_free(x);
    return NULL;
}

static int write_pem(X509 *x, EVP_PKEY *key, char **ret, struct err *e)
{
    BIO *bio = BIO_new(BIO_s_secmem());
    char *text = NULL;
    bool good = bio && PEM_write_bio_X509(bio, x) == 1 &&
                (!key || PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1);
    long n = good ? BIO_get_mem_data(bio, &text) : 0;
    if (n > 0)
        *ret = xstrndup(text, (size_t)n);
    BIO_free(bio);
    return n > 0 ? 0 : x509_error(e, "cannot write a certificate");
}

static bool self_sign(X509 *x, EVP_PKEY *key)
{
    return X509_set_issuer_name(x, X509_get_subject_name(x)) == 1 &&
           add_ext(x, x, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
           add_ext(x, x, NID_key_usage, "critical,keyCertSign,cRLSign") &&
           add_ext(x, x, NID_subject_key_identifier, "hash") && X509_sign(x, key, EVP_sha256()) > 0;
}

int x509_new_authority(const char *name, int64_t from, int64_t until, char **ret_pem, struct err *e)
{
    EVP_PKEY *key = EVP_RSA_gen(BITS);
    X509 *x = key ? blank(name, key, from, until) : NULL;
    int r = x && self_sign(x, key) ? write_pem(x, key, ret_pem, e) : x509_error(e, "cannot make an authority");
    X509_free(x);
    EVP_PKEY_free(key);
    return r;
}

struct authority {
    X509 *cert;
    EVP_PKEY *key;
};

static void authority_release(struct authority *a)
{
    X509_free(a->cert);
    EVP_PKEY_free(a->key);
}

static int authority_read(const char *pem, struct authority *ret, struct err *e)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    ret->cert = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
    ret->key = ret->cert ? PEM_read_bio_PrivateKey(bio, NULL, NULL, (void *)"") : NULL;
    BIO_free(bio);
    if (ret->key && X509_check_private_key(ret->cert, ret->key) == 1)
        return 0;
    return x509_error(e, "the authority's file does not hold its certificate and the key of it");
}

static int check_wish(const struct x509_wish *w, struct err *e)
{
    if (!*w->name || strlen(w->name) > NAME_MAX_CHARS || !w->names->n)
        return err_set(e, ERR_USAGE, "a certificate needs a name of 1 to %d characters, and names to be reached by",
                       NAME_MAX_CHARS);
    for (size_t i = 0; i < w->names->n; i++) {
        if (!x509_is_name(w->names->s[i]))
            return err_set(e, ERR_USAGE, "'%s' is neither a host name nor an address: it gets into no certificate",
                           w->names->s[i]);
    }
    return 0;
}

static bool sign(X509 *x, const struct authority *a, const struct x509_wish *w)
{
    const char *purposes = w->server && w->client ? "serverAuth,clientAuth" : w->server ? "serverAuth" : "clientAuth";
    if (ASN1_TIME_compare(X509_get0_notAfter(x), X509_get0_notAfter(a->cert)) > 0 &&
        X509_set1_notAfter(x, X509_get0_notAfter(a->cert)) != 1)
        return false;
    return X509_set_issuer_name(x, X509_get_subject_name(a->cert)) == 1 &&
           add_ext(x, a->cert, NID_basic_constraints, "critical,CA:FALSE") &&
           add_ext(x, a->cert, NID_key_usage, "critical,digitalSignature,keyEncipherment") &&
           add_ext(x, a->cert, NID_ext_key_usage, purposes) &&
           add_ext(x, a->cert, NID_subject_key_identifier, "hash") &&
           add_ext(x, a->cert, NID_authority_key_identifier, "keyid:always") && add_names(x, w->names) &&
           X509_sign(x, a->key, EVP_sha256()) > 0;
}

int x509_issue(const char *authority, const struct x509_wish *w, char **ret_pem, struct err *e)
{
    struct authority a = {NULL, NULL};
    if (check_wish(w, e) < 0)
        return -1;
    EVP_PKEY *key = x509_key_read(w->public_key);
    int r =
        key ? authority_read(authority, &a, e) : err_set(e, ERR_UNSUPPORTED, "the key is not RSA of 2048 bits or more");
    X509 *x = r == 0 ? blank(w->name, key, w->from, w->until) : NULL;
    if (r == 0)
        r = x && sign(x, &a, w) ? write_pem(x, NULL, ret_pem, e) : x509_error(e, "cannot sign the certificate");
    X509_free(x);
    EVP_PKEY_free(key);
    authority_release(&a);
    ERR_clear_error();
    return r;
}
