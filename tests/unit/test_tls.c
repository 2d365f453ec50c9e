// SPDX-License-Identifier: GPL-3.0-or-later
// Certificates: what is issued is read by openssl and GnuTLS, too, where they are; no name gets in as anything but a
// name; each fault of a node's files is found and called what libvirt calls it; and
// what a node tells of a directory whose name is sh.
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/json.h"
#include "core/console/inventory.h"
#include "core/node/ask.h"
#include "core/node/qemu_user.h"
#include "core/tls/tls.h"
#include "io/ssh/remote.h"
#include "io/x509.h"

enum { DAY = TLS_DAY_S };

static char *dir;
static char *authority, *other, *authority_cert, *other_cert; // PEM
static char *key, *another_key;                               // public halves
static int64_t now;

static char *in_dir(const char *name)
{
    return xasprintf("%s/%s", dir, name);
}

// The first line that a shell command prints; "": it failed, or printed nothing. The caller frees.
static char *said(const char *command)
{
    char line[8192] = "";
    FILE *f = popen(command, "r");
    assert_non_null(f);
    if (!fgets(line, sizeof(line), f))
        line[0] = '\0';
    int status = pclose(f);
    line[strcspn(line, "\n")] = '\0';
    return xstrdup(status == 0 ? line : "");
}

static bool runs(const char *command)
{
    _cleanup_free_ char *all = xasprintf("{ %s; } >/dev/null 2>&1 && echo yes", command);
    _cleanup_free_ char *line = said(all);
    return strcmp(line, "yes") == 0;
}

