// SPDX-License-Identifier: GPL-3.0-or-later
// A description's claims on a host. Pure. See domxml_host.h.
#include "core/guest/domxml_host.h"

#include <ctype.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/strv.h"
#include "io/xml.h"

#define DOMAINS                                                                                                        \
    "/*[self::domain]|/*[self::domainsnapshot or self::domaincheckpoint]/*[self::domain or self::inactiveDomain]"
// libvirt keeps these as they are.
#define UNREAD                                                                                                         \
    "ancestor-or-self::*[self::metadata or self::title or self::description]"                                          \
    "[parent::domain or parent::inactiveDomain or parent::domainsnapshot or parent::domaincheckpoint]"

// `name`: a string of the found node.
static const struct {
    const char *kind, *xpath, *name;
} features[] = {
    {"remote", "//source[@protocol]", "concat(@protocol, ':', @name)"},
    {"hostdev", "//hostdev|//mdev|//smartcard[@mode = 'host']", "concat(name(), ' ', @mode, ' ', @type)"},
    {"hostdev",
     "//interface[@type = 'hostdev' or @type = 'vdpa']|//*[@type = 'nvme'][not(self::controller)]", // QEMU makes those
     "concat(name(), ' ', @type)"},
    {"socket", "//source[@service]", "concat(@mode, ' ', @host, ':', @service)"},
    {"socket", "//interface[@type = 'client' or @type = 'server' or @type = 'mcast' or @type = 'udp']",
     "concat(@type, ' ', source/@address, ':', source/@port)"},
    {"shmem", "//shmem", "string(@name)"},
    {"seclabel",
     "//*[self::domain or self::inactiveDomain]/seclabel[@type = 'static' or @type = 'none' or label or baselabel]",
     "concat(@type, ' ', @model, ' ', label, baselabel)"},
    {"namespace", "//*[namespace-uri() != ''][not(" UNREAD ")][not(parent::*[namespace-uri() != ''])]", "name()"},
    {"namespace", "//@*[namespace-uri() != ''][not(" UNREAD ")]", "name()"},
    {"path", "//interface/script[@path]|//interface/downscript[@path]", "string(@path)"}, // found by a search, too
};

// What begins with a slash and is no path of the host: a control group, the mount point or tag in a guest, the kernel's
// parameters, what a server calls its disk.
#define ELSEWHERE                                                                                                      \
    "[not(parent::resource and self::partition)][not(self::cmdline and parent::os)][not(self::initarg and "            \
    "parent::os)]"
#define ELSEWHERE_ATTRIBUTE                                                                                            \
    "[not(name() = 'dir' and parent::target[parent::filesystem])][not(name() = 'name' and parent::source[@protocol])]"

struct claims {
    json_t *list;
    json_t *seen; // {"KIND\nNAME\nAT": true}
};

// Takes `more`, which may be NULL.
static void add_claim(struct claims *c, const char *kind, const char *name, const char *at, json_t *more)
{
    _cleanup_free_ char *key = xasprintf("%s\n%s\n%s", kind, name ? name : "", at ? at : "");
    if (!json_object_get(c->seen, key)) {
        json_t *claim = json_pack("{s:o, s:o, s:o}", "kind", json_text(kind), "name", json_text(name ? name : ""), "at",
                                  json_text(at));
        if (more)
            json_object_update(claim, more);
        json_array_append_new(c->list, claim);
        json_object_set_new(c->seen, key, json_true());
    }
    json_decref(more);
}

// What the guest may write to by this name bears a word more.
#define WRITTEN(condition) "substring(', written to', 1, 12 * number(boolean(" condition ")))"

// "disk/source/@file", "os/loader"
static char *place_of(struct xml_doc *doc, struct xml_node *node, bool attribute)
{
    return xml_string(
        doc, node,
        attribute ? "concat(name(../..), '/', name(..), '/@', name(), " WRITTEN("../../self::disk[not(readonly)]") ")"
                  : "concat(name(..), '/', name(), " WRITTEN(
                        "self::loader[@type = 'pflash' and not(@readonly = 'yes')]") ")");
}

static const char *skip_blanks(const char *s)
{
    while (isspace((unsigned char)*s))
        s++;
    return s;
}

static void add_attributes(struct claims *c, struct xml_doc *doc)
{
    size_t n;
    _cleanup_free_ struct xml_node **nodes =
        xml_nodes(doc, NULL, "//@*[contains(., '/')][not(" UNREAD ")]" ELSEWHERE_ATTRIBUTE, &n);
    for (size_t i = 0; i < n; i++) {
        _cleanup_free_ char *text = xml_node_text(nodes[i]), *at = place_of(doc, nodes[i], true);
        if (text && *skip_blanks(text) == '/')
            add_claim(c, "path", text, at, NULL);
    }
}

