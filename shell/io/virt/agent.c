// SPDX-License-Identifier: GPL-3.0-or-later
// What a guest's agent is asked for. Job threads. See virt/agent.h.
#include "io/virt/agent.h"

#include "io/virt/priv.h"

int virt_agent_time(struct virt_dom *d, long long *ret_s, unsigned *ret_ns, struct err *e)
{
    long long s;
    unsigned ns;
    if (VIRT(virDomainGetTime(d->ptr, &s, &ns, 0)) < 0)
        return virt_fail(e, NULL);
    *ret_s = s;
    *ret_ns = ns;
    return 0;
}

int virt_agent_set_time(struct virt_dom *d, long long s, unsigned ns, struct err *e)
{
    return VIRT(virDomainSetTime(d->ptr, s, ns, 0)) < 0 ? virt_fail(e, NULL) : 0;
}

int virt_agent_sync_time(struct virt_dom *d, struct err *e)
{
    return VIRT(virDomainSetTime(d->ptr, 0, 0, VIR_DOMAIN_TIME_SYNC)) < 0 ? virt_fail(e, NULL) : 0;
}

int virt_agent_trim(struct virt_dom *d, const char *mountpoint, unsigned long long minimum, struct err *e)
{
    return VIRT(virDomainFSTrim(d->ptr, mountpoint, minimum, 0)) < 0 ? virt_fail(e, NULL) : 0;
}

int virt_agent_timeout(struct virt_dom *d, int seconds, struct err *e)
{
    return VIRT(virDomainAgentSetResponseTimeout(d->ptr, seconds, 0)) < 0 ? virt_fail(e, NULL) : 0;
}
