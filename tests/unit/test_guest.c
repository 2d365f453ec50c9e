// SPDX-License-Identifier: GPL-3.0-or-later
// core/xml_map, core/mark and the paths of core/guest_files: what is replaced, what is left alone, what is refused.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/strv.h"
#include "core/console/address.h"
#include "core/guest/address.h"
#include "core/guest/domxml_host.h"
#include "core/guest/files.h"
#include "core/guest/mark.h"
#include "core/guest/xml_map.h"
#include "io/xml.h"

static json_t *new_map(const char *text)
{
    struct err e = ERR_INIT;
    json_t *map = json_object();
    assert_int_equal(xml_map_add(map, text, &e), 0);
    return map;
}

static void maps(const char *xml, const char *text, size_t changes, const char *want, const char *unused)
{
    struct err e = ERR_INIT;
    struct xml_mapped m;
    json_t *map = new_map(text), *left = json_loads(unused, 0, NULL);
    assert_int_equal(xml_map(xml, map, &m, &e), 0);
    assert_string_equal(m.xml, want);
    assert_int_equal(m.changes, changes);
    assert_int_equal(*m.diff != '\0', changes > 0);
    assert_true(json_equal(m.unused, left));
    xml_mapped_release(&m);
    json_decref(map);
    json_decref(left);
}

static void paths_are_mapped_by_whole_components(void **state)
{
    (void)state;
    maps("<d><source file=\"/old\"/><source file=\"/old/a\"/><source dev=\"/older\"/><source dir=\"/x/old\"/></d>\n",
         "path=/old:/new", 2,
         "<d><source file=\"/new\"/><source file=\"/new/a\"/><source dev=\"/older\"/><source dir=\"/x/old\"/></d>\n",
         "[]");
    // slashes at the ends of an entry do not count; the longest one wins; nothing is mapped twice
    maps("<d><source file=\"/a/b/c\"/><source file=\"/a/x\"/><source file=\"/b/c\"/></d>\n",
         "path=/a/:/b/,path=/a/b:/a", 2,
         "<d><source file=\"/a/c\"/><source file=\"/b/x\"/><source file=\"/b/c\"/></d>\n", "[]");
    maps("<d><source file=\"/a\"/></d>\n", "path=/:/r", 1, "<d><source file=\"/r/a\"/></d>\n", "[]");
    maps("<d><source file=\"/r/a\"/></d>\n", "path=/r:/", 1, "<d><source file=\"/a\"/></d>\n", "[]");
    // what is no path is none, and names of other name spaces are not ours
    maps("<d xmlns:q=\"u\"><source dev=\"eth0\"/><q:source file=\"/old\"/><name>/old</name></d>", "path=/old:/new", 0,
         "<d xmlns:q=\"u\"><source dev=\"eth0\"/><q:source file=\"/old\"/><name>/old</name></d>",
         "[{\"kind\": \"path\", \"from\": \"/old\"}]");
    // the same TO as FROM is a match, and no change
    maps("<d><source file='/a'/></d>", "path=/a:/a", 0, "<d><source file='/a'/></d>", "[]");
}

static const char snapshot[] =
    "<domainsnapshot>\n"
    "  <memory snapshot=\"external\" file=\"/old/mem\"/>\n"
    "  <disks><disk name=\"vda\"><source file=\"/old/o.qcow2\"/></disk></disks>\n"
    "  <domain>\n"
    "    <os><type machine=\"pc-i440fx-7.2\">hvm</type><loader>/old/code.fd</loader>\n"
    "      <nvram template=\"/old/vars.fd\">/old/my.fd</nvram></os>\n"
    "    <devices>\n"
    "      <emulator>/usr/bin/qemu</emulator>\n"
    "      <disk><source pool=\"p\" volume=\"v\"/><backingStore type=\"file\"><source "
    "file=\"/old/b\"/></backingStore></disk>\n"
    "      <interface><source bridge=\"br0\"/></interface>\n"
    "      <interface><source network=\"default\"/></interface>\n"
    "    </devices>\n"
    "  </domain>\n"
    "  <inactiveDomain><devices><emulator>/usr/bin/qemu</emulator></devices></inactiveDomain>\n"
    "</domainsnapshot>\n";

static char *value(const char *xml, const char *xpath)
{
    struct err e = ERR_INIT;
    struct xml_doc *doc;
    assert_int_equal(xml_parse(xml, &doc, &e), 0);
    char *s = xml_string(doc, NULL, xpath);
    xml_free(doc);
    return s;
}

