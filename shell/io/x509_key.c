// SPDX-License-Identifier: GPL-3.0-or-later
// Public keys in the form that ssh-keygen prints (RFC 4253 6.6, RFC 5656 3.1, RFC 8709 4). See x509.h.
#include <string.h>

#include "base/base64.h"
#include "base/buf.h"
#include "io/x509_priv.h"

enum { MIN_BITS = 2048, MAX_BITS = 16384, MAX_TEXT = 8192 };

static void add_string(struct buf *b, const void *s, size_t n)
{
    const unsigned char len[] = {(unsigned char)(n >> 24), (unsigned char)(n >> 16), (unsigned char)(n >> 8),
                                 (unsigned char)n};
    buf_add(b, len, sizeof(len));
    buf_add(b, s, n);
}

static bool add_number(struct buf *b, EVP_PKEY *key, const char *name)
{
    BIGNUM *n = NULL;
    if (EVP_PKEY_get_bn_param(key, name, &n) != 1)
        return false;
    size_t len = (size_t)BN_num_bytes(n);
    unsigned char *bytes = xcalloc(len + 1, 1);
    BN_bn2bin(n, bytes + 1);
    bool high = len && bytes[1] & 0x80; // or it would be a negative one
    add_string(b, high ? bytes : bytes + 1, high ? len + 1 : len);
    free(bytes);
    BN_free(n);
    return true;
}

static bool add_curve(struct buf *b, EVP_PKEY *key, char *type, size_t size)
{
    static const struct {
        const char *group, *name;
    } curves[] = {{"prime256v1", "nistp256"}, {"secp384r1", "nistp384"}, {"secp521r1", "nistp521"}};
    char group[64];
    unsigned char point[256];
    size_t n = 0;
    if (EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) != 1 ||
        EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, point, sizeof(point), &n) != 1)
        return false;
    for (size_t i = 0; i < ARRAY_SIZE(curves); i++) {
        if (strcmp(group, curves[i].group) != 0)
            continue;
        snprintf(type, size, "ecdsa-sha2-%s", curves[i].name);
        add_string(b, type, strlen(type));
        add_string(b, curves[i].name, strlen(curves[i].name));
        add_string(b, point, n);
        return true;
    }
    return false;
}

static bool add_key(struct buf *b, EVP_PKEY *key, char *type, size_t size)
{
    unsigned char raw[64];
    size_t n = sizeof(raw);
    if (EVP_PKEY_is_a(key, "RSA")) {
        snprintf(type, size, "ssh-rsa");
        add_string(b, type, strlen(type));
        return add_number(b, key, OSSL_PKEY_PARAM_RSA_E) && add_number(b, key, OSSL_PKEY_PARAM_RSA_N);
    }
    if (EVP_PKEY_is_a(key, "EC"))
        return add_curve(b, key, type, size);
    if (EVP_PKEY_is_a(key, "ED25519") && EVP_PKEY_get_raw_public_key(key, raw, &n) == 1) {
        snprintf(type, size, "ssh-ed25519");
        add_string(b, type, strlen(type));
        add_string(b, raw, n);
        return true;
    }
    return false;
}

char *x509_key_text(EVP_PKEY *key)
{
    _cleanup_buf_ struct buf b = BUF_INIT;
    char type[32];
    bool known = add_key(&b, key, type, sizeof(type));
    ERR_clear_error();
    if (!known)
        return NULL;
    _cleanup_free_ char *text = base64_encode(b.s, b.len);
    return xasprintf("%s %s", type, text);
}

// The next string of the blob; NULL: there is none.
static const unsigned char *next_string(const unsigned char **p, size_t *left, size_t *ret_n)
{
    if (*left < 4)
        return NULL;
    size_t n = (size_t)(*p)[0] << 24 | (size_t)(*p)[1] << 16 | (size_t)(*p)[2] << 8 | (*p)[3];
    const unsigned char *s = *p + 4;
    if (n > *left - 4)
        return NULL;
    *p = s + n;
    *left -= 4 + n;
    *ret_n = n;
    return s;
}

static EVP_PKEY *make_rsa(const BIGNUM *n, const BIGNUM *exponent)
{
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    OSSL_PARAM *params = NULL;
    if (ctx && build && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, exponent) == 1 &&
        (params = OSSL_PARAM_BLD_to_param(build)) && EVP_PKEY_fromdata_init(ctx) == 1)
        EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    EVP_PKEY_CTX_free(ctx);
    return key;
}

static EVP_PKEY *read_blob(const unsigned char *p, size_t left)
{
    size_t type_n, e_n, n_n;
    const unsigned char *type = next_string(&p, &left, &type_n);
    const unsigned char *e_s = type ? next_string(&p, &left, &e_n) : NULL;
    const unsigned char *n_s = e_s ? next_string(&p, &left, &n_n) : NULL;
    if (!n_s || left || type_n != 7 || memcmp(type, "ssh-rsa", 7) != 0 || !e_n || e_n > 8 || *e_s & 0x80 || *n_s & 0x80)
        return NULL;
    BIGNUM *e = BN_bin2bn(e_s, (int)e_n, NULL), *n = BN_bin2bn(n_s, (int)n_n, NULL);
    bool good = e && n && BN_is_odd(n) && BN_is_odd(e) && !BN_is_one(e) && BN_num_bits(n) >= MIN_BITS &&
                BN_num_bits(n) <= MAX_BITS;
    EVP_PKEY *key = good ? make_rsa(n, e) : NULL;
    BN_free(e);
    BN_free(n);
    return key;
}

EVP_PKEY *x509_key_read(const char *text)
{
    static const char prefix[] = "ssh-rsa ";
    size_t n;
    if (!str_starts(text, prefix) || strlen(text) > MAX_TEXT)
        return NULL;
    _cleanup_free_ unsigned char *blob = base64_decode(text + strlen(prefix), &n);
    EVP_PKEY *key = blob ? read_blob(blob, n) : NULL;
    ERR_clear_error();
    return key;
}

bool x509_key_is_good(const char *public_key)
{
    EVP_PKEY *key = x509_key_read(public_key);
    bool good = key != NULL;
    EVP_PKEY_free(key);
    return good;
}
