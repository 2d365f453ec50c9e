// SPDX-License-Identifier: GPL-3.0-or-later
// core/firewall: what of recorded rulesets drops what comes in (data/firewall/, as `nft -j list ruleset` and `iptables
// -S` have told them), the words of --ports, and what a plan runs.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "core/console/inventory.h"
#include "core/firewall/firewall.h"
#include "io/file.h"

static struct node *node;

static char *data(const char *name)
{
    _cleanup_free_ char *path = xasprintf("%s/firewall/%s", TEST_DATA, name);
    _cleanup_err_ struct err e = ERR_INIT;
    char *text = NULL;
    if (file_read(path, 1 << 20, &text, NULL, &e) < 0)
        fail_msg("%s", e.msg);
    return text;
}

// A node's answer: "KEY VALUE" words, and recorded files.
static void told(struct facts *f, const char *const *words, const char *json, const char *iptables)
{
    static const char usual[] = "now 1000\nmigration 49152-49215\n";
    _cleanup_buf_ struct buf b = BUF_INIT;
    buf_adds(&b, "\n@migsh facts\n");
    _cleanup_strv_ struct strv lines = STRV_INIT, rules = STRV_INIT;
    strv_split(&lines, usual, '\n');
    for (size_t i = 0; words && words[i]; i++)
        strv_add(&lines, words[i]);
    for (size_t i = 0; i < lines.n; i++)
        buf_addf(&b, "@%s\n", lines.s[i]);
    if (iptables) {
        _cleanup_free_ char *text = data(iptables);
        strv_split(&rules, text, '\n');
    }
    for (size_t i = 0; i < rules.n; i++)
        buf_addf(&b, "@iptables %s\n", rules.s[i]);
    if (json) {
        _cleanup_free_ char *text = data(json);
        buf_addf(&b, "@nft yes\n@text\n%s", text);
    }
    assert_true(facts_parse(b.s, b.len, f));
}

static void assert_doors(const char *const *words, const char *json, const char *iptables, const char *want)
{
    _cleanup_facts_ struct facts facts = {0};
    _cleanup_firewall_ struct firewall f = {0};
    _cleanup_err_ struct err e = ERR_INIT;
    _cleanup_buf_ struct buf got = BUF_INIT;
    told(&facts, words, json, iptables);
    if (firewall_read(node, &facts, &f, &e) < 0)
        fail_msg("%s", e.msg);
    for (size_t i = 0; i < f.doors.n; i++)
        buf_addf(&got, "%s\n", f.doors.s[i]);
    assert_string_equal(buf_str(&got), want);
}

static void every_chain_that_may_drop_is_found(void **state)
{
    (void)state;
    const char *const firewalld[] = {"firewalld yes", NULL}, *const ufw[] = {"ufw yes", NULL};
    assert_doors(NULL, "empty.json", NULL, "");
    assert_doors(NULL, NULL, NULL, "");
    assert_doors(NULL, "plain.json", NULL, "nft inet filter input\nnft ip guard in\n");
    // Through verdict maps, jumps and gotos; not what only filters forged addresses, goes out, or belongs to a bridge.
    assert_doors(NULL, "several.json", NULL, "nft inet a shut\nnft inet a input\nnft ip6 v6only in6\n");
    assert_doors(firewalld, "firewalld.json", NULL, "firewalld\n");
    assert_doors(NULL, "firewalld.json", NULL, "nft inet firewalld filter_INPUT\n"); // a dead one's rules
    assert_doors(ufw, "ufw.json", "ufw.iptables", "iptables\nnft ip6 filter INPUT\n");
    assert_doors(NULL, "docker.json", "docker.iptables", ""); // what is forwarded does not come in
}

// Written by hand: nft's own words cannot make these.
static void chains_that_nft_cannot_be_told_are_known(void **state)
{
    (void)state;
    _cleanup_facts_ struct facts facts = {0};
    _cleanup_firewall_ struct firewall f = {0};
    _cleanup_err_ struct err e = ERR_INIT;
    _cleanup_buf_ struct buf got = BUF_INIT;
    told(&facts, NULL, "names.json", NULL);
    assert_int_equal(firewall_read(node, &facts, &f, &e), 0);
    assert_int_equal(f.doors.n, 1);
    assert_string_equal(f.doors.s[0], "nft inet t plain_1.2-x");
    for (size_t i = 0; i < f.refused.n; i++)
        buf_addf(&got, "%s\n", f.refused.s[i]);
    assert_string_equal(buf_str(&got), "inet a b c\ninet t c; drop\ninet t -x\ninet t c d\n");
}

