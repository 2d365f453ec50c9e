// SPDX-License-Identifier: GPL-3.0-or-later
// Bridges: from what a node told to the state and the files that are wanted of it, and what is refused; and what is
// judged of the bridges of several nodes. The files of each back end are compared with data/bridge/NAME, and read by
// their own programs where these are installed.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/json.h"
#include "core/bridge/ensure.h"
#include "core/bridge/nets.h"
#include "core/bridge/tools_priv.h"
#include "core/node/links.h"

// A card with two addresses of its own, one that a router gave, and a route by a metric.
static const char card[] =
    "@migsh facts\n@link eth0 up 9000 -\n@mac eth0 52:54:00:00:00:01\n@mac eth01 52:54:00:00:00:02\n"
    "@state link br0 absent\n@state link eth0 other 9000 up\n@state master eth0 -\n"
    "@state address eth0 4 192.0.2.10/24 brd 192.0.2.255 scope global\n"
    "@state address eth0 4 192.0.2.11/24 brd 192.0.2.255 scope global label eth0:1\n"
    "@state address eth0 6 2001:db8::10/64 scope global\n"
    "@state address eth0 6 2001:db8:1::5/64 scope global mngtmpaddr valid_lft 86000 preferred_lft "
    "14000\n"
    "@state route eth0 4 default via 192.0.2.1 onlink\n"
    "@state route eth0 4 198.51.100.0/24 via 192.0.2.2 metric 50\n"
    "@state route eth0 6 default via 2001:db8::1 metric 1024\n"
    "@state route eth0 4 192.0.2.0/24 proto kernel scope link src 192.0.2.10 metric 100\n"
    "@state route eth0 4 default via 192.0.2.9 table 100\n"
    "@dns 192.0.2.53\n@dns 2001:db8::53\n@sourced yes\n@bridge_utils yes\n";

static const struct strv none = STRV_INIT;

static struct bridge_wish wish(const char *backend)
{
    return (struct bridge_wish){.bridge = "br0",
                                .port = "eth0",
                                .addresses = &none,
                                .gateways = &none,
                                .move = true,
                                .backend = backend,
                                .within_s = 90};
}

static int judge(const char *told, const struct bridge_wish *w, struct bridge_job *ret, struct err *e)
{
    struct facts f;
    assert_true(facts_parse(told, strlen(told), &f));
    int r = bridge_judge(&f, w, ret, e);
    facts_release(&f);
    return r;
}

static void addresses_and_routes_move(void **state)
{
    (void)state;
    _cleanup_err_ struct err e = ERR_INIT;
    _cleanup_(bridge_job_release) struct bridge_job j;
    struct bridge_wish w = wish("ip");
    assert_int_equal(judge(card, &w, &j, &e), 0);
    assert_string_equal(j.want, "link br0 bridge 0 0 9000 52:54:00:00:00:01 up\nlink eth0 other 9000 up\n"
                                "master eth0 br0\n"
                                "address br0 4 192.0.2.10/24 brd 192.0.2.255 scope global\n"
                                "address br0 4 192.0.2.11/24 brd 192.0.2.255 scope global\n"
                                "address br0 6 2001:db8::10/64 scope global\n"
                                "address br0 6 2001:db8:1::5/64 scope global mngtmpaddr valid_lft 86000 preferred_lft "
                                "14000\n"
                                "route br0 4 default via 192.0.2.1 onlink\n"
                                "route br0 4 198.51.100.0/24 via 192.0.2.2 metric 50\n"
                                "route br0 6 default via 2001:db8::1 metric 1024\n"
                                "route br0 4 192.0.2.0/24 proto kernel scope link src 192.0.2.10 metric 100\n"
                                "route br0 4 default via 192.0.2.9 table 100\n");
    assert_non_null(strstr(j.notes.s[0], "table 100 moves, but is not kept over a boot"));
    assert_non_null(strstr(j.before, "label eth0:1\n"));
    assert_int_equal(j.files.n, 0);
}

static void an_address_of_its_own(void **state)
{
    (void)state;
    _cleanup_err_ struct err e = ERR_INIT;
    _cleanup_(bridge_job_release) struct bridge_job j;
    _cleanup_strv_ struct strv addresses = STRV_INIT, gateways = STRV_INIT;
    strv_add(&addresses, "192.0.2.20/24");
    strv_add(&gateways, "192.0.2.1");
    struct bridge_wish w = wish("ip");
    w.move = false;
    w.addresses = &addresses;
    w.gateways = &gateways;
    assert_int_equal(judge(card, &w, &j, &e), 0);
    assert_string_equal(j.want, "link br0 bridge 0 0 9000 52:54:00:00:00:01 up\nlink eth0 other 9000 up\n"
                                "master eth0 br0\naddress br0 4 192.0.2.20/24 brd +\n"
                                "route br0 4 default via 192.0.2.1\n");
    assert_int_equal(j.notes.n, 3);
    assert_string_equal(j.notes.s[0], "the route to 198.51.100.0/24 over eth0 goes");
    assert_string_equal(j.notes.s[1],
                        "the route to default over eth0 goes; --gateway sets a default route anew"); // of IPv6
    assert_string_equal(j.notes.s[2], "the route to default over eth0 goes");                        // in table 100
}

