// SPDX-License-Identifier: GPL-3.0-or-later
// Descriptions in XML: of domains, hosts and emulators. Job threads. Returned text is the caller's to free.
#pragma once

#include "base/err.h"
#include "io/virt/dom.h"

// virDomainXMLFlags, same bits.
enum virt_xml_flags { VIRT_XML_SECURE = 1, VIRT_XML_INACTIVE = 2, VIRT_XML_UPDATE_CPU = 4, VIRT_XML_MIGRATABLE = 8 };
int virt_dom_xml(struct virt_dom *d, unsigned flags, char **ret, struct err *e);

// A persistent definition; nothing runs. `validate`: against libvirt's schema.
int virt_dom_define(struct virt_conn *c, const char *xml, bool validate, struct virt_dom **ret, struct err *e);

int virt_capabilities(struct virt_conn *c, char **ret, struct err *e);
// NULL: the hypervisor's default.
int virt_domcapabilities(struct virt_conn *c, const char *emulator, const char *arch, const char *machine,
                         const char *virttype, char **ret, struct err *e);
