// SPDX-License-Identifier: GPL-3.0-or-later
// Which disks a migration with --copy-storage-* may copy: what two definitions say of them.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "core/migrate/disks.h"
#include "io/xml.h"

// "TARGET TYPE FROM[ in POOL] > TO[ in POOL]; …" of what libvirt would copy.
static char *disks_of(const char *source, const char *dest, const char *named)
{
    struct err e = ERR_INIT;
    struct xml_doc *a = NULL, *b = NULL;
    struct buf out = BUF_INIT;
    json_t *names = named ? json_loads(named, 0, NULL) : NULL, *row;
    size_t i;
    assert_int_equal(xml_parse(source, &a, &e), 0);
    if (dest)
        assert_int_equal(xml_parse(dest, &b, &e), 0);
    json_t *rows = migrate_disks_of(a, b, names);
    json_array_foreach(rows, i, row)
    {
        const char *pool = json_string_value(json_object_get(row, "pool"));
        const char *to_pool = json_string_value(json_object_get(row, "to_pool"));
        buf_addf(&out, "%s%s %s %s%s%s > %s%s%s", i ? "; " : "", json_string_value(json_object_get(row, "target")),
                 json_string_value(json_object_get(row, "type")), json_string_value(json_object_get(row, "from")),
                 pool ? " in " : "", pool ? pool : "", json_string_value(json_object_get(row, "to")),
                 to_pool ? " in " : "", to_pool ? to_pool : "");
    }
    json_decref(rows);
    json_decref(names);
    xml_free(a);
    xml_free(b);
    return buf_steal(&out);
}

static void only_disks_that_are_not_shared_are_copied(void **state)
{
    (void)state;
    static const char guest[] =
        "<domain><devices>"
        "<disk type='file'><source file='/a/vda.qcow2'/><target dev='vda'/></disk>"
        "<disk type='file' device='cdrom'><source file='/a/cd.iso'/><target dev='sda'/><readonly/></disk>"
        "<disk type='file' device='cdrom'><target dev='sdb'/><readonly/></disk>"
        "<disk type='file' device='floppy'><target dev='fda'/></disk>"
        "<disk type='block'><source dev='/dev/vg/vdb'/><target dev='vdb'/></disk>"
        "<disk type='file'><source file='/a/quorum'/><target dev='vdc'/><shareable/></disk>"
        "<disk type='volume'><source pool='default' volume='vdd.img'/><target dev='vdd'/></disk>"
        "<disk type='network'><source protocol='rbd' name='p/vde'><host name='192.0.2.9' port='6789'/></source>"
        "<target dev='vde'/></disk></devices></domain>";
    static const char there[] =
        "<domain><devices>"
        "<disk type='file'><source file='/b/vda.qcow2'/><target dev='vda'/></disk>"
        "<disk type='volume'><source pool='fast' volume='vdb'/><target dev='vdb'/></disk>"
        "<disk type='file'><source file='/b/vde'/><target dev='vde'/></disk></devices></domain>";
    static const char *const cases[][2] = {
        {NULL,
         "vda file /a/vda.qcow2 > /a/vda.qcow2; vdb block /dev/vg/vdb > /dev/vg/vdb; vdd volume vdd.img in default "
         "> vdd.img in default; vde network rbd:p/vde @192.0.2.9:6789 > rbd:p/vde @192.0.2.9:6789"},
        {"[\"vdc\", \"sda\", \"nosuch\"]", "sda file /a/cd.iso > /a/cd.iso; vdc file /a/quorum > /a/quorum"},
        {"[]", ""},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        char *got = disks_of(guest, NULL, cases[i][0]);
        assert_string_equal(got, cases[i][1]);
        free(got);
    }
    char *got = disks_of(guest, there, NULL);
    assert_string_equal(got, "vda file /a/vda.qcow2 > /b/vda.qcow2; vdb block /dev/vg/vdb > vdb in fast; vdd volume "
                             "vdd.img in default > vdd.img in default; vde mixed rbd:p/vde @192.0.2.9:6789 > /b/vde");
    free(got);
}

static void network_disks_are_shared_unless_their_server_is_local(void **state)
{
    (void)state;
    static const char *const global[] = {"rbd:pool/image", "rbd:p/i @192.0.2.1:6789", "nfs:/srv/a.img @192.0.2.1:",
                                         "iscsi:iqn.2013-07.example:x/1 tcp@san.example:3260"};
    static const char *const local[] = {"nbd: unix@:/run/nbd.sock",
                                        "nbd: @localhost:10809",
                                        "nbd:x @127.0.0.1:10809",
                                        "nbd:x @::1:10809",
                                        "nbd:x",
                                        "nbd:x @192.0.2.1:1 @127.0.0.1:1"};
    for (size_t i = 0; i < ARRAY_SIZE(global); i++)
        assert_true(migrate_disk_is_global(global[i]));
    for (size_t i = 0; i < ARRAY_SIZE(local); i++)
        assert_false(migrate_disk_is_global(local[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(only_disks_that_are_not_shared_are_copied),
                                       cmocka_unit_test(network_disks_are_shared_unless_their_server_is_local)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
