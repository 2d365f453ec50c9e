// SPDX-License-Identifier: GPL-3.0-or-later
// Certificates: what is issued is read by openssl and GnuTLS, too, where they are, and no name gets in as anything but
// a name.
#include "x509_made.h"

static void an_authority_signs_and_says_what_for(void **state)
{
    (void)state;
    const char *why;
    _cleanup_free_ char *pem = issue((struct fault){0}, true);
    _cleanup_(x509_free_p) struct x509_cert *leaf = read_cert(pem), *ca = read_cert(authority_cert),
                                            *foreign = read_cert(other_cert);
    const struct x509_about *a = x509_about(leaf), *c = x509_about(ca);
    assert_true(c->ca && c->has_ca && c->signs_certs && !c->any_usage && !c->enciphers_keys);
    assert_true(a->has_ca && !a->ca && a->signs_data && a->enciphers_keys && !a->signs_certs && !a->any_usage);
    assert_true(a->server && !a->client && !a->any_purpose);
    assert_string_equal(a->subject, "CN=alpha");
    assert_string_equal(a->issuer, c->subject);
    assert_string_equal(a->key, "RSA 3072");
    assert_string_equal(a->public_key, key);
    assert_int_equal(a->names.n, 4);
    assert_string_equal(a->names.s[1], "192.0.2.7");
    assert_string_equal(a->names.s[2], "2001:db8::7");
    assert_int_equal(a->not_before, now - DAY);
    assert_int_equal(a->not_after, now + 730 * DAY);
    assert_true(x509_trusted(leaf, ca, &why));
    assert_false(x509_trusted(leaf, foreign, &why));
    assert_true(x509_names(leaf, "alpha") && x509_names(leaf, "ALPHA.example.org") && x509_names(leaf, "192.0.2.7") &&
                x509_names(leaf, "2001:DB8:0::7"));
    assert_false(x509_names(leaf, "beta") || x509_names(leaf, "192.0.2.70") || x509_names(leaf, "pha"));
    assert_true(x509_same(ca, ca));
    assert_false(x509_same(ca, foreign));
    assert_null(strstr(authority_cert, "PRIVATE"));
    assert_null(strstr(pem, "PRIVATE"));
}

static void it_never_outlives_its_authority(void **state)
{
    (void)state;
    _cleanup_free_ char *pem = issue((struct fault){.until = now + 100000LL * DAY}, true);
    _cleanup_(x509_free_p) struct x509_cert *leaf = read_cert(pem), *ca = read_cert(authority_cert);
    assert_int_equal(x509_about(leaf)->not_after, x509_about(ca)->not_after);
}

// In the words of other programs.
static void openssl_and_gnutls_agree(void **state)
{
    (void)state;
    _cleanup_free_ char *server = issue((struct fault){0}, true), *client = issue((struct fault){0}, false);
    write_text("ca.pem", authority_cert);
    write_text("server.pem", server);
    write_text("client.pem", client);
    write_text("other.pem", other_cert);
    if (chdir(dir) < 0)
        fail_msg("chdir");
    if (runs("openssl version")) {
        assert_true(runs("openssl verify -x509_strict -purpose sslserver -verify_hostname alpha.example.org -CAfile "
                         "ca.pem server.pem"));
        assert_true(runs("openssl verify -x509_strict -purpose sslserver -verify_ip 192.0.2.7 -CAfile ca.pem "
                         "server.pem"));
        assert_true(runs("openssl verify -x509_strict -purpose sslclient -CAfile ca.pem client.pem"));
        assert_false(runs("openssl verify -purpose sslclient -CAfile ca.pem server.pem"));
        assert_false(runs("openssl verify -CAfile other.pem server.pem"));
        assert_true(runs("test \"$(openssl x509 -in server.pem -pubkey -noout)\" = \"$(openssl pkey -in k -pubout)\""));
    }
    if (runs("certtool --version")) {
        assert_true(runs("certtool --verify --verify-hostname=alpha --verify-purpose=1.3.6.1.5.5.7.3.1 "
                         "--load-ca-certificate=ca.pem --infile=server.pem"));
        assert_false(runs("certtool --verify --verify-hostname=beta --load-ca-certificate=ca.pem --infile=server.pem"));
        assert_false(runs("certtool --verify --load-ca-certificate=other.pem --infile=server.pem"));
    }
}

