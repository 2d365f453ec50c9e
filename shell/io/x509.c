// SPDX-License-Identifier: GPL-3.0-or-later
// Certificates as they are: read, compared, verified. See x509.h; what is issued is x509_issue.c's.
#include "io/x509_priv.h"

#include <arpa/inet.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"

struct x509_cert {
    STACK_OF(X509) * all;
    struct x509_about *about; // of each
};

// libcrypto keeps errors in a queue of the thread.
int x509_error(struct err *e, const char *what)
{
    unsigned long code = ERR_get_error();
    const char *why = code ? ERR_reason_error_string(code) : NULL;
    ERR_clear_error();
    return err_set(e, ERR_FAILED, "%s%s%s", what, why ? ": " : "", why ? why : "");
}

static char *name_text(const X509_NAME *name)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
    long n = BIO_get_mem_data(bio, &text);
    char *copy = xstrndup(text ? text : "", n > 0 ? (size_t)n : 0);
    BIO_free(bio);
    return copy;
}

static int64_t seconds(const ASN1_TIME *t)
{
    struct tm tm = {0};
    return ASN1_TIME_to_tm(t, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

static void add_address(struct strv *names, const ASN1_OCTET_STRING *a)
{
    char text[INET6_ADDRSTRLEN];
    int n = ASN1_STRING_length(a);
    if ((n == 4 || n == 16) && inet_ntop(n == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(a), text, sizeof(text)))
        strv_add(names, text);
}

static void read_names(const X509 *x, struct strv *names)
{
    GENERAL_NAMES *all = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
    for (int i = 0; i < sk_GENERAL_NAME_num(all); i++) {
        int type = 0;
        const ASN1_STRING *s = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(all, i), &type);
        if (type == GEN_DNS)
            strv_take(names, xstrndup((const char *)ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s)));
        else if (type == GEN_IPADD)
            add_address(names, s);
    }
    GENERAL_NAMES_free(all);
}

static void read_constraints(X509 *x, struct x509_about *about)
{
    BASIC_CONSTRAINTS *bc = X509_get_ext_d2i(x, NID_basic_constraints, NULL, NULL);
    about->has_ca = bc != NULL;
    about->ca = bc && bc->ca;
    BASIC_CONSTRAINTS_free(bc);
}

static void read_usage(X509 *x, struct x509_about *about)
{
    uint32_t usage = X509_get_key_usage(x), purpose = X509_get_extended_key_usage(x);
    about->any_usage = usage == UINT32_MAX;
    about->signs_certs = usage & KU_KEY_CERT_SIGN;
    about->signs_data = usage & KU_DIGITAL_SIGNATURE;
    about->enciphers_keys = usage & KU_KEY_ENCIPHERMENT;
    about->any_purpose = purpose == UINT32_MAX || purpose & XKU_ANYEKU;
    about->server = purpose & XKU_SSL_SERVER;
    about->client = purpose & XKU_SSL_CLIENT;
}

static void read_about(X509 *x, struct x509_about *about)
{
    EVP_PKEY *key = X509_get0_pubkey(x);
    about->subject = name_text(X509_get_subject_name(x));
    about->issuer = name_text(X509_get_issuer_name(x));
    about->not_before = seconds(X509_get0_notBefore(x));
    about->not_after = seconds(X509_get0_notAfter(x));
    read_constraints(x, about);
    read_usage(x, about);
    read_names(x, &about->names);
    const char *type = key ? EVP_PKEY_get0_type_name(key) : NULL;
    about->key = xasprintf("%s %d", type ? type : "a key of unknown type", key ? EVP_PKEY_get_bits(key) : 0);
    about->public_key = key ? x509_key_text(key) : NULL;
}

int x509_read(const char *pem, size_t len, struct x509_cert **ret, struct err *e)
{
    struct x509_cert *c = xnew(struct x509_cert);
    BIO *bio = BIO_new_mem_buf(pem ? pem : "", (int)(len < INT32_MAX ? len : INT32_MAX));
    X509 *x;
    c->all = sk_X509_new_null();
    ERR_clear_error();
    while ((x = PEM_read_bio_X509(bio, NULL, NULL, NULL)))
        sk_X509_push(c->all, x);
    BIO_free(bio);
    if (sk_X509_num(c->all) == 0) {
        x509_free(c);
        return x509_error(e, "it is no certificate");
    }
    ERR_clear_error();
    c->about = xcalloc((size_t)sk_X509_num(c->all), sizeof(*c->about));
    for (int i = 0; i < sk_X509_num(c->all); i++)
        read_about(sk_X509_value(c->all, i), &c->about[i]);
    *ret = c;
    return 0;
}

static void about_release(struct x509_about *about)
{
    free(about->subject);
    free(about->issuer);
    free(about->key);
    free(about->public_key);
    strv_release(&about->names);
}

void x509_free(struct x509_cert *c)
{
    if (!c)
        return;
    for (int i = 0; c->about && i < sk_X509_num(c->all); i++)
        about_release(&c->about[i]);
    free(c->about);
    sk_X509_pop_free(c->all, X509_free);
    free(c);
}

const struct x509_about *x509_about(const struct x509_cert *c)
{
    return &c->about[0];
}

const struct x509_about *x509_about_at(const struct x509_cert *c, size_t i)
{
    return i < (size_t)sk_X509_num(c->all) ? &c->about[i] : NULL;
}

bool x509_trusted(const struct x509_cert *c, const struct x509_cert *ca, const char **ret_why)
{
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    X509_STORE *store = X509_STORE_new();
    bool good = false;
    *ret_why = "out of memory";
    if (ctx && store && X509_STORE_CTX_init(ctx, store, sk_X509_value(c->all, 0), c->all) == 1) {
        X509_STORE_CTX_set0_trusted_stack(ctx, ca->all);
        X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);
        X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_NO_CHECK_TIME | X509_V_FLAG_PARTIAL_CHAIN);
        X509_VERIFY_PARAM_set_auth_level(param, 0);
        good = X509_verify_cert(ctx) == 1;
        *ret_why = X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx));
    }
    X509_STORE_CTX_free(ctx);
    X509_STORE_free(store);
    ERR_clear_error();
    return good;
}

static bool is_address(const char *s)
{
    unsigned char bytes[16];
    return inet_pton(AF_INET, s, bytes) == 1 || inet_pton(AF_INET6, s, bytes) == 1;
}

bool x509_names(const struct x509_cert *c, const char *name)
{
    X509 *x = sk_X509_value(c->all, 0);
    bool found = is_address(name) ? X509_check_ip_asc(x, name, 0) == 1 : X509_check_host(x, name, 0, 0, NULL) == 1;
    ERR_clear_error();
    return found;
}

bool x509_same(const struct x509_cert *a, const struct x509_cert *b)
{
    return X509_cmp(sk_X509_value(a->all, 0), sk_X509_value(b->all, 0)) == 0;
}

bool x509_is_name(const char *s)
{
    static const char *const chars = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    size_t n = strlen(s);
    if (is_address(s))
        return true;
    return n > 0 && n < 254 && s[strspn(s, chars)] == '\0' && !strchr("-._", *s) && !strstr(s, "..") && s[n - 1] != '.';
}