static void every_kind_of_name_is_mapped(void **state)
{
    (void)state;
    static const char hostile[] = "b'r\"<0>&amp;\n$(x)";
    static const char *const places[][2] = {
        {"//memory/@file", "/new dir/mem"},
        {"/domainsnapshot/disks/disk/source/@file", "/new dir/o.qcow2"},
        {"//loader", "/new dir/code.fd"},
        {"//nvram", "/new dir/my.fd"},
        {"//nvram/@template", "/new dir/vars.fd"},
        {"//backingStore/source/@file", "/new dir/b"},
        {"//type/@machine", "pc"},
        {"//domain//emulator", "/usr/libexec/qemu"},
        {"//inactiveDomain//emulator", "/usr/libexec/qemu"},
        {"//source/@pool", "q"},
        {"//source/@volume", "v"},
        {"//interface/source/@bridge", hostile},
        {"//interface/source/@network", "lan"},
    };
    struct err e = ERR_INIT;
    struct xml_mapped m;
    json_t *map =
        new_map("path=/old:/new dir,machine=pc-i440fx-7.2:pc,emulator=/usr/bin/qemu:/usr/libexec/qemu,pool=p:q,"
                "network=default:lan,machine=none:x");
    json_object_set_new(map, "bridge", json_pack("{s:s}", "br0", hostile));
    assert_int_equal(xml_map(snapshot, map, &m, &e), 0);
    assert_int_equal(m.changes, 12);
    for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
        char *s = value(m.xml, places[i][0]);
        assert_string_equal(s, places[i][1]);
        free(s);
    }
    assert_non_null(strstr(m.diff, "\n-  <memory snapshot=\"external\" file=\"/old/mem\"/>\n"));
    assert_non_null(strstr(m.diff, "\n+  <memory snapshot=\"external\" file=\"/new dir/mem\"/>\n"));
    assert_int_equal(json_array_size(m.unused), 1);
    xml_mapped_release(&m);
    json_decref(map);
}

static void maps_that_are_none_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "pool",
                                      "pool=a",
                                      "pool=:b",
                                      "pool=a:",
                                      "disk=a:b",
                                      "pool=a:b,",
                                      "path=a:/b",
                                      "path=/a:b",
                                      "emulator=/a:b",
                                      "pool=a:b,pool=a:c",
                                      "=a:b",
                                      "pool=a:b\x1b[2J",
                                      "pool=a\n:b",
                                      "pool=a:\xff",
                                      "pool=\xc3:b",
                                      "bridge=a:\x7f",
                                      "path=/a:/\xc2\x9b",
                                      "pool=a:\xef\xbf\xbf"};
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        struct err e = ERR_INIT;
        json_t *map = json_object();
        assert_int_equal(xml_map_add(map, bad[i], &e), -1);
        assert_int_equal(e.code, ERR_USAGE);
        err_release(&e);
        json_decref(map);
    }
    static const char *const maps_bad[] = {"{\"pool\": [\"a\"]}",         "{\"pool\": \"a\"}",
                                           "{\"pool\": {\"a\": 1}}",      "{\"disk\": {\"a\": \"b\"}}",
                                           "{\"path\": {\"/a\": \"b\"}}", "{\"pool\": {\"a\\u0001\": \"b\"}}"};
    for (size_t i = 0; i < ARRAY_SIZE(maps_bad); i++) {
        struct err e = ERR_INIT;
        struct xml_mapped m;
        json_t *map = json_loads(maps_bad[i], 0, NULL);
        assert_int_equal(xml_map("<domain/>", map, &m, &e), -1);
        err_release(&e);
        json_decref(map);
    }
    struct err e = ERR_INIT;
    struct xml_mapped m;
    json_t *map = json_object();
    assert_int_equal(xml_map("<domain>", map, &m, &e), -1);
    err_release(&e);
    json_decref(map);
}

static void a_backslash_keeps_the_separators(void **state)
{
    (void)state;
    json_t *map = new_map("path=/a\\:b:/c\\,d,pool=x\\\\:y");
    assert_string_equal(json_string_value(json_object_get(json_object_get(map, "path"), "/a:b")), "/c,d");
    assert_string_equal(json_string_value(json_object_get(json_object_get(map, "pool"), "x\\")), "y");
    char *s = xml_map_path(map, "/a:b/disk");
    assert_string_equal(s, "/c,d/disk");
    free(s);
    assert_null(xml_map_path(map, "/a:bc"));
    assert_null(xml_map_path(map, "a:b"));
    json_decref(map);
}