static void write_text(const char *name, const char *text)
{
    _cleanup_free_ char *path = in_dir(name);
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static char *make_key(const char *name, const char *type)
{
    _cleanup_buf_ struct buf b = BUF_INIT;
    _cleanup_free_ char *path = in_dir(name);
    const char *words[] = {path};
    buf_addf(&b, "ssh-keygen -q %s -m PKCS8 -N '' -C 'a comment' -f ", type);
    remote_quote_words(&b, words, 1);
    buf_adds(&b, " && ssh-keygen -y -f ");
    remote_quote_words(&b, words, 1);
    buf_adds(&b, " | cut -d' ' -f1,2");
    return said(buf_str(&b));
}

struct fault { // of a certificate
    int64_t from, until;
    const char *names; // with blanks between
    const char *key, *authority;
    bool swap; // a client's in place of a server's
};

static char *issue(struct fault f, bool server)
{
    _cleanup_strv_ struct strv names = STRV_INIT;
    _cleanup_err_ struct err e = ERR_INIT;
    char *pem = NULL;
    strv_split(&names, f.names ? f.names : "alpha 192.0.2.7 2001:db8::7 alpha.example.org", ' ');
    struct x509_wish w = {.name = "alpha",
                          .names = &names,
                          .public_key = f.key ? f.key : key,
                          .server = server != f.swap,
                          .client = server == f.swap,
                          .from = f.from ? f.from : now - DAY,
                          .until = f.until ? f.until : now + 730 * DAY};
    if (x509_issue(f.authority ? f.authority : authority, &w, &pem, &e) < 0)
        fail_msg("%s", e.msg);
    return pem;
}

static struct x509_cert *read_cert(const char *pem)
{
    struct x509_cert *c = NULL;
    _cleanup_err_ struct err e = ERR_INIT;
    if (x509_read(pem, strlen(pem), &c, &e) < 0)
        fail_msg("%s", e.msg);
    return c;
}

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

// What a node tells; a file's part is left out where its text is NULL.
struct said {
    const char *ca[2], *server[2], *client[2]; // of libvirt, of QEMU: PEM
    const char *key[2];
    const char *modes[10]; // "600 root root"
    const char *more;      // further facts
};

static void add_file(struct buf *b, size_t n, const char *path, const char *mode, const char *pem, const char *public)
{
    buf_addf(b, "@tls_path %zu %s\n", n, path);
    if (!pem && !public)
        return;
    buf_addf(b, "@tls_file %zu %s\n", n, mode ? mode : public ? "600 root root" : "644 root root");
    _cleanup_strv_ struct strv lines = STRV_INIT;
    if (pem)
        strv_split(&lines, pem, '\n');
    for (size_t i = 0; i < lines.n; i++)
        buf_addf(b, "@tls_line %zu %s\n", n, lines.s[i]);
    if (public)
        buf_addf(b, "@tls_public %zu %s migsh comment\n", n, public);
}

static json_t *judged(const struct said *s, json_t **ret_summary)
{
    static const char *const names[] = {"ca", "server", "serverkey", "client", "clientkey"};
    _cleanup_buf_ struct buf b = BUF_INIT;
    _cleanup_facts_ struct facts facts = {0};
    _cleanup_err_ struct err e = ERR_INIT;
    _cleanup_(node_unref_p) struct node *node = NULL;
    struct tls_node t;
    assert_int_equal(node_new("alpha", "root@192.0.2.7", 0, NULL, NULL, NULL, &node, &e), 0);
    buf_addf(&b, "@migsh facts\n@tls_now %lld\n@tls_group kvm\n%s", (long long)now, s->more ? s->more : "");
    for (size_t w = 0; w < 2; w++) {
        const char *pems[] = {s->ca[w], s->server[w], NULL, s->client[w], NULL};
        for (size_t r = 0; r < 5; r++) {
            _cleanup_free_ char *path = xasprintf("/%zu/%s", w, names[r]);
            add_file(&b, w * 5 + r, path, s->modes[w * 5 + r], pems[r], r == 2 || r == 4 ? s->key[w] : NULL);
        }
    }
    assert_true(facts_parse(buf_str(&b), b.len, &facts));
    assert_true(tls_take(&facts, node, &t));
    json_t *found = tls_judge(&t);
    *ret_summary = tls_summary(&t, found);
    tls_node_release(&t);
    return found;
}

// "LEVEL FILE: SEEN | libvirt" of each, a line each.
static void assert_findings(const struct said *s, const char *want)
{
    json_t *summary = NULL, *found = judged(s, &summary);
    _cleanup_buf_ struct buf b = BUF_INIT;
    size_t i;
    const json_t *f;
    json_array_foreach(found, i, f)
    {
        const char *libvirt = json_text_at(f, "libvirt");
        buf_addf(&b, "%s %s: %s%s%s\n", json_text_at(f, "level"), json_text_at(f, "file"), json_text_at(f, "seen"),
                 libvirt ? " | " : "", libvirt ? libvirt : "");
        assert_non_null(json_text_at(f, "remedy"));
        assert_string_equal(json_text_at(f, "node"), "alpha");
    }
    assert_string_equal(buf_str(&b), want);
    json_decref(found);
    json_decref(summary);
}

static char *good_server, *good_client;
static struct said good(void)
{
    return (struct said){
        {authority_cert, other_cert}, {good_server, NULL}, {good_client, NULL}, {key, NULL}, {NULL}, NULL};
}

// QEMU's, as libvirt's: only one world is spoiled at a time.
static struct said both(void)
{
    return (struct said){{authority_cert, authority_cert},
                         {good_server, good_server},
                         {good_client, good_client},
                         {key, key},
                         {NULL},
                         NULL};
}

static void a_good_node_is_called_good(void **state)
{
    (void)state;
    struct said s = both();
    json_t *summary = NULL, *found = judged(&s, &summary);
    assert_int_equal(json_array_size(found), 0);
    assert_string_equal(json_text_at(summary, "libvirt"), "pass");
    assert_string_equal(json_text_at(summary, "qemu"), "pass");
    assert_int_equal(json_integer_value(json_object_get(summary, "days")), 730);
    assert_true(json_is_null(json_object_get(summary, "unsure")));
    json_decref(found);
    json_decref(summary);
}

static void absent_files_are_named(void **state)
{
    (void)state;
    assert_findings(&(struct said){.more = ""},
                    "fail /0/ca: it has none of these files | Cannot read CA certificate '/0/ca': No such file or "
                    "directory\n"
                    "fail /1/ca: it has none of these files | Unable to access credentials /1/ca: No such file or "
                    "directory\n");
    struct said s = good();
    assert_findings(&s, "fail /1/server: it is not there | Unable to access credentials /1/server: No such file or "
                        "directory\n"
                        "fail /1/serverkey: it is not there | Unable to access credentials /1/serverkey: No such file "
                        "or directory\n"
                        "fail /1/client: it is not there | Unable to access credentials /1/client: No such file or "
                        "directory\n"
                        "fail /1/clientkey: it is not there | Unable to access credentials /1/clientkey: No such file "
                        "or directory\n");
    s = both();
    s.server[0] = "no certificate";
    assert_findings(&s, "fail /0/server: it is no certificate | Unable to import server certificate /0/server\n");
}

static void each_fault_of_a_certificate_is_found(void **state)
{
    (void)state;
    const struct {
        struct fault fault;
        const char *want;
    } cases[] = {
        {{.until = now - 5 * DAY},
         "fail /1/server: it ended 5 days ago by the node's clock | The server certificate "
         "/1/server has expired\n"},
        {{.from = now + DAY},
         "fail /1/server: by the node's clock it is not valid yet | The server certificate "
         "/1/server is not yet active\n"},
        {{.until = now + 20 * DAY}, "warn /1/server: it ends in 20 days\n"},
        {{.swap = true},
         "fail /1/server: it is not made for a server | Certificate /1/server purpose does not allow "
         "use for with a TLS server\n"},
        {{.names = "alpha 192.0.2.8"},
         "fail /1/server: it is not made out to 192.0.2.7 | Certificate does not match "
         "the hostname\n"},
        {{.names = "beta 192.0.2.7"},
         "warn /1/server: it is not made out to alpha | Certificate does not match the "
         "hostname\n"},
        {{.key = another_key},
         "fail /1/serverkey: it is not the key of /1/server | Cannot load certificate "
         "'/1/server' & key '/1/serverkey': The certificate and the given key do not match.\n"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct said s = both();
        _cleanup_free_ char *pem = issue(cases[i].fault, true);
        s.server[1] = pem;
        assert_findings(&s, cases[i].want);
    }
    struct said s = both();
    s.server[1] = authority_cert;
    json_t *summary = NULL, *found = judged(&s, &summary);
    assert_string_equal(json_text_at(summary, "qemu"), "fail");
    assert_string_equal(json_text_at(json_array_get(found, 0), "libvirt"),
                        "The certificate /1/server basic constraints show a CA, but we need one for a server");
    json_decref(found);
    json_decref(summary);
}

static void the_authority_is_judged(void **state)
{
    (void)state;
    struct said s = both();
    s.ca[1] = good_server;
    json_t *summary = NULL, *found = judged(&s, &summary);
    assert_string_equal(json_text_at(json_array_get(found, 0), "libvirt"),
                        "The certificate /1/ca basic constraints do not show a CA");
    assert_string_equal(json_text_at(json_array_get(found, 1), "libvirt"),
                        "Certificate /1/ca usage does not permit certificate signing");
    json_decref(found);
    json_decref(summary);
    s = both();
    s.ca[1] = other_cert;
    found = judged(&s, &summary);
    assert_string_equal(json_text_at(json_array_get(found, 0), "libvirt"),
                        "Our own certificate /1/server failed validation against /1/ca: The certificate hasn't got a "
                        "known issuer.");
    json_decref(found);
    json_decref(summary);
}

// Of several authorities in a file, each: one that has ended is in the way of all.
static void all_authorities_are_judged(void **state)
{
    (void)state;
    struct said s = both();
    _cleanup_err_ struct err e = ERR_INIT;
    char *old = NULL;
    assert_int_equal(x509_new_authority("old", now - 9 * DAY, now - 2 * DAY, &old, &e), 0);
    _cleanup_free_ char *old_cert = tls_authority_cert(old), *two = xasprintf("%s%s", authority_cert, old_cert),
                        *wrong = xasprintf("%s%s", authority_cert, good_server);
    tls_wipe(old);
    s.ca[1] = two;
    assert_findings(&s,
                    "fail /1/ca: CN=old in it: it ended 2 days ago by the node's clock | The CA certificate /1/ca has "
                    "expired\n");
    json_t *summary = NULL, *found = judged(&s, &summary);
    assert_int_equal(json_integer_value(json_object_get(summary, "days")), -2);
    json_decref(found);
    json_decref(summary);
    s.ca[1] = wrong;
    assert_findings(&s,
                    "fail /1/ca: CN=alpha in it: it is no authority's | The certificate /1/ca basic constraints do not "
                    "show a CA\n"
                    "fail /1/ca: CN=alpha in it: its key usage is without certificate signing | Certificate /1/ca "
                    "usage does not permit certificate signing\n");
}

static void who_may_read_a_key_is_judged(void **state)
{
    (void)state;
    struct said s = both();
    s.modes[2] = "644 root root";
    s.modes[4] = "640 root users";
    s.modes[7] = "640 root kvm";
    s.modes[9] = "640 root users";
    s.more = "@tls_denied 9 yes\n";
    assert_findings(&s, "fail /0/serverkey: its mode is 0644: anybody may read it\n"
                        "warn /0/clientkey: its mode is 0640: the group users may read it\n"
                        "fail /1/clientkey: QEMU's user cannot read it | Unable to access credentials /1/clientkey: "
                        "Permission denied\n"
                        "warn /1/clientkey: its mode is 0640: the group users may read it\n");
}

static void what_cannot_be_told_is_unsure(void **state)
{
    (void)state;
    struct said s = both();
    s.key[1] = NULL;
    s.more =
        "@tls_file 7 600 root root\n@tls_sealed 7 ssh-keygen cannot read it: incorrect passphrase\n@tls_file 9 600 "
        "root root\n@tls_sealed 9 there is no ssh-keygen on the node\n";
    json_t *summary = NULL, *found = judged(&s, &summary);
    assert_int_equal(json_array_size(found), 2);
    assert_string_equal(json_text_at(summary, "qemu"), "pass");
    assert_string_equal(json_text_at(summary, "unsure"),
                        "whether it is the key of /1/server cannot be told: ssh-keygen "
                        "cannot read it: incorrect passphrase");
    json_decref(found);
    json_decref(summary);
    s = both();
    s.more = "@tls_untried yes\n";
    found = judged(&s, &summary);
    assert_string_equal(json_text_at(summary, "qemu"), "pass");
    assert_string_equal(json_text_at(summary, "unsure"), "whether QEMU's user can read the files cannot be told");
    json_decref(found);
    json_decref(summary);
}

static void a_private_key_beside_a_certificate_is_found(void **state)
{
    (void)state;
    struct said s = both();
    s.modes[6] = "640 root kvm";
    s.more = "@tls_mixed 1 yes\n@tls_mixed 6 yes\n";
    assert_findings(&s, "fail /0/server: it holds a private key, and anybody may read it\n"
                        "warn /1/server: it holds a private key\n");
}

// Asked of this machine, below a root of the test's own.
static void a_node_tells_what_it_has(void **state)
{
    (void)state;
    _cleanup_err_ struct err e = ERR_INIT;
    _cleanup_(node_unref_p) struct node *node = NULL;
    _cleanup_facts_ struct facts f = {0};
    struct tls_node t;
    _cleanup_buf_ struct buf script = BUF_INIT;
    _cleanup_free_ char *command = NULL;
    const char *words[] = {dir};
    assert_int_equal(node_new("alpha", "root@192.0.2.7", 0, NULL, NULL, NULL, &node, &e), 0);
    if (chdir(dir) < 0 ||
        !runs("mkdir -p etc/libvirt etc/pki/CA etc/pki/qemu etc/pki/libvirt/private && cp k "
              "etc/pki/libvirt/private/serverkey.pem && chmod 640 etc/pki/libvirt/private/serverkey.pem"
              " && ln -s /nowhere etc/pki/qemu/ca-cert.pem"))
        fail_msg("a tree could not be made");
    write_text("etc/pki/CA/cacert.pem", authority_cert);
    write_text("etc/pki/libvirt/servercert.pem", authority); // its private key is behind it
    buf_adds(&script, "tls_root=");
    remote_quote_words(&script, words, 1);
    buf_addc(&script, '\n');
    command = buf_steal(&script);
    struct question q = {.tools = {command, qemu_user, tls_look}, .as_user = true};
    if (node_ask(NULL, NULL, NULL, &q, &f, &e) < 0)
        fail_msg("%s", e.msg);
    for (size_t i = 0; i < f.n; i++)
        assert_null(strstr(f.all[i].value, "PRIVATE"));
    assert_true(tls_take(&f, node, &t));
    const struct tls_file *k = &t.files[TLS_LIBVIRT][TLS_SERVER_KEY];
    assert_true(k->there && k->plain && k->mode == 0640);
    assert_string_equal(k->public_key, key);
    assert_non_null(t.files[TLS_LIBVIRT][TLS_CA].cert);
    assert_false(t.files[TLS_LIBVIRT][TLS_CA].mixed);
    assert_true(t.files[TLS_LIBVIRT][TLS_SERVER].mixed);
    assert_string_equal(buf_str(&t.files[TLS_LIBVIRT][TLS_SERVER].pem), authority_cert);
    assert_true(t.files[TLS_QEMU][TLS_CA].there && !t.files[TLS_QEMU][TLS_CA].plain);
    assert_false(t.files[TLS_QEMU][TLS_SERVER].there);
    assert_int_equal(t.missing.n, 0);
    assert_true(t.said.n > 0);
    tls_node_release(&t);
}

// A write that is cut short tells no error of its own.
static void an_authority_is_written_whole_or_not_at_all(void **state)
{
    (void)state;
    struct rlimit all, few;
    struct err e = ERR_INIT;
    char *pem = NULL, *again = NULL;
    setenv("XDG_STATE_HOME", dir, 1);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &all), 0);
    few = (struct rlimit){100, all.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &few), 0);
    int r = tls_authority(TLS_QEMU, true, &pem, &e);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &all), 0);
    assert_int_equal(r, -1);
    assert_string_equal(e.msg, "cannot write qemu-ca.pem: No space left on device");
    err_release(&e);
    assert_int_equal(system("test -z \"$(ls -A migsh/tls)\""), 0);
    assert_int_equal(tls_authority(TLS_QEMU, true, &pem, &e), 0);
    assert_int_equal(tls_authority(TLS_QEMU, true, &again, &e), 0);
    assert_string_equal(pem, again);
    tls_wipe(pem);
    tls_wipe(again);
}

