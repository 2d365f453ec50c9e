// SPDX-License-Identifier: GPL-3.0-or-later
// XML of pools and volumes. Pure. See storage_xml.h.
#include "core/storage/storage_xml.h"

#include "base/buf.h"
#include "base/mem.h"
#include "io/xml.h"

static void add_adapter(struct buf *b, const struct pool_spec *s)
{
    if (s->adapter_wwnn || s->adapter_wwpn) {
        buf_adds(b, "    <adapter type='fc_host'");
        xml_add_attribute(b, "parent", s->adapter_parent);
        xml_add_attribute(b, "parent_wwnn", s->adapter_parent_wwnn);
        xml_add_attribute(b, "parent_wwpn", s->adapter_parent_wwpn);
        xml_add_attribute(b, "parent_fabric_wwn", s->adapter_parent_fabric_wwn);
        xml_add_attribute(b, "wwnn", s->adapter_wwnn);
        xml_add_attribute(b, "wwpn", s->adapter_wwpn);
        buf_adds(b, "/>\n");
    } else if (s->adapter_name) {
        buf_adds(b, "    <adapter type='scsi_host'");
        xml_add_attribute(b, "name", s->adapter_name);
        buf_adds(b, "/>\n");
    }
}

static void add_auth(struct buf *b, const struct pool_spec *s)
{
    if (!s->auth_type && !s->auth_username)
        return;
    buf_adds(b, "    <auth");
    xml_add_attribute(b, "type", s->auth_type);
    xml_add_attribute(b, "username", s->auth_username);
    buf_adds(b, ">\n");
    xml_add_empty(b, 6, "secret", s->secret_uuid ? "uuid" : "usage", s->secret_uuid ? s->secret_uuid : s->secret_usage);
    buf_adds(b, "    </auth>\n");
}

static void add_source(struct buf *b, const struct pool_spec *s)
{
    size_t from = b->len;
    buf_adds(b, "  <source>\n");
    size_t begin = b->len;
    xml_add_empty(b, 4, "host", "name", s->source_host);
    xml_add_empty(b, 4, "dir", "path", s->source_path);
    xml_add_empty(b, 4, "device", "path", s->source_dev);
    if (s->source_initiator) {
        buf_adds(b, "    <initiator>\n");
        xml_add_empty(b, 6, "iqn", "name", s->source_initiator);
        buf_adds(b, "    </initiator>\n");
    }
    add_adapter(b, s);
    add_auth(b, s);
    xml_add_empty(b, 4, "format", "type", s->source_format);
    xml_add_element(b, 4, "name", s->source_name);
    xml_add_empty(b, 4, "protocol", "ver", s->source_protocol_ver);
    if (b->len == begin)
        buf_truncate(b, from);
    else
        buf_adds(b, "  </source>\n");
}

char *storage_pool_xml(const struct pool_spec *s)
{
    struct buf b = BUF_INIT;
    buf_adds(&b, "<pool");
    xml_add_attribute(&b, "type", s->type);
    buf_adds(&b, ">\n");
    xml_add_element(&b, 2, "name", s->name);
    add_source(&b, s);
    if (s->target) {
        buf_adds(&b, "  <target>\n");
        xml_add_element(&b, 4, "path", s->target);
        buf_adds(&b, "  </target>\n");
    }
    buf_adds(&b, "</pool>\n");
    return buf_steal(&b);
}

char *storage_vol_xml(const struct vol_spec *s)
{
    struct buf b = BUF_INIT;
    buf_adds(&b, "<volume>\n");
    xml_add_element(&b, 2, "name", s->name);
    buf_addf(&b, "  <capacity>%llu</capacity>\n", s->capacity);
    if (s->has_allocation)
        buf_addf(&b, "  <allocation>%llu</allocation>\n", s->allocation);
    if (s->format) {
        buf_adds(&b, "  <target>\n");
        xml_add_empty(&b, 4, "format", "type", s->format);
        buf_adds(&b, "  </target>\n");
    }
    if (s->backing_path) {
        buf_adds(&b, "  <backingStore>\n");
        xml_add_element(&b, 4, "path", s->backing_path);
        xml_add_empty(&b, 4, "format", "type", s->backing_format);
        buf_adds(&b, "  </backingStore>\n");
    }
    buf_adds(&b, "</volume>\n");
    return buf_steal(&b);
}

int storage_vol_rename(const char *xml, const char *name, char **ret, struct err *e)
{
    _cleanup_(xml_free_p) struct xml_doc *doc = NULL;
    if (xml_parse(xml, &doc, e) < 0)
        return -1;
    if (!xml_set_text(doc, "/volume/name", name))
        return err_set(e, ERR_USAGE, "the volume's description has no name");
    // With the blanks before them, for the layout's sake.
    xml_remove(doc, "/volume/key | /volume/key/preceding-sibling::text()[1]");
    xml_remove(doc, "/volume/target/path | /volume/target/path/preceding-sibling::text()[1]");
    *ret = xml_text(doc);
    return 0;
}

int storage_pool_essence(const char *xml, char **ret, struct err *e)
{
    _cleanup_(xml_free_p) struct xml_doc *doc = NULL;
    if (xml_parse(xml, &doc, e) < 0)
        return -1;
    xml_remove(doc, "/pool/uuid | /pool/capacity | /pool/allocation | /pool/available | /pool/target/permissions");
    xml_remove(doc, "//text()[normalize-space() = '']");
    *ret = xml_text(doc);
    return 0;
}

int storage_pool_without_permissions(const char *xml, char **ret, struct err *e)
{
    _cleanup_(xml_free_p) struct xml_doc *doc = NULL;
    if (xml_parse(xml, &doc, e) < 0)
        return -1;
    xml_remove(doc, "/pool/target/permissions");
    *ret = xml_text(doc);
    return 0;
}

int storage_pool_target(const char *xml, char **ret, bool *ret_made_by_build, struct err *e)
{
    _cleanup_(xml_free_p) struct xml_doc *doc = NULL;
    if (xml_parse(xml, &doc, e) < 0)
        return -1;
    *ret = xml_string(doc, NULL, "/pool/target/path");
    _cleanup_free_ char *made =
        xml_string(doc, NULL, "/pool[@type = 'dir' or @type = 'fs' or @type = 'netfs']/target/path");
    *ret_made_by_build = made;
    return 0;
}
