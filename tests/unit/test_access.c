// SPDX-License-Identifier: GPL-3.0-or-later
// core/access: libvirt's files of settings read and changed, the gates judged by what nodes tell, the rule of polkit,
// the lines of virt-host-validate. The facts of RHEL 9 (modular daemons, SELinux, a .pkla file that is not read),
// Debian 12 (systemd's socket) and Ubuntu 22.04 (polkit that reads .pkla files) are in data/access: the lab has none
// of these.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "core/access/access.h"
#include "core/access/rules.h"
#include "core/node/ask.h"

// "KEY=VALUE;…", or "!" and the fault.
static char *shown(const char *text)
{
    _cleanup_conf_ struct conf c = {NULL, 0};
    _cleanup_err_ struct err e = ERR_INIT;
    struct buf b = BUF_INIT;
    if (conf_parse(text, strlen(text), &c, &e) < 0)
        buf_addf(&b, "!%s", e.msg);
    for (size_t i = 0; i < c.n; i++) {
        _cleanup_free_ char *value = json_dumps(c.all[i].value, JSON_ENCODE_ANY | JSON_COMPACT);
        buf_addf(&b, "%s%s=%s", i ? ";" : "", c.all[i].key, value);
    }
    return buf_steal(&b);
}

static void settings_are_read_as_libvirt_reads_them(void **state)
{
    (void)state;
    static const char *const table[][2] = {
        {"", ""},
        {"# a = 1\n\n \t\n", ""},
        {"a = 1", "a=1"},
        {"a = +5\n", "a=5"},
        {"  a=-1 # why\nb = 'x \" y'\r\nc = \"#\"\n", "a=-1;b=\"x \\\" y\";c=\"#\""},
        {"a = \"\"\"x\ny\"\"\"\n", "a=\"x\\ny\""},
        {"a = []\nb = [ \"x\",\n  'y', ]\nc=[\"x\"]", "a=[];b=[\"x\",\"y\"];c=[\"x\"]"},
        {"a = 1\na = 2\n", "a=1;a=2"},
        {"a = \"x\n", "!line 1: a string is not closed"},
        {"\na = [ \"x\" \"y\" ]\n", "!line 2: a list holds strings with commas between"},
        {"a = [ \"x\",\n", "!line 2: a list is not closed"},
        {"a = [ 1 ]\n", "!line 1: a list holds strings with commas between"},
        {"a = yes\n", "!line 1: a value is wanted"},
        {"a =\n", "!line 1: a value is wanted"},
        {"a = 99999999999999999999\n", "!line 1: a value is wanted"},
        {"a = 1 2\n", "!line 1: there is something behind the value"},
        {"# x\n[section]\n", "!line 2: a name is wanted"},
        {"a 1\n", "!line 1: '=' is wanted behind a name"},
        {"a.b = 1\n", "!line 1: '=' is wanted behind a name"},
        {"a = +-1\n", "!line 1: a value is wanted"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
        _cleanup_free_ char *got = shown(table[i][0]);
        assert_string_equal(got, table[i][1]);
    }
}

// Words with blanks between: KEY=VALUE, or -KEY.
static char *edited(const char *text, const char *words)
{
    _cleanup_wishes_ struct conf_wishes w = {NULL, 0};
    _cleanup_strv_ struct strv all = STRV_INIT;
    _cleanup_err_ struct err e = ERR_INIT;
    struct buf b = BUF_INIT;
    strv_split(&all, words, ' ');
    for (size_t i = 0; i < all.n; i++) {
        bool unset = *all.s[i] == '-';
        if (conf_wish_add(&w, CONF_DAEMON, all.s[i] + unset, unset, &e) < 0)
            return xasprintf("!%s", e.msg);
    }
    if (conf_edit(text, strlen(text), &w, &b, &e) < 0)
        return xasprintf("!%s", e.msg);
    return buf_steal(&b);
}

static void settings_are_changed_where_they_stand(void **state)
{
    (void)state;
    static const char *const table[][3] = {
        {"", "max_clients=5", "max_clients = 5\n"},
        {"# end", "max_clients=5", "# end\nmax_clients = 5\n"},
        {"a = 1\n  max_clients=20   # mine\nb = 2\n", "max_clients=5", "a = 1\n  max_clients=5   # mine\nb = 2\n"},
        {"max_clients = 0x\n", "max_clients=5", "!line 1: there is something behind the value"},
        {"max_clients = 5\n", "max_clients=5", "max_clients = 5\n"},
        {"access_drivers = [ 'polkit' ]\n", "access_drivers=polkit", "access_drivers = [ 'polkit' ]\n"},
        {"#max_clients = 5000\n#max_clients is a lot\n", "max_clients=5", "max_clients = 5\n#max_clients is a lot\n"},
        {"# max_clients is 1\n#log_filters=\"1:qemu\"  # few\n", "log_filters=3:qemu",
         "# max_clients is 1\nlog_filters=\"3:qemu\"  # few\n"},
        {"#   audit_level == 0  -> none\n#audit_level = 2\n", "audit_level=1",
         "#   audit_level == 0  -> none\naudit_level = 1\n"},
        {"#tls_allowed_dn_list = [\n#  \"a\"\n#]\nb = 1\n", "tls_allowed_dn_list=x,y",
         "tls_allowed_dn_list = [ \"x\", \"y\" ]\n#tls_allowed_dn_list = [\n#  \"a\"\n#]\nb = 1\n"},
        {"max_clients = 1\nmax_clients = 2\n", "max_clients=5", "max_clients = 5\nmax_clients = 2\n"},
        {"max_clients = 1\nb = 3\n max_clients = 2", "-max_clients", "#max_clients = 1\nb = 3\n #max_clients = 2"},
        {"access_drivers = [\n  \"polkit\" ] # x\n", "-access_drivers", "#access_drivers = [\n#  \"polkit\" ] # x\n"},
        {"a = 1\n", "-max_clients", "a = 1\n"},
        {"", "unix_sock_group=$(x);\\ listen_tls=1", "unix_sock_group = \"$(x);\\\"\nlisten_tls = 1\n"},
        {"", "access_drivers=", "access_drivers = []\n"},
        {"", "listen_tls=yes", "!listen_tls: 'yes' is not 0 or 1"},
        {"", "max_clients=", "!max_clients: '' is not a number"},
        {"", "max_clients=-1", "!max_clients: '-1' is not a number"},
        {"", "keepalive_interval=-1", "keepalive_interval = -1\n"},
        {"", "unix_sock_group=a\"b", "!unix_sock_group: libvirt's settings cannot carry '\"' or control characters"},
        {"", "unix_sock_group=a\nb", "!unix_sock_group: libvirt's settings cannot carry '\"' or control characters"},
        {"", "max_clients=1 -max_clients", "!max_clients is named twice"},
        {"", "max_client=1", "!libvirt has no setting 'max_client' there"},
        {"", "max_clients", "!'max_clients' is not KEY=VALUE"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
        _cleanup_free_ char *got = edited(table[i][0], table[i][1]);
        assert_string_equal(got, table[i][2]);
    }
}

static void the_comment_tells_a_default(void **state)
{
    (void)state;
    static const char text[] = "#\n#max_clients = 5000\n#max_clients = 1\n#x = [\n";
    json_auto_t *stock = conf_stock(text, sizeof(text) - 1, "max_clients");
    assert_int_equal(json_integer_value(stock), 5000);
    assert_null(conf_stock(text, sizeof(text) - 1, "max_client"));
    assert_null(conf_stock(text, sizeof(text) - 1, "x"));
}

static void passwords_are_not_set(void **state)
{
    (void)state;
    _cleanup_wishes_ struct conf_wishes w = {NULL, 0};
    _cleanup_err_ struct err e = ERR_INIT;
    assert_int_equal(conf_wish_add(&w, CONF_QEMU, "vnc_password=x", false, &e), -1);
    assert_int_equal(e.code, ERR_UNSUPPORTED);
    assert_int_equal(conf_wish_add(&w, CONF_QEMU, "max_core=unlimited", false, &e), 0);
    assert_string_equal(w.all[0].text, "\"unlimited\"");
}

static void read_facts(const char *name, struct facts *ret)
{
    _cleanup_free_ char *path = xasprintf("%s/access/%s.facts", TEST_DATA, name);
    char text[8192];
    FILE *f = fopen(path, "re");
    assert_non_null(f);
    size_t n = fread(text, 1, sizeof(text), f);
    fclose(f);
    assert_true(n && n < sizeof(text) && facts_parse(text, n, ret));
}

// "GATE LEVEL;…"
static char *levels(const json_t *findings)
{
    struct buf b = BUF_INIT;
    size_t i;
    json_t *row;
    json_array_foreach(findings, i, row)
    {
        buf_addf(&b, "%s%s %s", i ? ";" : "", json_text_at(row, "gate"), json_text_at(row, "level"));
    }
    return buf_steal(&b);
}

static const char *of_gate(const json_t *findings, const char *gate, const char *level, const char *key)
{
    size_t i;
    json_t *row;
    json_array_foreach(findings, i, row)
    {
        if (strcmp(json_text_at(row, "gate"), gate) == 0 && strcmp(json_text_at(row, "level"), level) == 0)
            return json_text_at(row, key);
    }
    return NULL;
}

// The findings of these facts, of which each gate has such a level; the caller's.
static json_t *judged(const char *node, const struct facts *f, const char *want)
{
    json_t *findings = json_array();
    access_judge(node, f, findings);
    _cleanup_free_ char *got = levels(findings);
    assert_string_equal(got, want);
    return findings;
}

static void rhel_9_with_modular_daemons(void **state)
{
    (void)state;
    _cleanup_facts_ struct facts f = {0};
    read_facts("rhel9-modular", &f);
    json_auto_t *findings = judged("a b", &f,
                                   "user pass;daemon pass;socket pass;group skip;auth pass;auth warn;polkit fail;"
                                   "polkit warn;selinux warn;kvm pass;open fail");
    assert_string_equal(of_gate(findings, "daemon", "pass", "seen"),
                        "virtqemud (modular), its socket by systemd, not running");
    assert_string_equal(of_gate(findings, "socket", "pass", "seen"), "/run/libvirt/virtqemud-sock, 666 root:root");
    // What systemd made is not changed by a setting.
    assert_string_equal(of_gate(findings, "auth", "warn", "remedy"),
                        "libvirtd-config 'a b' --unset unix_sock_group --apply");
    assert_non_null(strstr(of_gate(findings, "polkit", "warn", "seen"), "remote-access.pkla"));
    assert_non_null(strstr(of_gate(findings, "polkit", "warn", "why"), "polkit 0.117 does not read .pkla"));
    assert_string_equal(of_gate(findings, "selinux", "warn", "remedy"), "exec 'a b' -- setsebool -P virt_use_nfs on");
    assert_string_equal(of_gate(findings, "open", "fail", "remedy"), "access-grant 'a b' alice --apply");
    _cleanup_free_ char *group = access_group(&f);
    assert_string_equal(group, "libvirt");
}

static void debian_12_with_a_socket_of_systemd(void **state)
{
    (void)state;
    _cleanup_facts_ struct facts f = {0};
    _cleanup_err_ struct err e = ERR_INIT;
    read_facts("debian12", &f);
    json_auto_t *findings = judged("deb", &f,
                                   "user pass;daemon pass;socket pass;group pass;auth pass;polkit pass;selinux skip;"
                                   "kvm pass;open pass");
    assert_string_equal(of_gate(findings, "polkit", "pass", "seen"), "/usr/share/polkit-1/rules.d/60-libvirt.rules");
    assert_int_equal(access_verdict(findings, "alice is refused", &e), 0);
}

static void ubuntu_with_a_polkit_that_reads_pkla(void **state)
{
    (void)state;
    _cleanup_facts_ struct facts f = {0};
    _cleanup_err_ struct err e = ERR_INIT;
    read_facts("ubuntu2204", &f);
    // The rule names the user, but that polkit reads no rules.
    json_auto_t *findings = judged("jammy", &f,
                                   "user pass;daemon pass;socket pass;group fail;auth pass;polkit fail;selinux skip;"
                                   "kvm warn;open fail");
    assert_string_equal(of_gate(findings, "group", "fail", "remedy"), "access-grant jammy alice --apply");
    assert_string_equal(of_gate(findings, "open", "fail", "why"), "refused at: group");
    assert_non_null(strstr(of_gate(findings, "polkit", "fail", "seen"), "60-libvirt.pkla lets in the group 'libvirt'"));
    assert_string_equal(of_gate(findings, "kvm", "warn", "remedy"), "exec jammy -- usermod -aG kvm libvirt-qemu");
    assert_int_equal(access_verdict(findings, "alice is refused", &e), -1);
    assert_int_equal(e.code, ERR_VERDICT);
    assert_string_equal(e.msg, "jammy: alice is refused: group (only the group 'libvirt' may write to the socket)");
}

// Facts as text, and what is judged of them.
static void assert_levels(const char *text, const char *want)
{
    _cleanup_facts_ struct facts f = {0};
    assert_true(facts_parse(text, strlen(text), &f));
    json_decref(judged("n", &f, want));
}

// What a node tells is no part of a command.
static void words_of_a_node_are_quoted_in_remedies(void **state)
{
    (void)state;
    static const char text[] =
        "@migsh facts\n@user al\n@uid 7\n@kvm 660 root kvm\n@qemu_user a; rm -rf /\n@kvm_opens no\n";
    _cleanup_facts_ struct facts f = {0};
    json_auto_t *findings = json_array();
    assert_true(facts_parse(text, sizeof(text) - 1, &f));
    access_judge("n", &f, findings);
    assert_string_equal(of_gate(findings, "kvm", "warn", "remedy"), "exec n -- usermod -aG kvm 'a; rm -rf /'");
}

static void evidence_beats_deduction(void **state)
{
    (void)state;
    // No gate is open to be seen, and yet libvirt lets the user in.
    assert_levels(
        "@migsh facts\n@user a\n@uid 7\n@groups a\n@process libvirtd 1\n@socket libvirt-sock 770 root libvirt\n"
        "@setting libvirtd.conf auth_unix_rw = \"none\"\n@selinux disabled\n@kvm none\n@opened yes\n",
        "user pass;daemon pass;socket pass;group warn;auth pass;polkit skip;selinux skip;kvm warn;open pass");
    // All look open, and yet it does not.
    assert_levels("@migsh facts\n@user a\n@uid 7\n@groups a libvirt\n@process libvirtd 1\n"
                  "@socket libvirt-sock 770 root libvirt\n@setting libvirtd.conf auth_unix_rw = \"none\"\n@selinux "
                  "permissive\n@virt_use_nfs off\n@refused internal error: client socket is closed\n",
                  "user pass;daemon pass;socket pass;group pass;auth pass;polkit skip;selinux pass;kvm skip;open fail");
    // It could not be tried.
    assert_levels(
        "@migsh facts\n@user a\n@uid 7\n@groups a\n@process libvirtd 1\n@socket libvirt-sock 777 root root\n"
        "@setting libvirtd.conf auth_unix_rw = \"none\"\n@selinux disabled\n@untried virsh is not installed\n",
        "user pass;daemon pass;socket pass;group skip;auth warn;polkit skip;selinux skip;kvm skip;open skip");
    assert_levels("@migsh facts\n@user root\n@uid 0\n@groups root\n@selinux disabled\n",
                  "user pass;daemon fail;socket fail;group skip;auth pass;polkit skip;selinux skip;kvm skip;open skip");
    assert_levels("@migsh facts\n@user x\n@process libvirtd 1\n@socket libvirt-sock 700 root root\n"
                  "@setting libvirtd.conf auth_unix_rw = \"sasl\"\n",
                  "user fail;daemon pass;socket fail;group skip;auth warn;polkit skip;selinux skip;kvm skip;open skip");
    assert_levels("@migsh facts\n@user x\n@uid 7\n@binary virtqemud\n@unit virtqemud.socket loaded inactive enabled\n"
                  "@setting virtqemud.conf auth_unix_rw = \"sesame\"\n",
                  "user pass;daemon fail;socket fail;group skip;auth fail;polkit skip;selinux skip;kvm skip;open skip");
}

static bool granted(const char *rule, const char *user, const char *group)
{
    _cleanup_strv_ struct strv groups = STRV_INIT;
    _cleanup_facts_ struct facts f = {0};
    _cleanup_free_ char *by = NULL, *in = NULL;
    _cleanup_free_ char *text = xasprintf("@migsh facts\n@polkit 122\n@rule 0 /r\n@rule_text 0 %s\n", rule);
    for (char *p = strstr(text, "@rule_text"); (p = strchr(p, '\n')) && p[1];)
        *p = ' '; // as the tool does
    strv_add(&groups, group);
    assert_true(facts_parse(text, strlen(text), &f));
    return rules_grant(&f, user, &groups, false, &by, &in);
}

static void rules_of_polkit(void **state)
{
    (void)state;
    static const char by_user[] = "if (action.id == 'org.libvirt.unix.manage' && subject.user == 'al') return "
                                  "polkit.Result.YES;";
    static const char by_group[] =
        "if (action.id.indexOf(\"org.libvirt.\") == 0 && subject.isInGroup(\"kvm\")) { return polkit.Result.YES; }";
    static const char no[] =
        "if (action.id == \"org.libvirt.unix.manage\" && subject.user == \"al\") { return polkit.Result.NO; }";
    assert_true(granted(by_user, "al", "x"));
    assert_false(granted(by_user, "a", "x"));
    assert_true(granted(by_group, "x", "kvm"));
    assert_false(granted(by_group, "kvm", "kv"));
    assert_false(granted(no, "al", "x"));
    assert_true(polkit_is_old("0.105"));
    assert_false(polkit_is_old("0.106"));
    assert_false(polkit_is_old("122"));
    assert_false(polkit_is_old(NULL));
}

static void our_rule_lets_in_one_user(void **state)
{
    (void)state;
    _cleanup_free_ char *rule = access_rule("al"), *hostile = access_rule("a\"); evil(\"\n"),
                        *path = access_rule_path("a b/../@x.y-z");
    assert_true(granted(rule, "al", "x"));
    assert_non_null(strstr(hostile, "subject.user == \"a\\\"); evil(\\\"\\n\")"));
    assert_string_equal(path, "/etc/polkit-1/rules.d/49-migsh-a%20b%2F..%2F%40x.y-z.rules");
}

static void hostile_users_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "-rf", "a b", "a\nb", "a:b", "a/b", "a\"b", "a'b", "a\\b", "a,b"};
    _cleanup_err_ struct err e = ERR_INIT;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_int_equal(access_check_user(bad[i], &e), -1);
    assert_int_equal(access_check_user("al.ice_1$@example.org", &e), 0);
}

