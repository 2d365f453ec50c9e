// SPDX-License-Identifier: GPL-3.0-or-later
// What guests ask of hosts, by their descriptions. Pure.
#include <string.h>

#include "base/json.h"
#include "core/guest/domxml_host.h"
#include "core/guest/xml_map.h"
#include "core/preflight/priv.h"
#include "io/xml.h"

json_t *preflight_machine(struct xml_doc *doc)
{
    static const char *const from[][2] = {{"emulator", "string(/domain/devices/emulator)"},
                                          {"arch", "string(/domain/os/type/@arch)"},
                                          {"machine", "string(/domain/os/type/@machine)"},
                                          {"virttype", "string(/domain/@type)"}};
    json_t *machine = json_object();
    for (size_t i = 0; i < ARRAY_SIZE(from); i++) {
        _cleanup_free_ char *text = xml_string(doc, NULL, from[i][1]);
        json_object_set_new(machine, from[i][0], json_text(text));
    }
    return machine;
}

// Takes `value`.
static void add_once(json_t *list, json_t *value)
{
    size_t i;
    json_t *one;
    json_array_foreach(list, i, one)
    {
        if (json_equal(one, value)) {
            json_decref(value);
            return;
        }
    }
    json_array_append_new(list, value);
}

void preflight_wanted_add(json_t *list, const char *text)
{
    if (text)
        add_once(list, json_text(text));
}

// Every file that it names, wherever in the text; sockets and terminals that libvirt makes for it are among them.
static void add_claims(struct preflight_wanted *w, const char *xml)
{
    json_auto_t *host = NULL;
    _cleanup_err_ struct err ignored = ERR_INIT;
    size_t i;
    json_t *claim;
    if (domxml_host(xml, &host, &ignored) < 0)
        return;
    json_array_foreach(json_object_get(host, "claims"), i, claim)
    {
        const char *name = json_text_at(claim, "name");
        if (strcmp(json_text_at(claim, "kind"), "path") == 0 && name && *name == '/')
            preflight_wanted_add(w->paths, name);
    }
}

void preflight_wanted_filters(json_t *list, struct xml_doc *doc)
{
    size_t n;
    _cleanup_free_ struct xml_node **nodes = xml_nodes(doc, NULL, "//filterref/@filter", &n);
    for (size_t i = 0; i < n; i++) {
        _cleanup_free_ char *name = xml_node_text(nodes[i]);
        preflight_wanted_add(list, name);
    }
}

// `machine`: of which the combination is asked for, too.
static void add_description(struct preflight_wanted *w, const char *xml, const json_t *map, bool machine)
{
    _cleanup_xml_mapped_ struct xml_mapped mapped = {0};
    _cleanup_(xml_free_p) struct xml_doc *doc = NULL;
    _cleanup_err_ struct err ignored = ERR_INIT;
    if (!xml || (map && xml_map(xml, map, &mapped, &ignored) < 0))
        return;
    const char *there = mapped.xml ? mapped.xml : xml;
    add_claims(w, there);
    if (xml_parse(there, &doc, &ignored) < 0)
        return;
    preflight_wanted_filters(w->filters, doc);
    if (machine)
        add_once(w->machines, preflight_machine(doc));
}

void preflight_wanted_guest(struct preflight_wanted *w, const json_t *guest, const json_t *map, bool there)
{
    const json_t *names = there ? map : NULL;
    const char *xml = json_text_at(guest, "xml"), *inactive = json_text_at(guest, "inactive");
    size_t i;
    json_t *file;
    add_description(w, xml, names, there);
    if (inactive && (!xml || strcmp(xml, inactive) != 0))
        add_description(w, inactive, names, there);
    json_array_foreach(json_object_get(guest, "files"), i, file)
    {
        const char *path = json_text_at(file, "path");
        _cleanup_free_ char *other = path && names ? xml_map_path(names, path) : NULL;
        preflight_wanted_add(w->paths, other ? other : path);
    }
}
