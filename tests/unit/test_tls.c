// SPDX-License-Identifier: GPL-3.0-or-later
// The certificates of nodes: each fault of a node's files is found and called what libvirt calls it; what a node tells
// of a directory whose name is sh; and the console's own authorities.
#include "x509_made.h"

#include <signal.h>
#include <sys/resource.h>

#include "base/json.h"
#include "core/console/inventory.h"
#include "core/node/ask.h"
#include "core/node/qemu_user.h"

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
    mem_wipe_text(old);
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
    mem_wipe_text(pem);
    mem_wipe_text(again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
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