static void relative_paths_lead_from_image_to_base(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        {"/a/b/top", "/a/b/base", "base"},        {"/a/b/top", "/a/base", "../base"},
        {"/a/b/top", "/c/base", "../../c/base"},  {"/top", "/a/base", "a/base"},
        {"/a/b/top", "/a/bc/base", "../bc/base"}, {"/a/top", "/a/b:c", "./b:c"},
        {"/a/top", "/a/b/c:d", "b/c:d"},          {"/a/b/top", "/a/n:x", "../n:x"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        char *s = guest_relative(cases[i][0], cases[i][1]);
        assert_string_equal(s, cases[i][2]);
        free(s);
    }
}

static void system_uris_are_told_from_others(void **state)
{
    (void)state;
    assert_true(guest_is_system("qemu:///system"));
    assert_true(guest_is_system("qemu+ssh://root@h/system?no_verify=1"));
    assert_false(guest_is_system("qemu:///session"));
    assert_false(guest_is_system("test:///default"));
    assert_true(guest_is_local("qemu:///system"));
    assert_false(guest_is_local("qemu+ssh://h/system"));
}

// "KIND NAME AT\n" of every claim.
static char *claims_of(const char *xml)
{
    struct err e = ERR_INIT;
    json_t *host, *claim;
    size_t i;
    struct buf b = BUF_INIT;
    assert_int_equal(domxml_host(xml, &host, &e), 0);
    json_array_foreach(json_object_get(host, "claims"), i, claim)
    {
        buf_addf(&b, "%s %s %s\n", json_string_value(json_object_get(claim, "kind")),
                 json_string_value(json_object_get(claim, "name")), json_string_value(json_object_get(claim, "at")));
    }
    json_decref(host);
    return buf_steal(&b);
}

static void claims(const char *xml, const char *want)
{
    _cleanup_free_ char *got = claims_of(xml);
    assert_string_equal(got, want);
}

static void all_that_names_the_host_is_claimed(void **state)
{
    (void)state;
    claims("<domain><devices><disk><source file='/a'/><backingStore><source dev='/b'/></backingStore></disk>"
           "<disk><source file='/a'/></disk></devices></domain>",
           "path /a disk/source/@file, written to\npath /b backingStore/source/@dev\n");
    // texts, whatever lies between their parts
    claims("<domain><os><loader type='pflash'>/c<!-- --></loader><kernel><![CDATA[/k]]></kernel>"
           "<initrd>/i<?x?>j</initrd><nvram template='/t'> /n</nvram></os></domain>",
           "path /t os/nvram/@template\npath /c os/loader, written to\npath /k os/kernel\npath /ij os/initrd\n"
           "path  /n os/nvram\n");
    claims("<domain><os><loader readonly='yes' type='pflash'>/c</loader></os></domain>", "path /c os/loader\n");
    // elements that nobody knows yet, a script by its bare name
    claims("<domain><devices><new thing='/x'><deep>&#x2f;y</deep></new><interface><script path='up'/></interface>"
           "</devices></domain>",
           "path up interface/script\npath /x devices/new/@thing\npath /y new/deep\n");
    // what libvirt does not read, and what is no path of the host
    claims("<domain><title>/a</title><description>/b</description><metadata><x:y xmlns:x='u' z='/c'>/d</x:y></metadata>"
           "<resource><partition>/machine</partition></resource><os><cmdline>/e</cmdline></os>"
           "<devices><filesystem><target dir='/f'/></filesystem></devices></domain>",
           "");
    // a place that only looks like it
    claims("<domain><devices><metadata><disk><source file='/a'/></disk></metadata></devices></domain>",
           "path /a disk/source/@file, written to\n");
    claims("<domain><devices><disk><source file='/a'/><readonly/></disk></devices></domain>",
           "path /a disk/source/@file\n");
    claims("<domain xmlns:q='http://libvirt.org/schemas/domain/qemu/1.0'><q:commandline><q:arg value='-x'/>"
           "</q:commandline><devices><disk q:y='1'/></devices></domain>",
           "namespace q:commandline domain/q:commandline\nnamespace q:y disk/q:y\n");
    claims("<domain xmlns='u'><metadata/></domain>", "namespace domain /domain\n");
    claims("<domain><seclabel type='none'/><devices><disk type='volume'><source pool='p' volume='v'/></disk>"
           "<disk><source protocol='nbd' name='/e'/></disk><disk type='nvme'/><hostdev mode='subsystem' type='pci'/>"
           "<serial type='tcp'><source mode='connect' host='h' service='1'/></serial><shmem name='s'/>"
           "<interface type='hostdev'/></devices></domain>",
           "remote nbd:/e disk/source\nhostdev hostdev subsystem pci devices/hostdev\n"
           "hostdev disk nvme devices/disk\nhostdev interface hostdev devices/interface\n"
           "socket connect h:1 serial/source\nshmem s devices/shmem\nseclabel none   domain/seclabel\n"
           "volume p/v disk/source, written to\n");
}