static int begin(void **state)
{
    (void)state;
    char path[] = "/tmp/migsh tls;'X'XXXXXX";
    _cleanup_err_ struct err e = ERR_INIT;
    dir = mkdtemp(path) ? xstrdup(path) : NULL;
    now = time(NULL);
    if (!dir || chdir(dir) < 0 ||
        x509_new_authority("the authority", now - DAY, now + 7300LL * DAY, &authority, &e) < 0 ||
        x509_new_authority("another", now - DAY, now + 7300LL * DAY, &other, &e) < 0)
        return -1;
    authority_cert = tls_authority_cert(authority);
    other_cert = tls_authority_cert(other);
    key = make_key("k", "-t rsa -b 3072");
    another_key = make_key("k2", "-t rsa -b 2048");
    good_server = issue((struct fault){0}, true);
    good_client = issue((struct fault){0}, false);
    return *key && *another_key ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    char *all[] = {authority, other, authority_cert, other_cert, key, another_key, good_server, good_client};
    bool gone = chdir("/") == 0;
    _cleanup_buf_ struct buf b = BUF_INIT;
    const char *words[] = {dir};
    buf_adds(&b, "rm -rf -- ");
    remote_quote_words(&b, words, 1);
    gone = runs(buf_str(&b)) && gone;
    for (size_t i = 0; i < ARRAY_SIZE(all); i++)
        free(all[i]);
    free(dir);
    return gone ? 0 : -1;
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
        cmocka_unit_test(a_good_node_is_called_good),
        cmocka_unit_test(absent_files_are_named),
        cmocka_unit_test(each_fault_of_a_certificate_is_found),
        cmocka_unit_test(the_authority_is_judged),
        cmocka_unit_test(all_authorities_are_judged),
        cmocka_unit_test(who_may_read_a_key_is_judged),
        cmocka_unit_test(what_cannot_be_told_is_unsure),
        cmocka_unit_test(a_private_key_beside_a_certificate_is_found),
        cmocka_unit_test(a_node_tells_what_it_has),
        cmocka_unit_test(an_authority_is_written_whole_or_not_at_all),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
