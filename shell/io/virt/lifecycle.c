// SPDX-License-Identifier: GPL-3.0-or-later
// Starting, stopping, removing domains. Job threads. See virt/lifecycle.h.
#include "io/virt/lifecycle.h"

#include <string.h>

#include "io/virt/priv.h"

_Static_assert((int)VIRT_START_RESET_NVRAM == VIR_DOMAIN_START_RESET_NVRAM &&
                   (int)VIRT_STOP_PARAVIRT == VIR_DOMAIN_SHUTDOWN_PARAVIRT &&
                   (int)VIRT_STOP_AGENT == VIR_DOMAIN_REBOOT_GUEST_AGENT &&
                   (int)VIRT_DESTROY_REMOVE_LOGS == VIR_DOMAIN_DESTROY_REMOVE_LOGS &&
                   (int)VIRT_UNDEFINE_KEEP_TPM == VIR_DOMAIN_UNDEFINE_KEEP_TPM,
               "our bits are libvirt's");

static int done(int r, struct err *e)
{
    return r < 0 ? virt_fail(e, NULL) : 0;
}

// Drivers call a flag that they do not know an invalid argument.
static int not_begun(struct err *e)
{
    virt_fail(e, NULL);
    if (e->code == ERR_USAGE && strstr(e->msg, "unsupported flags"))
        e->code = ERR_UNSUPPORTED;
    return -1;
}

int virt_dom_start(struct virt_dom *d, unsigned flags, const int *fds, size_t n_fds, struct err *e)
{
    // The call without flags is the one that every driver has.
    int r = n_fds   ? VIRT(virDomainCreateWithFiles(d->ptr, (unsigned)n_fds, (int *)fds, flags))
            : flags ? VIRT(virDomainCreateWithFlags(d->ptr, flags))
                    : VIRT(virDomainCreate(d->ptr));
    return r < 0 ? not_begun(e) : 0;
}

int virt_dom_create(struct virt_conn *c, const char *xml, unsigned flags, const int *fds, size_t n_fds,
                    struct virt_dom **ret, struct err *e)
{
    virDomainPtr ptr = n_fds ? VIRT(virDomainCreateXMLWithFiles(c->ptr, xml, (unsigned)n_fds, (int *)fds, flags))
                             : VIRT(virDomainCreateXML(c->ptr, xml, flags));
    if (!ptr)
        return not_begun(e);
    *ret = virt_dom_wrap(c, ptr);
    return 0;
}

int virt_dom_shutdown(struct virt_dom *d, unsigned modes, struct err *e)
{
    return done(modes ? VIRT(virDomainShutdownFlags(d->ptr, modes)) : VIRT(virDomainShutdown(d->ptr)), e);
}

int virt_dom_reboot(struct virt_dom *d, unsigned modes, struct err *e)
{
    return done(VIRT(virDomainReboot(d->ptr, modes)), e);
}

int virt_dom_destroy(struct virt_dom *d, unsigned flags, struct err *e)
{
    return done(flags ? VIRT(virDomainDestroyFlags(d->ptr, flags)) : VIRT(virDomainDestroy(d->ptr)), e);
}

int virt_dom_suspend(struct virt_dom *d, struct err *e)
{
    return done(VIRT(virDomainSuspend(d->ptr)), e);
}

int virt_dom_resume(struct virt_dom *d, struct err *e)
{
    return done(VIRT(virDomainResume(d->ptr)), e);
}

int virt_dom_undefine(struct virt_dom *d, unsigned flags, struct err *e)
{
    return done(flags ? VIRT(virDomainUndefineFlags(d->ptr, flags)) : VIRT(virDomainUndefine(d->ptr)), e);
}