static void what_is_not_safe_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *more;
        enum err_code code;
        const char *says;
    } cases[] = {
        {"@unfit wireless\n", ERR_UNSUPPORTED, "wireless"},
        {"@ovs br0\n", ERR_UNSUPPORTED, "Open vSwitch"},
        {"@state address eth0 4 192.0.2.12/24 scope global valid_lft 600 preferred_lft 600\n", ERR_UNSUPPORTED, "DHCP"},
        {"@state route eth0 4 default proto static nexthop via 192.0.2.1 dev eth0 weight 1\n", ERR_UNSUPPORTED,
         "next hops"},
        {"@files several\n", ERR_UNSAFE, "several files"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        _cleanup_err_ struct err e = ERR_INIT;
        _cleanup_free_ char *told = xasprintf("%s%s", card, cases[i].more);
        struct bridge_job j;
        struct bridge_wish w = wish("ifupdown");
        assert_int_equal(judge(told, &w, &j, &e), -1);
        assert_int_equal(e.code, cases[i].code);
        assert_non_null(strstr(e.msg, cases[i].says));
    }
    static const char *const names[] = {"", "-rf", ".", "a b", "a;b", "$(x)", "a/b", "a\nb", "1234567890123456", "ü"};
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        _cleanup_err_ struct err e = ERR_INIT;
        assert_int_equal(bridge_check_name(names[i], "bridge", &e), -1);
    }
}

static void a_file_that_others_wrote_stays(void **state)
{
    (void)state;
    _cleanup_err_ struct err e = ERR_INIT;
    _cleanup_free_ char *told = xasprintf("%s@manager ifupdown\n@foreign /etc/network/interfaces\n", card);
    _cleanup_(bridge_job_release) struct bridge_job j;
    struct bridge_wish w = wish(NULL);
    assert_int_equal(judge(told, &w, &j, &e), 0);
    assert_int_equal(j.files.n, 0);
    assert_int_equal(j.notes.n, 2); // the first one is of the route in table 100
    assert_non_null(strstr(j.notes.s[1], "describes br0, and is left as it is"));
}

// What the file of others is, for each that has one, and what becomes of it; data/bridge/NAME.
static const char interfaces[] =
    "auto eth0\niface eth0 inet static\n  address 192.0.2.10/24\n  # kept\n  gateway 192.0.2.1\n"
    "iface eth0 inet6 auto\n\nallow-hotplug eth1\niface eth1 inet dhcp\n";
static const char ifcfg[] = "TYPE=Ethernet\nDEVICE=eth0\nONBOOT=yes\nBOOTPROTO=static\nIPADDR=192.0.2.10\nPREFIX=24\n"
                            "DNS1=192.0.2.53";
static const char netplan[] = "network:\n  version: 2\n  ethernets:\n    eth1: {dhcp4: true}\n    eth0:\n      match:\n"
                              "        macaddress: 52:54:00:00:00:01\n      addresses:\n      - 192.0.2.10/24\n"
                              "      # a word\n      routes:\n        - to: default\n          via: 192.0.2.1\n"
                              "      optional: true\n    eth2:\n      addresses: [198.51.100.1/24]\n";

static char *golden(const struct bridge_job *j, const char *old)
{
    struct buf all = BUF_INIT;
    for (size_t i = 0; i < j->files.n; i++) {
        const struct bridge_file *f = &j->files.f[i];
        _cleanup_buf_ struct buf text = BUF_INIT;
        _cleanup_err_ struct err e = ERR_INIT;
        const char *names[] = {"br0", "eth0"};
        const struct change c = {.data = names};
        if (f->edit)
            assert_int_equal(f->edit(&c, old, strlen(old), &text, &e), 0);
        buf_addf(&all, "==> %s\n%s", f->path, f->edit ? buf_str(&text) : buf_str(&f->text));
    }
    return buf_steal(&all);
}