// An element's own text, whatever comments or elements lie between its parts.
static char *own_text(struct xml_doc *doc, struct xml_node *element)
{
    size_t n;
    _cleanup_free_ struct xml_node **parts = xml_nodes(doc, element, "./text()", &n);
    struct buf b = BUF_INIT;
    for (size_t i = 0; i < n; i++) {
        _cleanup_free_ char *part = xml_node_text(parts[i]);
        buf_adds(&b, part ? part : "");
    }
    return buf_steal(&b);
}

static void add_texts(struct claims *c, struct xml_doc *doc)
{
    size_t n;
    _cleanup_free_ struct xml_node **nodes =
        xml_nodes(doc, NULL, "//*[text()[contains(., '/')]][not(" UNREAD ")]" ELSEWHERE, &n);
    for (size_t i = 0; i < n; i++) {
        _cleanup_free_ char *text = own_text(doc, nodes[i]), *at = place_of(doc, nodes[i], false);
        if (*skip_blanks(text) == '/')
            add_claim(c, "path", text, at, NULL);
    }
}

static void add_volumes(struct claims *c, struct xml_doc *doc)
{
    size_t n;
    _cleanup_free_ struct xml_node **nodes = xml_nodes(doc, NULL, "//source[@pool or @volume]", &n);
    for (size_t i = 0; i < n; i++) {
        _cleanup_free_ char *pool = xml_string(doc, nodes[i], "string(@pool)");
        _cleanup_free_ char *volume = xml_string(doc, nodes[i], "string(@volume)");
        _cleanup_free_ char *name = xasprintf("%s/%s", pool ? pool : "", volume ? volume : "");
        _cleanup_free_ char *at =
            xml_string(doc, nodes[i], "concat(name(..), '/', name(), " WRITTEN("../self::disk[not(readonly)]") ")");
        add_claim(c, "volume", name, at, json_pack("{s:o, s:o}", "pool", json_text(pool), "volume", json_text(volume)));
    }
}

static void add_features(struct claims *c, struct xml_doc *doc)
{
    for (size_t i = 0; i < ARRAY_SIZE(features); i++) {
        size_t n;
        _cleanup_free_ struct xml_node **nodes = xml_nodes(doc, NULL, features[i].xpath, &n);
        for (size_t k = 0; k < n; k++) {
            _cleanup_free_ char *name = xml_string(doc, nodes[k], features[i].name);
            _cleanup_free_ char *at = xml_string(doc, nodes[k], "concat(name(..), '/', name())");
            if (strcmp(features[i].kind, "path") != 0 || (name && *skip_blanks(name) != '/'))
                add_claim(c, features[i].kind, name, at, NULL);
        }
    }
}

// The one child's text, or NULL. libvirt would take the first of several.
static char *only_child(struct xml_doc *doc, struct xml_node *domain, const char *xpath)
{
    size_t n;
    _cleanup_free_ struct xml_node **nodes = xml_nodes(doc, domain, xpath, &n);
    return n == 1 ? xml_node_text(nodes[0]) : NULL;
}

// As libvirt reads it (blanks around it, hyphens anywhere, either case), and as it writes it; or NULL.
static char *canonical_uuid(const char *text)
{
    struct buf b = BUF_INIT;
    const char *s = text ? skip_blanks(text) : "";
    size_t digits = 0;
    for (; *s && !isspace((unsigned char)*s); s++) {
        if (*s == '-')
            continue;
        if (!isxdigit((unsigned char)*s) || digits == 32)
            break;
        if (digits == 8 || digits == 12 || digits == 16 || digits == 20)
            buf_addc(&b, '-');
        buf_addc(&b, (char)tolower((unsigned char)*s));
        digits++;
    }
    if (digits == 32 && !*skip_blanks(s))
        return buf_steal(&b);
    buf_release(&b);
    return NULL;
}

static json_t *domains(struct xml_doc *doc)
{
    size_t n;
    _cleanup_free_ struct xml_node **nodes = xml_nodes(doc, NULL, DOMAINS, &n);
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++) {
        _cleanup_free_ char *name = only_child(doc, nodes[i], "./name"), *text = only_child(doc, nodes[i], "./uuid");
        _cleanup_free_ char *uuid = canonical_uuid(text);
        json_array_append_new(list, json_pack("{s:o, s:o}", "name", json_text(name), "uuid", json_text(uuid)));
    }
    return list;
}

int domxml_host(const char *xml, json_t **ret, struct err *e)
{
    _cleanup_(xml_free_p) struct xml_doc *doc = NULL;
    if (xml_parse(xml, &doc, e) < 0)
        return -1;
    _cleanup_free_ char *root = xml_string(doc, NULL, "name(/*)");
    struct claims c = {json_array(), json_object()};
    add_features(&c, doc);
    add_volumes(&c, doc);
    add_attributes(&c, doc);
    add_texts(&c, doc);
    json_decref(c.seen);
    *ret = json_pack("{s:o, s:o, s:o}", "root", json_text(root), "domains", domains(doc), "claims", c.list);
    return 0;
}