static void iptables_drops_by_its_policy_or_a_rule_within_reach(void **state)
{
    (void)state;
    static const struct {
        const char *rules;
        bool drops;
    } cases[] = {
        {"-P INPUT ACCEPT\n-P FORWARD DROP", false},
        {"-P INPUT DROP", true},
        {"-P INPUT ACCEPT\n-N a\n-A INPUT -p tcp -g a\n-A a -j REJECT --reject-with tcp-reset", true},
        {"-P INPUT ACCEPT\n-N a\n-A FORWARD -j a\n-A a -j DROP", false},
        {"-P INPUT ACCEPT\n-N a\n-A INPUT -j a\n-A a -j INPUT", false},
        {"", false},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        _cleanup_strv_ struct strv rules = STRV_INIT;
        strv_split(&rules, cases[i].rules, '\n');
        assert_int_equal(firewall_iptables_drops(&rules), cases[i].drops);
    }
}

static void what_is_no_ruleset_is_an_error(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "{}", "[", "{\"nftables\": 1}", "Error: syntax"};
    const struct strv none = STRV_INIT;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        _cleanup_err_ struct err e = ERR_INIT;
        _cleanup_strv_ struct strv doors = STRV_INIT;
        assert_int_equal(firewall_nft_doors(bad[i], &none, &doors, &e), -1);
        assert_int_equal(e.code, ERR_UNSUPPORTED);
    }
    static const char odd[] = "{\"nftables\": [1, {\"chain\": {\"hook\": \"input\"}}, {\"rule\": {\"chain\": 3}},"
                              "{\"chain\": {\"family\": \"inet\", \"table\": \"t\", \"name\": \"c; drop\", \"type\": "
                              "\"filter\", \"hook\": \"input\", \"policy\": \"drop\"}}]}";
    _cleanup_err_ struct err e = ERR_INIT;
    _cleanup_strv_ struct strv doors = STRV_INIT;
    assert_int_equal(firewall_nft_doors(odd, &none, &doors, &e), 0);
    assert_int_equal(doors.n, 1);
}

static void ports_are_names_numbers_and_ranges(void **state)
{
    (void)state;
    static const struct {
        const char *words, *want; // NULL: refused
    } cases[] = {{"migration", "49152-49215 "},
                 {"libvirt,22,ssh,5000-5010", "16509 16514 22 2222 5000-5010 "},
                 {"nfs", "111 2049 "},
                 {"7-7", "7 "},
                 {"0", NULL},
                 {"65536", NULL},
                 {"20-10", NULL},
                 {"http", NULL},
                 {"22 23", NULL},
                 {"$(x)", NULL}};
    const struct firewall f = {.migration = (char *)"49152-49215", .ssh = (char *)"2222"};
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        _cleanup_strv_ struct strv words = STRV_INIT, ports = STRV_INIT;
        _cleanup_err_ struct err e = ERR_INIT;
        _cleanup_buf_ struct buf got = BUF_INIT;
        strv_split(&words, cases[i].words, ',');
        assert_int_equal(firewall_ports(&words, &f, &ports, &e), cases[i].want ? 0 : -1);
        for (size_t k = 0; k < ports.n; k++)
            buf_addf(&got, "%s ", ports.s[k]);
        assert_string_equal(buf_str(&got), cases[i].want ? cases[i].want : "");
    }
}

static void openings_are_read_and_numbered_apart(void **state)
{
    (void)state;
    const char *const words[] = {
        "ours nft 12345 1020", "ours ufw 23456 keep", "ours firewalld 20000 ", "ours nft 5 1020", "ours x", NULL};
    _cleanup_facts_ struct facts facts = {0};
    _cleanup_firewall_ struct firewall f = {0};
    _cleanup_err_ struct err e = ERR_INIT;
    told(&facts, words, "empty.json", NULL);
    assert_int_equal(firewall_read(node, &facts, &f, &e), 0);
    assert_string_equal(f.ssh, "2222"); // the inventory's
    assert_int_equal(f.n_ours, 3);
    assert_int_equal(f.ours[0].end - f.now, 20);
    assert_true(f.ours[1].keep && !f.ours[0].keep && !f.ours[2].keep && !f.ours[2].end);
    for (int i = 0; i < 1000; i++) {
        _cleanup_free_ char *id = firewall_new_id(&f);
        assert_int_equal(strlen(id), 5);
        assert_string_not_equal(id, "12345");
    }
}

// A peer's word opens a node for that peer alone.
static void a_peer_tells_addresses_and_nothing_else(void **state)
{
    (void)state;
    static const struct {
        const char *from;
        size_t n; // 0: refused
    } cases[] = {{"192.0.2.1", 1},   {"2001:db8::1", 1}, {"0.0.0.0/0", 0},    {"0.0.0.0", 0},
                 {"::", 0},          {"10.0.0.0/8", 0},  {"any", 0},          {"192.0.2.1};flush", 0},
                 {"192.0.2.1 *", 0}, {"-j", 0},          {"192.0.2.1,0/0", 0}};
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        _cleanup_facts_ struct facts f = {0};
        _cleanup_strv_ struct strv addresses = STRV_INIT;
        _cleanup_err_ struct err e = ERR_INIT;
        _cleanup_free_ char *line = xasprintf("from %s", cases[i].from);
        told(&f, (const char *const[]){line, NULL}, NULL, NULL);
        assert_int_equal(firewall_peer_read(node, &f, &addresses, &e), cases[i].n ? 0 : -1);
        assert_int_equal(addresses.n, cases[i].n);
        assert_int_equal(e.code, cases[i].n ? ERR_NONE : ERR_FAILED);
    }
}