static void files_of_each_back_end(void **state)
{
    (void)state;
    static const struct {
        const char *name, *file, *old;
    } all[] = {{"ifupdown", "/etc/network/interfaces", interfaces},
               {"ifcfg", "/etc/sysconfig/network-scripts/ifcfg-eth0", ifcfg},
               {"netplan", "/etc/netplan/50-cloud-init.yaml", netplan},
               {"networkd", NULL, ""},
               {"nm", NULL, ""}};
    for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
        _cleanup_err_ struct err e = ERR_INIT;
        _cleanup_(bridge_job_release) struct bridge_job j;
        _cleanup_free_ char *told = xasprintf("%s@manager %s\n%s%s\n", card, all[i].name, all[i].file ? "@file " : "",
                                              all[i].file ? all[i].file : "");
        _cleanup_free_ char *path = xasprintf("%s/bridge/%s", TEST_DATA, all[i].name);
        char want[8192] = "";
        struct bridge_wish w = wish(NULL);
        assert_int_equal(judge(told, &w, &j, &e), 0);
        _cleanup_free_ char *got = golden(&j, all[i].old);
        FILE *f = fopen(path, getenv("MIGSH_GOLDEN_WRITE") ? "we" : "re");
        assert_non_null(f);
        if (getenv("MIGSH_GOLDEN_WRITE"))
            fputs(got, f);
        else
            assert_true(fread(want, 1, sizeof(want) - 1, f) > 0);
        fclose(f);
        if (*want)
            assert_string_equal(got, want);
    }
}

// In braces nothing can be taken out safely.
static void netplan_in_braces_is_refused(void **state)
{
    (void)state;
    static const char flow[] = "network:\n  ethernets:\n    eth0: {addresses: [192.0.2.10/24]}\n";
    _cleanup_free_ char *told = xasprintf("%s@manager netplan\n@file /etc/netplan/x.yaml\n", card);
    _cleanup_err_ struct err e = ERR_INIT;
    _cleanup_buf_ struct buf out = BUF_INIT;
    _cleanup_(bridge_job_release) struct bridge_job j;
    const char *names[] = {"br0", "eth0"};
    const struct change c = {.data = names};
    struct bridge_wish w = wish(NULL);
    assert_int_equal(judge(told, &w, &j, &e), 0);
    assert_int_equal(j.files.f[0].edit(&c, flow, strlen(flow), &out, &e), -1);
    assert_int_equal(e.code, ERR_UNSAFE);
}

// `command` reads what is in data/bridge/NAME, laid out below a directory; skipped where it is not installed.
static void read_by(const char *name, const char *command)
{
    char dir[] = "/tmp/migsh-bridge-XXXXXX";
    assert_non_null(mkdtemp(dir));
    _cleanup_free_ char *lay = xasprintf(
        "cd %s && awk '/^==> / { f = \".\" $2; d = f; sub(\"/[^/]*$\", \"\", d); system(\"mkdir -p \" d); next } "
        "{ print >f }' '%s/bridge/%s' && (%s) >out 2>&1 || { cat out; exit 1; }",
        dir, TEST_DATA, name, command);
    int status = system(lay);
    _cleanup_free_ char *gone = xasprintf("rm -rf %s", dir);
    (void)!system(gone);
    assert_int_equal(status, 0);
}

static void their_own_programs_read_the_files(void **state)
{
    (void)state;
    read_by("ifupdown", "! command -v ifquery || { cat etc/network/interfaces.d/* >>etc/network/interfaces; "
                        "ifquery -i etc/network/interfaces br0 | grep -x 'address: 192.0.2.11'; }");
    read_by("netplan", "! command -v netplan || { chmod 600 etc/netplan/*; netplan generate --root-dir . && "
                       "grep -x 'Bridge=br0' run/systemd/network/10-netplan-eth0.network && "
                       "grep -x 'Address=192.0.2.10/24' run/systemd/network/10-netplan-br0.network && "
                       "! grep '^Address=' run/systemd/network/10-netplan-eth0.network; }");
}

