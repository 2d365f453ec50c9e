// SPDX-License-Identifier: GPL-3.0-or-later
// Titles, descriptions, names, native forms. Job threads. See virt/metadata.h.
#include "io/virt/metadata.h"

#include "io/virt/priv.h"

_Static_assert((int)VIRT_METADATA_TITLE == VIR_DOMAIN_METADATA_TITLE &&
                   (int)VIRT_METADATA_ELEMENT == VIR_DOMAIN_METADATA_ELEMENT,
               "our kinds are libvirt's");

static int text_or_fail(char *text, char **ret, struct err *e)
{
    if (!text)
        return virt_fail(e, NULL);
    *ret = text;
    return 0;
}

int virt_dom_metadata(struct virt_dom *d, enum virt_metadata kind, const char *uri, unsigned impact, char **ret,
                      struct err *e)
{
    return text_or_fail(VIRT(virDomainGetMetadata(d->ptr, (int)kind, uri, impact)), ret, e);
}

int virt_dom_set_metadata(struct virt_dom *d, enum virt_metadata kind, const char *text, const char *key,
                          const char *uri, unsigned impact, struct err *e)
{
    return VIRT(virDomainSetMetadata(d->ptr, (int)kind, text, key, uri, impact)) < 0 ? virt_fail(e, NULL) : 0;
}

int virt_dom_rename(struct virt_dom *d, const char *name, struct err *e)
{
    return VIRT(virDomainRename(d->ptr, name, 0)) < 0 ? virt_fail(e, NULL) : 0;
}

int virt_xml_to_native(struct virt_conn *c, const char *format, const char *xml, char **ret, struct err *e)
{
    return text_or_fail(VIRT(virConnectDomainXMLToNative(c->ptr, format, xml, 0)), ret, e);
}

int virt_xml_from_native(struct virt_conn *c, const char *format, const char *config, char **ret, struct err *e)
{
    return text_or_fail(VIRT(virConnectDomainXMLFromNative(c->ptr, format, config, 0)), ret, e);
}
