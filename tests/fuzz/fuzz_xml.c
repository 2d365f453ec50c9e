// SPDX-License-Identifier: GPL-3.0-or-later
// Definitions from hosts, and the operator's maps: what comes out is XML again; without a match it is the same, to the
// byte.
#include "core/guest/domxml.h"
#include "core/guest/xml_map.h"
#include "core/storage/storage_xml.h"
#include "fuzz.h"
#include "io/xml.h"

static void mapped(const char *xml, const char *words)
{
    json_t *map = json_object();
    struct xml_mapped m = {0};
    struct xml_doc *doc = NULL;
    _cleanup_err_ struct err e = ERR_INIT;
    if (xml_map_add(map, words, &e) < 0)
        must(e.code == ERR_USAGE);
    if (xml_map(xml, map, &m, &e) == 0) {
        must(m.changes || (strcmp(m.xml, xml) == 0 && !*m.diff));
        must(xml_parse(m.xml, &doc, &e) == 0);
        xml_free(doc);
    }
    xml_mapped_release(&m);
    json_decref(map);
}

static void pools(const char *xml)
{
    char *essence = NULL, *plain = NULL, *target = NULL, *renamed = NULL;
    bool made = false;
    struct xml_doc *doc = NULL;
    _cleanup_err_ struct err e = ERR_INIT;
    storage_pool_essence(xml, &essence, &e);
    storage_pool_without_permissions(xml, &plain, &e);
    storage_pool_target(xml, &target, &made, &e);
    if (storage_vol_rename(xml, "a<b&\"'", &renamed, &e) == 0) {
        must(xml_parse(renamed, &doc, &e) == 0);
        _cleanup_free_ char *name = xml_string(doc, NULL, "/volume/name");
        must(name && strcmp(name, "a<b&\"'") == 0);
        xml_free(doc);
    }
    free(essence), free(plain), free(target), free(renamed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct in in = {data, size};
    _cleanup_free_ char *words = in_line(&in), *xml = NULL, *made = NULL;
    size_t n;
    xml = in_rest(&in, &n);
    struct xml_doc *doc = NULL;
    _cleanup_err_ struct err e = ERR_INIT;
    if (xml_parse(xml, &doc, &e) == 0) {
        json_t *disks = domxml_disks(doc), *interfaces = domxml_interfaces(doc);
        must(json_is_array(disks) && json_is_array(interfaces));
        json_decref(disks);
        json_decref(interfaces);
        xml_free(doc);
        pools(xml);
    }
    mapped(xml, words);
    struct vol_spec v = {.name = words, .capacity = n, .format = "qcow2", .backing_path = words};
    made = storage_vol_xml(&v);
    must(made && strstr(made, "<volume"));
    return 0;
}