static void identity_is_that_of_one_domain_or_none(void **state)
{
    (void)state;
    static const char uuid[] = "6d696773-6800-4c41-8000-0000000000ab";
    static const struct {
        const char *xml, *name, *uuid;
    } cases[] = {
        {"<!--<name>x</name>--><domain><name>a</name><uuid> 6D6967736800-4c418000-0000000000AB\n</uuid></domain>", "a",
         uuid},
        {"<domain><metadata><name>x</name></metadata><name>a&amp;b</name></domain>", "a&b", NULL},
        {"<domain><name>a</name><name>b</name><uuid>6d6967736800</uuid></domain>", NULL, NULL},
        {"<domain><uuid>6d696773-6800-4c41-8000-0000000000abc</uuid></domain>", NULL, NULL},
        {"<domainsnapshot><name>s</name><domain><name>a</name></domain></domainsnapshot>", "a", NULL},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct err e = ERR_INIT;
        json_t *host, *domain;
        assert_int_equal(domxml_host(cases[i].xml, &host, &e), 0);
        domain = json_array_get(json_object_get(host, "domains"), 0);
        const char *name = json_string_value(json_object_get(domain, "name"));
        const char *got = json_string_value(json_object_get(domain, "uuid"));
        assert_true((!name && !cases[i].name) || strcmp(name, cases[i].name) == 0);
        assert_true((!got && !cases[i].uuid) || strcmp(got, cases[i].uuid) == 0);
        json_decref(host);
    }
}

static void addresses_of_hosts_are_no_guests(void **state)
{
    (void)state;
    static const char *const good[] = {"192.0.2.10", "10.0.0.255", "2001:db8::a", "fd00::1", "::ffff:192.0.2.1"};
    static const char *const bad[] = {
        "127.0.0.1",        "127.9.9.9",       "::1",       "::",
        "0.0.0.0",          "0.1.2.3",         "224.0.0.1", "255.255.255.255",
        "169.254.169.254",  "fe80::1",         "ff02::1",   "::ffff:127.0.0.1",
        "::127.0.0.1",      "64:ff9b::7f00:1", "240.0.0.1", "fec0::1",
        "::ffff:224.0.0.1",
    };
    static const char *const none[] = {"",           "http://127.0.0.1:8089/",
                                       "1.2.3",      "0x7f.1",
                                       "127.1",      "192.0.2.10:80",
                                       "fe80::1%lo", " 192.0.2.1",
                                       "192.0.2.1 ", "localhost",
                                       "[::1]"};
    struct address a;
    for (size_t i = 0; i < ARRAY_SIZE(good); i++)
        assert_true(address_parse(good[i], &a) && !address_not_of_guest(&a));
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_true(address_parse(bad[i], &a) && address_not_of_guest(&a));
    for (size_t i = 0; i < ARRAY_SIZE(none); i++)
        assert_false(address_parse(none[i], &a));
    struct err e = ERR_INIT;
    struct strv hosts = STRV_INIT;
    assert_int_equal(guest_address_check("192.0.2.10", &hosts, &e), 0);
    strv_add(&hosts, "192.0.2.11");
    strv_add(&hosts, "::ffff:192.0.2.10");
    assert_int_equal(guest_address_check("192.0.2.10", &hosts, &e), -1);
    assert_int_equal(e.code, ERR_UNSAFE);
    err_release(&e);
    strv_release(&hosts);
}

#define OURS "xmlns:m='urn:migsh:migration'"

// The role that is read, or "" for no mark.
static void has_mark(const char *xml, const char *role, const char *node)
{
    struct err e = ERR_INIT;
    struct mark m = {NULL, NULL, NULL};
    assert_int_equal(mark_read(xml, &m, &e), *role != '\0');
    assert_string_equal(m.role ? m.role : "", role);
    assert_string_equal(m.node ? m.node : "", node);
    mark_release(&m);
}