static void a_hostile_name_gets_into_no_certificate(void **state)
{
    (void)state;
    static const char *const bad[] = {"",          "a b",          "a\nb", "a,DNS:evil", "a'b",      "\"a\"",    "-rf",
                                      "$(x)",      "a;b",          "*.a",  "a..b",       "a.",       "\xc3\xa4", "a/b",
                                      "1.2.3.4/8", "fe80::1%eth0", ".a",   "a\x01",      "DNS:evil", "a:b"};
    static const char *const good[] = {"a", "a-b.c", "host_1", "192.0.2.1", "2001:db8::1", "1.2.3"};
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        _cleanup_strv_ struct strv names = STRV_INIT;
        _cleanup_err_ struct err e = ERR_INIT;
        char *pem = NULL;
        strv_add(&names, "fine");
        strv_add(&names, bad[i]);
        struct x509_wish w = {
            .name = "n", .names = &names, .public_key = key, .server = true, .from = now, .until = now + DAY};
        assert_false(x509_is_name(bad[i]));
        assert_int_equal(x509_issue(authority, &w, &pem, &e), -1);
        assert_int_equal(e.code, ERR_USAGE);
        assert_null(pem);
    }
    for (size_t i = 0; i < ARRAY_SIZE(good); i++)
        assert_true(x509_is_name(good[i]));
}

// Of the subject, which nothing compares, any word is only a word.
static void a_subject_is_a_word(void **state)
{
    (void)state;
    _cleanup_strv_ struct strv names = STRV_INIT;
    _cleanup_err_ struct err e = ERR_INIT;
    _cleanup_free_ char *pem = NULL;
    strv_add(&names, "alpha");
    struct x509_wish w = {.name = "a,CN=evil+O=\"x\"\n",
                          .names = &names,
                          .public_key = key,
                          .client = true,
                          .from = now,
                          .until = now + DAY};
    assert_int_equal(x509_issue(authority, &w, &pem, &e), 0);
    _cleanup_(x509_free_p) struct x509_cert *c = read_cert(pem);
    assert_string_equal(x509_about(c)->subject, "CN=a\\,CN=evil\\+O=\\\"x\\\"\\0A");
    w.name = "0123456789012345678901234567890123456789012345678901234567890123456789";
    assert_int_equal(x509_issue(authority, &w, &pem, &e), -1);
}

static void keys_of_all_kinds_are_compared(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "ssh-rsa",
        "ssh-rsa ",
        "ssh-rsa AAAA",
        "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAAQ==",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINw+rDJOIQ+LElkyTpGqhnXaj65cqK0vX8ackJG0znhL",
        "ssh-rsa !!!!"};
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_false(x509_key_is_good(bad[i]));
    assert_true(x509_key_is_good(key));
    _cleanup_free_ char *small = make_key("small", "-t rsa -b 1024"), *curve = make_key("curve", "-t ecdsa -b 256");
    assert_false(x509_key_is_good(small));
    assert_true(str_starts(curve, "ecdsa-sha2-nistp256 "));
    if (chdir(dir) == 0 && runs("openssl req -x509 -key curve -subj /CN=x -days 3 -out curve.pem")) {
        _cleanup_free_ char *pem = said("cat curve.pem | tr '\\n' '|'");
        for (char *p = pem; *p; p++)
            *p = *p == '|' ? '\n' : *p;
        _cleanup_(x509_free_p) struct x509_cert *c = read_cert(pem);
        assert_string_equal(x509_about(c)->public_key, curve);
    }
}

static void what_is_no_certificate_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "x", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
                                      "-----BEGIN CERTIFICATE-----\n"};
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        struct x509_cert *c = NULL;
        _cleanup_err_ struct err e = ERR_INIT;
        assert_int_equal(x509_read(bad[i], strlen(bad[i]), &c, &e), -1);
        assert_null(c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_authority_signs_and_says_what_for),
        cmocka_unit_test(it_never_outlives_its_authority),
        cmocka_unit_test(openssl_and_gnutls_agree),
        cmocka_unit_test(a_hostile_name_gets_into_no_certificate),
        cmocka_unit_test(a_subject_is_a_word),
        cmocka_unit_test(keys_of_all_kinds_are_compared),
        cmocka_unit_test(what_is_no_certificate_is_refused),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
