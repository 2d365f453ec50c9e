// SPDX-License-Identifier: GPL-3.0-or-later
// Reads and writes the mark of a migration on the parsed definition. Pure. See mark.h.
#include "core/guest/mark.h"

#include "base/buf.h"
#include "base/mem.h"
#include "io/xml.h"

#define NAMESPACE "urn:migsh:migration"
#define MARK "/domain/metadata/*[local-name() = 'migration' and namespace-uri() = '" NAMESPACE "']"
#define EMPTY "/domain/metadata[not(*) and not(comment()) and not(normalize-space())]"
// The blanks in front of what an expression finds: they go with it.
#define BEFORE(xpath) xpath "/preceding-sibling::node()[1][self::text() and not(normalize-space())]"

void mark_release(struct mark *m)
{
    free(m->role);
    free(m->journal);
    free(m->node);
    *m = (struct mark){NULL, NULL, NULL};
}

int mark_read(const char *xml, struct mark *ret, struct err *e)
{
    _cleanup_(xml_free_p) struct xml_doc *doc = NULL;
    size_t n;
    if (xml_parse(xml, &doc, e) < 0)
        return -1;
    _cleanup_free_ struct xml_node **marks = xml_nodes(doc, NULL, MARK, &n);
    if (!n)
        return 0;
    *ret = (struct mark){xml_string(doc, marks[0], "string(@role)"), xml_string(doc, marks[0], "string(@journal)"),
                         xml_string(doc, marks[0], "string(@node)")};
    return 1;
}

static int parse_unmarked(const char *xml, struct xml_doc **ret, struct err *e)
{
    if (xml_parse(xml, ret, e) < 0)
        return -1;
    xml_remove(*ret, BEFORE(MARK));
    xml_remove(*ret, MARK);
    xml_remove(*ret, BEFORE(EMPTY));
    xml_remove(*ret, EMPTY);
    return 0;
}

int mark_remove(const char *xml, char **ret, struct err *e)
{
    _cleanup_(xml_free_p) struct xml_doc *doc = NULL;
    if (parse_unmarked(xml, &doc, e) < 0)
        return -1;
    *ret = xml_text(doc);
    return 0;
}

int mark_write(const char *xml, const struct mark *m, char **ret, struct err *e)
{
    _cleanup_(xml_free_p) struct xml_doc *doc = NULL;
    _cleanup_buf_ struct buf mark = BUF_INIT;
    size_t n_domain, n_metadata, n_first;
    if (parse_unmarked(xml, &doc, e) < 0)
        return -1;
    // libvirt writes <name> and <uuid> before everything else, and <metadata> behind them.
    _cleanup_free_ struct xml_node **domain = xml_nodes(doc, NULL, "/domain", &n_domain);
    _cleanup_free_ struct xml_node **metadata = xml_nodes(doc, NULL, "/domain/metadata", &n_metadata);
    _cleanup_free_ struct xml_node **first = xml_nodes(doc, NULL, "/domain/name|/domain/uuid", &n_first);
    if (!n_metadata && !n_first)
        return err_set(e, ERR_USAGE, "the domain's XML has no place for metadata");
    buf_adds(&mark, "<migsh:migration xmlns:migsh=\"" NAMESPACE "\"");
    xml_add_attribute(&mark, "role", m->role);
    xml_add_attribute(&mark, "journal", m->journal);
    xml_add_attribute(&mark, "node", m->node);
    buf_adds(&mark, "/>");
    _cleanup_free_ char *piece =
        xasprintf(n_metadata ? "\n    %s" : "\n  <metadata>\n    %s\n  </metadata>", buf_str(&mark));
    int r = n_metadata ? xml_insert(metadata[0], NULL, piece, e) : xml_insert(domain[0], first[n_first - 1], piece, e);
    if (r < 0)
        return -1;
    *ret = xml_text(doc);
    return 0;
}
