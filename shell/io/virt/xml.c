// SPDX-License-Identifier: GPL-3.0-or-later
// Descriptions in XML. Job threads. See virt/xml.h.
#include "io/virt/xml.h"

#include "io/virt/priv.h"

_Static_assert((int)VIRT_XML_MIGRATABLE == VIR_DOMAIN_XML_MIGRATABLE && (int)VIRT_XML_SECURE == VIR_DOMAIN_XML_SECURE,
               "our bits are libvirt's");

static int text_or_fail(char *text, char **ret, struct err *e)
{
    if (!text)
        return virt_fail(e, NULL);
    *ret = text;
    return 0;
}

int virt_dom_xml(struct virt_dom *d, unsigned flags, char **ret, struct err *e)
{
    return text_or_fail(VIRT(virDomainGetXMLDesc(d->ptr, flags)), ret, e);
}

int virt_dom_define(struct virt_conn *c, const char *xml, bool validate, struct virt_dom **ret, struct err *e)
{
    virDomainPtr ptr = VIRT(virDomainDefineXMLFlags(c->ptr, xml, validate ? VIR_DOMAIN_DEFINE_VALIDATE : 0));
    if (!ptr)
        return virt_fail(e, NULL);
    *ret = virt_dom_wrap(c, ptr);
    return 0;
}

int virt_capabilities(struct virt_conn *c, char **ret, struct err *e)
{
    return text_or_fail(VIRT(virConnectGetCapabilities(c->ptr)), ret, e);
}

int virt_domcapabilities(struct virt_conn *c, const char *emulator, const char *arch, const char *machine,
                         const char *virttype, char **ret, struct err *e)
{
    return text_or_fail(VIRT(virConnectGetDomainCapabilities(c->ptr, emulator, arch, machine, virttype, 0)), ret, e);
}
