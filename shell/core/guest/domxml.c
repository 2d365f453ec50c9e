// SPDX-License-Identifier: GPL-3.0-or-later
// Disks and interfaces out of a domain's XML. Pure; any thread. See domxml.h.
#include "core/guest/domxml.h"

#include "base/json.h"

struct field {
    const char *key, *xpath;
};

static const struct field disk_fields[] = {
    {"type", "string(./@type)"},
    {"device", "string(./@device)"},
    {"target", "string(./target/@dev|./@name)"}, // the latter in snapshots
    {"bus", "string(./target/@bus)"},
    {"source", "string(./source/@file|./source/@dev|./source/@dir|./source/@name|./source/@volume|./source/@path)"},
    {"pool", "string(./source/@pool)"},
    {"format", "string(./driver/@type)"},
    {"cache", "string(./driver/@cache)"},
    {NULL, NULL},
};

static const struct field interface_fields[] = {
    {"interface", "string(./target/@dev)"},
    {"type", "string(./@type)"},
    {"source", "string(./source/@bridge|./source/@dev|./source/@network|./source/@name|./source/@path)"},
    {"model", "string(./model/@type)"},
    {"mac", "string(./mac/@address)"},
    {NULL, NULL},
};

static json_t *record(struct xml_doc *doc, struct xml_node *node, const struct field *fields)
{
    json_t *v = json_object();
    for (; fields->key; fields++) {
        _cleanup_free_ char *text = xml_string(doc, node, fields->xpath);
        json_object_set_new(v, fields->key, json_text(text));
    }
    return v;
}

static void add_switch(json_t *v, const char *key, struct xml_doc *doc, struct xml_node *node)
{
    size_t n;
    free(xml_nodes(doc, node, key, &n));
    json_object_set_new(v, key, json_boolean(n > 0));
}

json_t *domxml_disk(struct xml_doc *doc, struct xml_node *disk)
{
    json_t *v = record(doc, disk, disk_fields);
    if (json_is_null(json_object_get(v, "device"))) // the schema's default
        json_object_set_new(v, "device", json_text("disk"));
    add_switch(v, "readonly", doc, disk);
    add_switch(v, "shareable", doc, disk);
    return v;
}

json_t *domxml_disks(struct xml_doc *doc)
{
    size_t n;
    _cleanup_free_ struct xml_node **nodes = xml_nodes(doc, NULL, "/domain/devices/disk", &n);
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, domxml_disk(doc, nodes[i]));
    return list;
}

json_t *domxml_interfaces(struct xml_doc *doc)
{
    size_t n;
    _cleanup_free_ struct xml_node **nodes = xml_nodes(doc, NULL, "/domain/devices/interface", &n);
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, record(doc, nodes[i], interface_fields));
    return list;
}