static void bridges_are_judged(void **state)
{
    (void)state;
    static const char nets[] =
        "[{\"node\": \"a\", \"hypervisor\": true, \"look\": {\"link\": [\"br0 up 1500 -\", \"eth0 up 9000 br0\", "
        "\"vnet0 "
        "unknown 1500 br0\", \"virbr0 down 1500 -\"], \"bridge\": [\"br0 1 1500\", \"virbr0 1 200\"], \"tap\": "
        "[\"vnet0\"], \"up\": [\"br0\", \"eth0\"], \"mac\": [\"eth0 52:54:00:00:00:01\"], \"address\": [\"br0 "
        "192.0.2.1/24\"]}, \"guests\": [{\"name\": \"g\", \"state\": \"running\", \"interfaces\": [{\"mac\": "
        "\"52:54:00:aa:00:01\", \"bridge\": \"br0\", \"ovs\": false}, {\"mac\": null, \"bridge\": \"a;b\", \"ovs\": "
        "false}]}]},"
        "{\"node\": \"b\", \"hypervisor\": true, \"look\": {\"link\": [\"eth0 up 1500 -\"], \"up\": [\"eth0\"], "
        "\"address\": [\"eth0 192.0.2.2/24\"]}, \"guests\": []},"
        "{\"node\": \"c\", \"hypervisor\": true, \"missing\": {\"look\": \"no route\", \"code\": \"unreachable\"}}]";
    json_auto_t *all = json_loads(nets, 0, NULL);
    assert_non_null(all);
    json_auto_t *v = bridge_judge_nets(all);
    json_auto_t *on = json_pack("{s:s, s:s, s:s}", "a", "yes", "b", "no", "c", "unknown");
    assert_true(json_equal(json_object_get(json_array_get(json_object_get(v, "matrix"), 0), "nodes"), on));
    _cleanup_free_ char *findings = json_dumps(json_object_get(v, "findings"), 0);
    assert_non_null(strstr(findings, "bridge-ensure b br0 --port eth0 --move-address"));
    assert_non_null(strstr(findings, "waits 15 s"));
    assert_non_null(strstr(findings, "exec a -- ip link set br0 mtu 9000"));
    assert_non_null(strstr(findings, "no bridge can be called so"));
    assert_null(strstr(findings, "virbr0"));
    assert_null(strstr(findings, "--port IFACE"));
    assert_int_equal(json_array_size(json_object_get(v, "unknown")), 1);
    json_auto_t *guest = bridge_mac_owner(all, "52:54:00:AA:00:01"), *node = bridge_mac_owner(all, "52:54:00:00:00:01"),
                *nobody = bridge_mac_owner(all, "52:54:00:00:00:09");
    assert_string_equal(json_text_at(guest, "name"), "g");
    assert_string_equal(json_text_at(node, "interface"), "eth0");
    assert_true(json_is_null(nobody));
}

static void ask_here(const char *const *args, size_t n, struct question q, struct facts *ret)
{
    _cleanup_err_ struct err e = ERR_INIT;
    q.as_user = true;
    q.args = args;
    q.n_args = n;
    if (node_ask(NULL, NULL, NULL, &q, ret, &e) < 0)
        fail_msg("%s", e.msg);
}

// On this machine, with the tester's own rights.
static void tools_tell_what_is_there(void **state)
{
    (void)state;
    static const char *const links[] = {"nosuch0", "lo"}, *const address[] = {"192.0.2.1", "nosuch0"};
    _cleanup_facts_ struct facts f = {0}, a = {0};
    size_t at = 0;
    ask_here(links, 2, (struct question){.tools = {node_links, bridge_live, bridge_look}}, &f);
    assert_string_equal(facts_next(&f, "state", &at), "link nosuch0 absent");
    assert_true(str_starts(facts_next(&f, "state", &at), "link lo other "));
    assert_string_equal(facts_next(&f, "state", &at), "master lo -");
    assert_string_equal(facts_get(&f, "unfit"), "loopback");
    ask_here(address, 2, (struct question){.tools = {node_links, address_look}}, &a);
    assert_string_equal(facts_get(&a, "verdict"), "unknown");
    assert_string_equal(facts_get(&a, "why"), "there is no network interface nosuch0");
}

// data/bridge/SCRIPT in a network, mounts and /run of its own.
static void in_namespaces(const char *script, const char *word)
{
    if (geteuid() != 0 || system("unshare -nm true") != 0)
        skip();
    _cleanup_free_ char *command = xasprintf("unshare -nm sh '" TEST_DATA "/bridge/%s' '%s'", script, word);
    assert_int_equal(system(command), 0);
}

static void an_address_is_asked_for(void **state)
{
    (void)state;
    _cleanup_free_ char *tool = xasprintf("%s%s", node_links, address_look);
    setenv("TOOL", tool, 1);
    in_namespaces("address.sh", "");
}

// The trial and the way back, by the real scripts.
static void the_node_comes_back(void **state)
{
    (void)state;
    in_namespaces("trial.sh", TEST_DATA "/../../../shell/core/bridge/tools");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_and_routes_move),
        cmocka_unit_test(an_address_of_its_own),
        cmocka_unit_test(what_is_not_safe_is_refused),
        cmocka_unit_test(a_file_that_others_wrote_stays),
        cmocka_unit_test(files_of_each_back_end),
        cmocka_unit_test(netplan_in_braces_is_refused),
        cmocka_unit_test(their_own_programs_read_the_files),
        cmocka_unit_test(bridges_are_judged),
        cmocka_unit_test(tools_tell_what_is_there),
        cmocka_unit_test(an_address_is_asked_for),
        cmocka_unit_test(the_node_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
