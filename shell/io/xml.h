// SPDX-License-Identifier: GPL-3.0-or-later
// XML documents, read and asked by XPath. The text may come from anywhere: nothing is fetched, and no entity is
// expanded (a document that declares any is refused). Any thread; a document is never shared between threads.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/mem.h"

struct buf;
struct xml_doc;
struct xml_node; // lives as long as its document

// Once, before any other thread: libxml2 makes its locks at the first use, ours or libvirt's, and two threads that meet
// there make them twice.
void xml_init(void);

// ERR_USAGE with the line and what is wrong there.
int xml_parse(const char *text, struct xml_doc **ret, struct err *e);
void xml_free(struct xml_doc *doc); // NULL is fine
DEFINE_CLEANUP(struct xml_doc, xml_free);

// The nodes an expression finds below `at` (NULL: the root element); the caller frees the array. `xpath` is one of
// ours, known to be right.
struct xml_node **xml_nodes(struct xml_doc *doc, struct xml_node *at, const char *xpath, size_t *ret_n);
// string(xpath): the caller frees; NULL where nothing is found or the text is empty.
char *xml_string(struct xml_doc *doc, struct xml_node *at, const char *xpath);

// The same with a script's expression. ERR_USAGE: it is none, or what it finds are no nodes.
int xml_find(struct xml_doc *doc, struct xml_node *at, const char *xpath, struct xml_node ***ret, size_t *ret_n,
             struct err *e);
// *ret: NULL only where the expression looks for nodes and there is none.
int xml_get(struct xml_doc *doc, struct xml_node *at, const char *xpath, char **ret, struct err *e);

// An expression of the operator's: the found nodes as XML, one after the other ("<nodes>" around them if `wrap`), or
// the string or number it computes, newline-terminated. ERR_USAGE for a bad expression, ERR_NOT_FOUND for an empty set.
int xml_query(struct xml_doc *doc, const char *xpath, int wrap, char **ret, struct err *e);

// Small changes to a document: every node that an expression of ours finds is removed (and freed with the document, as
// somebody may hold it); the first gets `text` for its content (false: none was found). xml_text(): the whole document,
// as UTF-8; the caller frees.
void xml_remove(struct xml_doc *doc, const char *xpath);
// With a script's expression. ERR_USAGE, also where it finds the root element, without which there is no document.
int xml_remove_found(struct xml_doc *doc, struct xml_node *at, const char *xpath, struct err *e);
bool xml_set_text(struct xml_doc *doc, const char *xpath, const char *text);
char *xml_text(struct xml_doc *doc);
// The text of one node (an element, attribute or piece of text); NULL where it is empty; the caller frees. Setting it
// leaves the node itself in place.
char *xml_node_text(struct xml_node *node);
void xml_node_set(struct xml_node *node, const char *text);
void xml_node_rename(struct xml_node *node, const char *name);
// ERR_USAGE: the node is no element, that is no attribute's name, or no text that XML can carry.
int xml_node_set_attribute(struct xml_node *node, const char *name, const char *text, struct err *e);
// Adds a piece of XML to what is in `parent`, behind its child `after` (NULL: in front of all). The piece may be of
// several nodes, blanks between them too, and declares the name spaces that it uses. ERR_USAGE: it is not well-formed.
int xml_insert(struct xml_node *parent, struct xml_node *after, const char *piece, struct err *e);
int xml_append(struct xml_node *parent, const char *piece, struct err *e); // behind all that is in it

// Adds `text` as the content of an element or of a quoted attribute. Blanks other than the space are written as
// references, so that they survive in an attribute.
void xml_escape(struct buf *out, const char *text);
// Adds an attribute to a tag that is being written, " NAME='text'"; NULL: none.
void xml_add_attribute(struct buf *out, const char *name, const char *text);
// Adds a line with an element, that far indented: "<NAME>text</NAME>", or "<NAME ATTRIBUTE='text'/>"; NULL: none.
void xml_add_element(struct buf *out, int indent, const char *name, const char *text);
void xml_add_empty(struct buf *out, int indent, const char *name, const char *attribute, const char *text);