static void marks_are_read_by_their_name_space(void **state)
{
    (void)state;
    has_mark("<domain><metadata><m:migration " OURS
             " node='a&amp;b' role = \"moved\"></m:migration></metadata></domain>",
             "moved", "a&b");
    has_mark("<domain " OURS "><metadata><x/><m:migration role='copy'/></metadata></domain>", "copy", "");
    // not a mark: a comment, text, another name space, none, another place
    has_mark("<domain><metadata><!-- <migsh:migration role='moved' node='d'/> --></metadata></domain>", "", "");
    has_mark("<domain><title>&lt;migsh:migration role='moved'/></title></domain>", "", "");
    has_mark("<domain><metadata xmlns:migsh='urn:x'><migsh:migration role='moved'/></metadata></domain>", "", "");
    has_mark("<domain><metadata><migration role='moved'/></metadata></domain>", "", "");
    has_mark("<domain " OURS "><metadata><x><m:migration role='moved'/></x></metadata></domain>", "", "");
    has_mark("<domain " OURS "><m:migration role='moved'/></domain>", "", "");
    struct err e = ERR_INIT;
    struct mark m = {NULL, NULL, NULL};
    assert_int_equal(mark_read("<domain>", &m, &e), -1);
    err_release(&e);
}

static void writes(const char *xml, const char *want)
{
    struct err e = ERR_INIT;
    const struct mark m = {(char *)"moved", (char *)"j\"<1>", (char *)"dest"};
    char *marked, *again, *plain, *before;
    assert_int_equal(mark_write(xml, &m, &marked, &e), 0);
    assert_string_equal(marked, want);
    assert_int_equal(mark_write(marked, &m, &again, &e), 0);
    assert_string_equal(again, marked);
    struct mark back;
    assert_int_equal(mark_read(marked, &back, &e), 1);
    assert_string_equal(back.journal, m.journal);
    mark_release(&back);
    assert_int_equal(mark_remove(marked, &plain, &e), 0);
    assert_int_equal(mark_remove(xml, &before, &e), 0);
    assert_string_equal(plain, before);
    free(marked);
    free(again);
    free(plain);
    free(before);
}

static void mark_is_written(void **state)
{
    (void)state;
#define WRITTEN                                                                                                        \
    "<migsh:migration xmlns:migsh=\"urn:migsh:migration\" role=\"moved\" journal=\"j&quot;&lt;1&gt;\" node=\"dest\"/>"
    writes("<domain>\n  <name>a</name>\n  <uuid>u</uuid>\n  <os/>\n</domain>\n",
           "<domain>\n  <name>a</name>\n  <uuid>u</uuid>\n  <metadata>\n    " WRITTEN
           "\n  </metadata>\n  <os/>\n</domain>\n");
    writes("<domain>\n  <name>a</name>\n  <metadata>\n    <x/>\n  </metadata>\n</domain>\n",
           "<domain>\n  <name>a</name>\n  <metadata>\n    " WRITTEN "\n    <x/>\n  </metadata>\n</domain>\n");
    writes("<domain>\n  <name>a</name>\n  <metadata>\n    <m:migration " OURS
           " role='copy'/>\n  </metadata>\n</domain>\n",
           "<domain>\n  <name>a</name>\n  <metadata>\n    " WRITTEN "\n  </metadata>\n</domain>\n");
    struct err e = ERR_INIT;
    struct mark m = {(char *)"moved", NULL, (char *)"\001"};
    char *text;
    assert_int_equal(mark_write("<pool/>", &m, &text, &e), -1);
    err_release(&e);
    assert_int_equal(mark_write("<domain><name>a</name></domain>", &m, &text, &e), -1);
    err_release(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_are_mapped_by_whole_components),
        cmocka_unit_test(every_kind_of_name_is_mapped),
        cmocka_unit_test(maps_that_are_none_are_refused),
        cmocka_unit_test(a_backslash_keeps_the_separators),
        cmocka_unit_test(relative_paths_lead_from_image_to_base),
        cmocka_unit_test(system_uris_are_told_from_others),
        cmocka_unit_test(all_that_names_the_host_is_claimed),
        cmocka_unit_test(identity_is_that_of_one_domain_or_none),
        cmocka_unit_test(addresses_of_hosts_are_no_guests),
        cmocka_unit_test(marks_are_read_by_their_name_space),
        cmocka_unit_test(mark_is_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
