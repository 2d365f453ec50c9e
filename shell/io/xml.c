// SPDX-License-Identifier: GPL-3.0-or-later
// libxml2 behind our own types; the only file that includes it. Any thread. See xml.h.
#include "io/xml.h"

#include <libxml/chvalid.h>
#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <string.h>

#include "base/buf.h"
#include "base/strv.h"

struct xml_doc {
    xmlDocPtr ptr;
    xmlNodePtr *removed;
    size_t n_removed;
};

static void quiet(void *data, const char *fmt, ...)
{
    (void)data;
    (void)fmt;
}

static int parse_error(xmlParserCtxtPtr ctxt, struct err *e)
{
    const xmlError *x = xmlCtxtGetLastError(ctxt);
    const char *msg = x && x->message ? x->message : "not well-formed";
    size_t n = strcspn(msg, "\n");
    return err_set(e, ERR_USAGE, "line %d: %.*s", x ? x->line : 0, (int)n, msg);
}

void xml_init(void)
{
    xmlInitParser();
}

int xml_parse(const char *text, struct xml_doc **ret, struct err *e)
{
    size_t n = strlen(text);
    if (n > INT_MAX)
        return err_set(e, ERR_USAGE, "the XML document is too large");
    xmlParserCtxtPtr ctxt = xmlNewParserCtxt();
    if (!ctxt)
        abort();
    xmlDocPtr ptr =
        xmlCtxtReadMemory(ctxt, text, (int)n, NULL, NULL, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    int r = 0;
    if (!ptr)
        r = parse_error(ctxt, e);
    else if (ptr->intSubset || ptr->extSubset)
        r = err_set(e, ERR_USAGE, "the XML document declares a DTD, which is not read");
    xmlFreeParserCtxt(ctxt);
    if (r < 0) {
        xmlFreeDoc(ptr);
        return -1;
    }
    *ret = xnew(struct xml_doc);
    (*ret)->ptr = ptr;
    return 0;
}

void xml_free(struct xml_doc *doc)
{
    if (!doc)
        return;
    while (doc->n_removed)
        xmlFreeNode(doc->removed[--doc->n_removed]);
    free(doc->removed);
    xmlFreeDoc(doc->ptr);
    free(doc);
}

static xmlXPathObjectPtr evaluate(struct xml_doc *doc, struct xml_node *at, const char *xpath)
{
    xmlXPathContextPtr ctxt = xmlXPathNewContext(doc->ptr);
    if (!ctxt)
        abort();
    ctxt->node = at ? (xmlNodePtr)at : xmlDocGetRootElement(doc->ptr);
    xmlSetGenericErrorFunc(NULL, quiet); // per thread: libxml2 would print a bad expression to stderr
    ctxt->error = NULL;
    xmlXPathObjectPtr found = xmlXPathEval((const xmlChar *)xpath, ctxt);
    xmlXPathFreeContext(ctxt);
    return found;
}

static int no_expression(const char *xpath, struct err *e)
{
    return err_set(e, ERR_USAGE, "'%s' is not an XPath expression", xpath);
}

// Nodes that outlive what was found: declarations of name spaces are copies in there.
static bool are_nodes(const xmlXPathObject *found)
{
    const xmlNodeSet *set = found->type == XPATH_NODESET ? found->nodesetval : NULL;
    for (int i = 0; set && i < set->nodeNr; i++) {
        if (set->nodeTab[i]->type == XML_NAMESPACE_DECL)
            return false;
    }
    return found->type == XPATH_NODESET;
}

int xml_find(struct xml_doc *doc, struct xml_node *at, const char *xpath, struct xml_node ***ret, size_t *ret_n,
             struct err *e)
{
    xmlXPathObjectPtr found = evaluate(doc, at, xpath);
    if (!found)
        return no_expression(xpath, e);
    if (!are_nodes(found)) {
        xmlXPathFreeObject(found);
        return err_set(e, ERR_USAGE, "'%s' finds no elements, attributes or texts", xpath);
    }
    size_t n = found->nodesetval ? (size_t)found->nodesetval->nodeNr : 0;
    *ret = xcalloc(n, sizeof(struct xml_node *));
    for (size_t i = 0; i < n; i++)
        (*ret)[i] = (struct xml_node *)found->nodesetval->nodeTab[i];
    xmlXPathFreeObject(found);
    *ret_n = n;
    return 0;
}

struct xml_node **xml_nodes(struct xml_doc *doc, struct xml_node *at, const char *xpath, size_t *ret_n)
{
    struct xml_node **nodes = NULL;
    _cleanup_err_ struct err e = ERR_INIT;
    if (xml_find(doc, at, xpath, &nodes, ret_n, &e) < 0)
        abort(); // our own expression
    return nodes;
}

int xml_get(struct xml_doc *doc, struct xml_node *at, const char *xpath, char **ret, struct err *e)
{
    xmlXPathObjectPtr found = evaluate(doc, at, xpath);
    if (!found)
        return no_expression(xpath, e);
    bool none = found->type == XPATH_NODESET && xmlXPathNodeSetIsEmpty(found->nodesetval);
    xmlChar *text = none ? NULL : xmlXPathCastToString(found);
    *ret = none ? NULL : xstrdup(text ? (const char *)text : "");
    xmlFree(text);
    xmlXPathFreeObject(found);
    return 0;
}

char *xml_string(struct xml_doc *doc, struct xml_node *at, const char *xpath)
{
    char *text = NULL;
    _cleanup_err_ struct err e = ERR_INIT;
    if (xml_get(doc, at, xpath, &text, &e) < 0)
        abort();
    if (text && *text)
        return text;
    free(text);
    return NULL;
}

static void add_nodes(xmlDocPtr doc, const xmlNodeSet *set, int wrap, struct buf *out)
{
    xmlBufferPtr b = xmlBufferCreate();
    if (!b)
        abort();
    if (wrap)
        buf_adds(out, "<nodes>\n");
    for (int i = 0; i < set->nodeNr; i++) {
        xmlBufferEmpty(b);
        if (wrap)
            buf_adds(out, "  ");
        xmlNodeDump(b, doc, set->nodeTab[i], wrap ? 1 : 0, 1);
        buf_adds(out, (const char *)xmlBufferContent(b));
        buf_addc(out, '\n');
    }
    if (wrap)
        buf_adds(out, "</nodes>\n");
    xmlBufferFree(b);
}

int xml_query(struct xml_doc *doc, const char *xpath, int wrap, char **ret, struct err *e)
{
    xmlXPathObjectPtr found = evaluate(doc, NULL, xpath);
    if (!found)
        return no_expression(xpath, e);
    struct buf out = BUF_INIT;
    int r = 0;
    if (found->type != XPATH_NODESET) {
        xmlChar *text = xmlXPathCastToString(found);
        buf_addf(&out, "%s\n", text ? (const char *)text : "");
        xmlFree(text);
    } else if (xmlXPathNodeSetIsEmpty(found->nodesetval)) {
        r = err_set(e, ERR_NOT_FOUND, "no element or attribute is at '%s'", xpath);
    } else {
        add_nodes(doc->ptr, found->nodesetval, wrap, &out);
    }
    xmlXPathFreeObject(found);
    if (r == 0)
        *ret = buf_steal(&out);
    else
        buf_release(&out);
    return r;
}

static void remove_all(struct xml_doc *doc, struct xml_node *const *nodes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!((xmlNodePtr)nodes[i])->parent)
            continue; // it was removed before
        xmlUnlinkNode((xmlNodePtr)nodes[i]);
        doc->removed = xgrow(doc->removed, doc->n_removed, sizeof(xmlNodePtr));
        doc->removed[doc->n_removed++] = (xmlNodePtr)nodes[i];
    }
}

