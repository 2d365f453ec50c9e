// SPDX-License-Identifier: GPL-3.0-or-later
// Finding a domain and asking its state. Job threads.
#include "io/virt/dom.h"

#include <string.h>

#include "base/strv.h"
#include "io/virt/priv.h"

struct virt_dom *virt_dom_wrap(struct virt_conn *c, virDomainPtr ptr)
{
    struct virt_dom *d = xnew(struct virt_dom);
    d->ptr = ptr;
    d->conn = virt_conn_ref(c);
    virDomainGetUUIDString(ptr, d->uuid);
    return d;
}

int virt_dom_lookup(struct virt_conn *c, const char *text, struct virt_dom **ret, struct err *e)
{
    virDomainPtr ptr = NULL;
    long long id;
    if (str_to_int(text, 0, 0x7fffffff, &id) == 0)
        ptr = VIRT(virDomainLookupByID(c->ptr, (int)id));
    if (!ptr && strlen(text) == VIR_UUID_STRING_BUFLEN - 1)
        ptr = VIRT(virDomainLookupByUUIDString(c->ptr, text));
    if (!ptr)
        ptr = VIRT(virDomainLookupByName(c->ptr, text));
    if (!ptr) {
        virErrorPtr v = virGetLastError();
        if (v && v->code == VIR_ERR_NO_DOMAIN)
            return err_set(e, ERR_NOT_FOUND, "failed to get domain '%s'", text);
        return virt_fail(e, NULL);
    }
    *ret = virt_dom_wrap(c, ptr);
    return 0;
}

int virt_dom_lookup_uuid(struct virt_conn *c, const char *uuid, struct virt_dom **ret, struct err *e)
{
    virDomainPtr ptr = VIRT(virDomainLookupByUUIDString(c->ptr, uuid));
    if (!ptr)
        return virt_fail(e, NULL);
    *ret = virt_dom_wrap(c, ptr);
    return 0;
}

struct virt_dom *virt_dom_ref(struct virt_dom *d)
{
    virDomainRef(d->ptr);
    return virt_dom_wrap(d->conn, d->ptr);
}

void virt_dom_free(struct virt_dom *d)
{
    if (!d)
        return;
    virDomainFree(d->ptr);
    virt_conn_unref(d->conn);
    free(d);
}

const char *virt_dom_name(const struct virt_dom *d)
{
    return virDomainGetName(d->ptr);
}

const char *virt_dom_uuid(const struct virt_dom *d)
{
    return d->uuid;
}

int virt_dom_id(const struct virt_dom *d)
{
    return (int)virDomainGetID(d->ptr);
}

struct virt_conn *virt_dom_conn(const struct virt_dom *d)
{
    return d->conn;
}