static void assert_plan(const struct firewall *f, unsigned seconds, const char *address, const char *want)
{
    _cleanup_strv_ struct strv ports = STRV_INIT, addresses = STRV_INIT;
    _cleanup_err_ struct err e = ERR_INIT;
    _cleanup_(plan_free_p) struct plan *p = plan_new("x");
    strv_add(&ports, "49152-49215");
    strv_add(&addresses, address);
    const struct firewall_wish w = {node, &ports, &addresses, seconds};
    assert_int_equal(firewall_open_plan(p, f, &w, "12345", &e), 0);
    assert_int_equal(p->n, want ? 1 : 0);
    if (want && !strstr(p->changes[0]->run, want))
        fail_msg("'%s' is not in %.300s", want, p->changes[0]->run);
}

static void a_plan_opens_what_is_in_the_way_of_these_addresses(void **state)
{
    (void)state;
    struct firewall f = {.ufw = false};
    assert_plan(&f, 20, "192.0.2.1", NULL);
    strv_add(&f.doors, "iptables");
    strv_add(&f.doors, "nft inet filter input");
    strv_add(&f.doors, "nft ip6 filter INPUT");
    assert_plan(&f, 20, "192.0.2.1", "'12345' '20' '49152-49215' '192.0.2.1' 'iptables\nnft inet filter input'");
    assert_plan(&f, 20, "2001:db8::1", "'nft inet filter input\nnft ip6 filter INPUT'");
    f.ufw = true;
    assert_plan(&f, 20, "192.0.2.1", "'iptables\nnft inet filter input'"); // no boot must bring it back
    assert_plan(&f, 0, "192.0.2.1", "'12345' '0' '49152-49215' '192.0.2.1' 'ufw\nnft inet filter input'");
    strv_add(&f.refused, "inet t c; drop");
    const struct strv none = STRV_INIT;
    const struct firewall_wish w = {node, &none, &none, 1};
    _cleanup_err_ struct err e = ERR_INIT;
    _cleanup_(plan_free_p) struct plan *p = plan_new("x");
    assert_int_equal(firewall_open_plan(p, &f, &w, "12345", &e), -1);
    assert_int_equal(e.code, ERR_UNSUPPORTED);
    firewall_release(&f);
}

// Only what is there is switched off.
static void a_whole_is_switched_off_where_it_runs(void **state)
{
    (void)state;
    _cleanup_err_ struct err e = ERR_INIT, e2 = ERR_INIT;
    _cleanup_(plan_free_p) struct plan *p = plan_new("x");
    struct firewall none = {.firewalld = true, .selinux = (char *)"Permissive"},
                    all = {.firewalld = true, .ufw = true, .systemctl = true, .selinux = (char *)"Enforcing"};
    assert_int_equal(firewall_off_plan(p, node, &none, &e), -1);
    assert_int_equal(firewall_selinux_plan(p, node, &none, &e2), -1);
    assert_true(e.code == ERR_UNSUPPORTED && e2.code == ERR_UNSUPPORTED && p->n == 0);
    assert_int_equal(firewall_off_plan(p, node, &all, &e), 0);
    assert_int_equal(firewall_selinux_plan(p, node, &all, &e), 0);
    assert_int_equal(p->n, 3);
    assert_string_equal(p->changes[0]->run, "ufw disable");
    assert_string_equal(p->changes[1]->undo, "systemctl start firewalld");
    assert_string_equal(p->changes[2]->undo, "setenforce 1");
}

static int begin(void **state)
{
    (void)state;
    struct err e = ERR_INIT;
    return node_new("dest", "192.0.2.9", 2222, NULL, NULL, NULL, &node, &e);
}

static int end(void **state)
{
    (void)state;
    node_unref(node);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_chain_that_may_drop_is_found),
        cmocka_unit_test(chains_that_nft_cannot_be_told_are_known),
        cmocka_unit_test(iptables_drops_by_its_policy_or_a_rule_within_reach),
        cmocka_unit_test(what_is_no_ruleset_is_an_error),
        cmocka_unit_test(ports_are_names_numbers_and_ranges),
        cmocka_unit_test(openings_are_read_and_numbered_apart),
        cmocka_unit_test(a_peer_tells_addresses_and_nothing_else),
        cmocka_unit_test(a_plan_opens_what_is_in_the_way_of_these_addresses),
        cmocka_unit_test(a_whole_is_switched_off_where_it_runs),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
