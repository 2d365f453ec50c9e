// SPDX-License-Identifier: GPL-3.0-or-later
// What a domain is called and described as: title, description, elements of a name space of one's own, name. And its
// description in a hypervisor's own form. Job threads. Texts returned are the caller's.
#pragma once

#include "base/err.h"
#include "io/virt/dom.h"

enum virt_metadata { VIRT_METADATA_DESCRIPTION, VIRT_METADATA_TITLE, VIRT_METADATA_ELEMENT };

// `uri`: the element's name space, else NULL. impact: bits of enum virt_affect; 0: where it is now. ERR_NOT_FOUND:
// there is none.
int virt_dom_metadata(struct virt_dom *d, enum virt_metadata kind, const char *uri, unsigned impact, char **ret,
                      struct err *e);
// `text` NULL: removes it. `key`: the prefix that an element's name space gets.
int virt_dom_set_metadata(struct virt_dom *d, enum virt_metadata kind, const char *text, const char *key,
                          const char *uri, unsigned impact, struct err *e);
int virt_dom_rename(struct virt_dom *d, const char *name, struct err *e);

// `format`: "qemu-argv", "xen-xm" …
int virt_xml_to_native(struct virt_conn *c, const char *format, const char *xml, char **ret, struct err *e);
int virt_xml_from_native(struct virt_conn *c, const char *format, const char *config, char **ret, struct err *e);
