// SPDX-License-Identifier: GPL-3.0-or-later
// Devices of a domain. Job threads. See virt/device.h.
#include "io/virt/device.h"

#include "io/virt/priv.h"

_Static_assert((int)VIRT_AFFECT_LIVE == (int)VIR_DOMAIN_AFFECT_LIVE &&
                   (int)VIRT_AFFECT_CONFIG == (int)VIR_DOMAIN_AFFECT_CONFIG &&
                   (int)VIRT_AFFECT_FORCE == (int)VIR_DOMAIN_DEVICE_MODIFY_FORCE,
               "our bits are libvirt's");

int virt_dom_attach(struct virt_dom *d, const char *xml, unsigned affect, struct err *e)
{
    return VIRT(virDomainAttachDeviceFlags(d->ptr, xml, affect)) < 0 ? virt_fail(e, NULL) : 0;
}

int virt_dom_detach(struct virt_dom *d, const char *xml, unsigned affect, struct err *e)
{
    return VIRT(virDomainDetachDeviceFlags(d->ptr, xml, affect)) < 0 ? virt_fail(e, NULL) : 0;
}

int virt_dom_update(struct virt_dom *d, const char *xml, unsigned affect, struct err *e)
{
    return VIRT(virDomainUpdateDeviceFlags(d->ptr, xml, affect)) < 0 ? virt_fail(e, NULL) : 0;
}

int virt_dom_detach_alias(struct virt_dom *d, const char *alias, unsigned affect, struct err *e)
{
    return VIRT(virDomainDetachDeviceAlias(d->ptr, alias, affect)) < 0 ? virt_fail(e, NULL) : 0;
}