static void lines_of_virt_host_validate(void **state)
{
    (void)state;
    static const char text[] =
        "  QEMU: Checking for hardware virtualization                                 : PASS\n"
        "  QEMU: Checking if device /dev/vhost-net exists                             : WARN (Load the 'vhost_net' "
        "module)\n"
        "  QEMU: Checking for device assignment IOMMU support : FAIL (No ACPI : DMAR table (found))\r\n"
        "   LXC: Checking for Linux >= 2.6.26                                         : PASS\n"
        "  QEMU: Checking for something new : PERHAPS\nnoise\n: Checking \n";
    json_auto_t *findings = json_array();
    assert_int_equal(access_validate_parse("n", text, sizeof(text) - 1, findings), 4);
    _cleanup_free_ char *got = levels(findings);
    assert_string_equal(got, "hardware virtualization pass;device /dev/vhost-net exists warn;device assignment IOMMU "
                             "support fail;Linux >= 2.6.26 pass");
    assert_string_equal(of_gate(findings, "device assignment IOMMU support", "fail", "why"),
                        "No ACPI : DMAR table (found)");
    assert_string_equal(json_text_at(json_array_get(findings, 3), "driver"), "LXC");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings_are_read_as_libvirt_reads_them),
        cmocka_unit_test(settings_are_changed_where_they_stand),
        cmocka_unit_test(the_comment_tells_a_default),
        cmocka_unit_test(passwords_are_not_set),
        cmocka_unit_test(rhel_9_with_modular_daemons),
        cmocka_unit_test(debian_12_with_a_socket_of_systemd),
        cmocka_unit_test(ubuntu_with_a_polkit_that_reads_pkla),
        cmocka_unit_test(words_of_a_node_are_quoted_in_remedies),
        cmocka_unit_test(evidence_beats_deduction),
        cmocka_unit_test(rules_of_polkit),
        cmocka_unit_test(our_rule_lets_in_one_user),
        cmocka_unit_test(hostile_users_are_refused),
        cmocka_unit_test(lines_of_virt_host_validate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