void xml_remove(struct xml_doc *doc, const char *xpath)
{
    size_t n;
    _cleanup_free_ struct xml_node **nodes = xml_nodes(doc, NULL, xpath, &n);
    remove_all(doc, nodes, n);
}

int xml_remove_found(struct xml_doc *doc, struct xml_node *at, const char *xpath, struct err *e)
{
    size_t n;
    _cleanup_free_ struct xml_node **nodes = NULL;
    if (xml_find(doc, at, xpath, &nodes, &n, e) < 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        if ((xmlNodePtr)nodes[i] == xmlDocGetRootElement(doc->ptr) || (xmlDocPtr)nodes[i] == doc->ptr)
            return err_set(e, ERR_USAGE, "'%s' is the whole document", xpath);
    }
    remove_all(doc, nodes, n);
    return 0;
}

bool xml_set_text(struct xml_doc *doc, const char *xpath, const char *text)
{
    size_t n = 0;
    _cleanup_free_ struct xml_node **nodes = xml_nodes(doc, NULL, xpath, &n);
    if (!n)
        return false;
    xml_node_set(nodes[0], text);
    return true;
}

char *xml_node_text(struct xml_node *node)
{
    xmlChar *text = xmlNodeGetContent((xmlNodePtr)node);
    char *s = text && *text ? xstrdup((const char *)text) : NULL;
    xmlFree(text);
    return s;
}

