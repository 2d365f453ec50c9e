// SPDX-License-Identifier: GPL-3.0-or-later
// XML of pools and volumes. Pure. See storage_xml.h.
#include "core/storage/storage_xml.h"

#include "base/buf.h"
#include "base/mem.h"
#include "io/xml.h"

// name='value' behind a blank; nothing for NULL.
static void attribute(struct buf *b, const char *name, const char *value)
{
    if (!value)
        return;
    buf_addf(b, " %s='", name);
    xml_escape(b, value);
    buf_addc(b, '\'');
}

static void element(struct buf *b, int indent, const char *name, const char *text)
{
    if (!text)
        return;
    buf_addn(b, ' ', (size_t)indent);
    buf_addf(b, "<%s>", name);
    xml_escape(b, text);
    buf_addf(b, "</%s>\n", name);
}

// <name attr='value'/>
static void empty(struct buf *b, int indent, const char *name, const char *attr, const char *value)
{
    if (!value)
        return;
    buf_addn(b, ' ', (size_t)indent);
    buf_addf(b, "<%s", name);
    attribute(b, attr, value);
    buf_adds(b, "/>\n");
}

static void add_adapter(struct buf *b, const struct pool_spec *s)
{
    if (s->adapter_wwnn || s->adapter_wwpn) {
        buf_adds(b, "    <adapter type='fc_host'");
        attribute(b, "parent", s->adapter_parent);
        attribute(b, "parent_wwnn", s->adapter_parent_wwnn);
        attribute(b, "parent_wwpn", s->adapter_parent_wwpn);
        attribute(b, "parent_fabric_wwn", s->adapter_parent_fabric_wwn);
        attribute(b, "wwnn", s->adapter_wwnn);
        attribute(b, "wwpn", s->adapter_wwpn);
        buf_adds(b, "/>\n");
    } else if (s->adapter_name) {
        buf_adds(b, "    <adapter type='scsi_host'");
        attribute(b, "name", s->adapter_name);
        buf_adds(b, "/>\n");
    }
}

static void add_auth(struct buf *b, const struct pool_spec *s)
{
    if (!s->auth_type && !s->auth_username)
        return;
    buf_adds(b, "    <auth");
    attribute(b, "type", s->auth_type);
    attribute(b, "username", s->auth_username);
    buf_adds(b, ">\n");
    empty(b, 6, "secret", s->secret_uuid ? "uuid" : "usage", s->secret_uuid ? s->secret_uuid : s->secret_usage);
    buf_adds(b, "    </auth>\n");
}

static void add_source(struct buf *b, const struct pool_spec *s)
{
    size_t from = b->len;
    buf_adds(b, "  <source>\n");
    size_t begin = b->len;
    empty(b, 4, "host", "name", s->source_host);
    empty(b, 4, "dir", "path", s->source_path);
    empty(b, 4, "device", "path", s->source_dev);
    if (s->source_initiator) {
        buf_adds(b, "    <initiator>\n");
        empty(b, 6, "iqn", "name", s->source_initiator);
        buf_adds(b, "    </initiator>\n");
    }
    add_adapter(b, s);
    add_auth(b, s);
    empty(b, 4, "format", "type", s->source_format);
    element(b, 4, "name", s->source_name);
    empty(b, 4, "protocol", "ver", s->source_protocol_ver);
    if (b->len == begin)
        buf_truncate(b, from);
    else
        buf_adds(b, "  </source>\n");
}

char *storage_pool_xml(const struct pool_spec *s)
{
    struct buf b = BUF_INIT;
    buf_adds(&b, "<pool");
    attribute(&b, "type", s->type);
    buf_adds(&b, ">\n");
    element(&b, 2, "name", s->name);
    add_source(&b, s);
    if (s->target) {
        buf_adds(&b, "  <target>\n");
        element(&b, 4, "path", s->target);
        buf_adds(&b, "  </target>\n");
    }
    buf_adds(&b, "</pool>\n");
    return buf_steal(&b);
}

char *storage_vol_xml(const struct vol_spec *s)
{
    struct buf b = BUF_INIT;
    buf_adds(&b, "<volume>\n");
    element(&b, 2, "name", s->name);
    buf_addf(&b, "  <capacity>%llu</capacity>\n", s->capacity);
    if (s->has_allocation)
        buf_addf(&b, "  <allocation>%llu</allocation>\n", s->allocation);
    if (s->format) {
        buf_adds(&b, "  <target>\n");
        empty(&b, 4, "format", "type", s->format);
        buf_adds(&b, "  </target>\n");
    }
    if (s->backing_path) {
        buf_adds(&b, "  <backingStore>\n");
        element(&b, 4, "path", s->backing_path);
        empty(&b, 4, "format", "type", s->backing_format);
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