static bool is_xml_text(const char *text)
{
    const xmlChar *s = (const xmlChar *)text;
    if (!xmlCheckUTF8(s))
        return false;
    for (int len = 4; *s; s += len, len = 4) {
        int c = xmlGetUTF8Char(s, &len);
        if (c < 0 || !xmlIsCharQ((unsigned)c))
            return false;
    }
    return true;
}

void xml_node_set(struct xml_node *node, const char *text)
{
    xmlNodePtr n = (xmlNodePtr)node;
    if (n->type == XML_TEXT_NODE || n->type == XML_CDATA_SECTION_NODE) { // content is as it is, not as it is written
        xmlNodeSetContent(n, (const xmlChar *)text);
        return;
    }
    _cleanup_buf_ struct buf escaped = BUF_INIT;
    xml_escape(&escaped, text);
    xmlNodeSetContent(n, (const xmlChar *)buf_str(&escaped)); // of elements and attributes this one reads references
}

void xml_node_rename(struct xml_node *node, const char *name)
{
    xmlNodeSetName((xmlNodePtr)node, (const xmlChar *)name);
}

int xml_node_set_attribute(struct xml_node *node, const char *name, const char *text, struct err *e)
{
    xmlNodePtr n = (xmlNodePtr)node;
    if (n->type != XML_ELEMENT_NODE)
        return err_set(e, ERR_USAGE, "only an element has attributes");
    if (xmlValidateNCName((const xmlChar *)name, 0) != 0 || strcmp(name, "xmlns") == 0)
        return err_set(e, ERR_USAGE, "'%s' is no name of an attribute", name);
    if (!is_xml_text(text))
        return err_set(e, ERR_USAGE, "the attribute %s has a character that XML cannot carry", name);
    xmlSetProp(n, (const xmlChar *)name, (const xmlChar *)text);
    return 0;
}

int xml_append(struct xml_node *parent, const char *piece, struct err *e)
{
    return xml_insert(parent, (struct xml_node *)((xmlNodePtr)parent)->last, piece, e);
}

int xml_insert(struct xml_node *parent, struct xml_node *after, const char *piece, struct err *e)
{
    xmlNodePtr at = (xmlNodePtr)parent, list = NULL, next = after ? ((xmlNodePtr)after)->next : at->children;
    if (xmlParseInNodeContext(at, piece, (int)strlen(piece), XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING,
                              &list) != XML_ERR_OK)
        return err_set(e, ERR_USAGE, "what is to be put into the XML is not well-formed");
    // The last one first: each then stands before what is there already. Texts side by side become one.
    xmlNodePtr node = list;
    while (node && node->next)
        node = node->next;
    while (node) {
        xmlNodePtr before = node->prev;
        xmlUnlinkNode(node);
        next = next ? xmlAddPrevSibling(next, node) : xmlAddChild(at, node);
        node = before;
    }
    return 0;
}

char *xml_text(struct xml_doc *doc)
{
    xmlChar *text = NULL;
    int n;
    xmlDocDumpMemoryEnc(doc->ptr, &text, &n, "UTF-8");
    if (!text)
        abort();
    // Without the <?xml?> line, as libvirt writes its documents.
    const char *s = (const char *)text, *nl = str_starts(s, "<?xml") ? strchr(s, '\n') : NULL;
    char *copy = xstrdup(nl ? nl + 1 : s);
    xmlFree(text);
    return copy;
}

void xml_escape(struct buf *out, const char *text)
{
    for (; *text; text++) {
        switch (*text) {
        case '&':
            buf_adds(out, "&amp;");
            break;
        case '<':
            buf_adds(out, "&lt;");
            break;
        case '>':
            buf_adds(out, "&gt;");
            break;
        case '"':
            buf_adds(out, "&quot;");
            break;
        case '\'':
            buf_adds(out, "&apos;");
            break;
        case '\n':
        case '\r':
        case '\t':
            buf_addf(out, "&#%d;", *text);
            break;
        default:
            buf_addc(out, *text);
        }
    }
}

void xml_add_attribute(struct buf *out, const char *name, const char *text)
{
    if (!text)
        return;
    buf_addf(out, " %s='", name);
    xml_escape(out, text);
    buf_addc(out, '\'');
}

void xml_add_element(struct buf *out, int indent, const char *name, const char *text)
{
    if (!text)
        return;
    buf_addn(out, ' ', (size_t)indent);
    buf_addf(out, "<%s>", name);
    xml_escape(out, text);
    buf_addf(out, "</%s>\n", name);
}

void xml_add_empty(struct buf *out, int indent, const char *name, const char *attribute, const char *text)
{
    if (!text)
        return;
    buf_addn(out, ' ', (size_t)indent);
    buf_addf(out, "<%s", name);
    xml_add_attribute(out, attribute, text);
    buf_adds(out, "/>\n");
}
