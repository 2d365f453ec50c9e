// SPDX-License-Identifier: GPL-3.0-or-later
// A host's network interfaces. Job threads. See virt/iface.h.
#include "io/virt/iface.h"

#include <string.h>

#include "base/json.h"
#include "io/virt/priv.h"

_Static_assert((int)VIRT_IFACE_ACTIVE == (int)VIR_CONNECT_LIST_INTERFACES_ACTIVE, "our filter bits are libvirt's");

struct virt_iface {
    virInterfacePtr ptr;
    struct virt_conn *conn; // a reference
};

static struct virt_iface *wrap(struct virt_conn *c, virInterfacePtr ptr)
{
    struct virt_iface *i = xnew(struct virt_iface);
    i->ptr = ptr;
    i->conn = virt_conn_ref(c);
    return i;
}

int virt_iface_lookup(struct virt_conn *c, const char *text, struct virt_iface **ret, struct err *e)
{
    virInterfacePtr ptr = VIRT(virInterfaceLookupByName(c->ptr, text));
    if (!ptr && strchr(text, ':'))
        ptr = VIRT(virInterfaceLookupByMACString(c->ptr, text));
    if (!ptr) {
        virErrorPtr v = virGetLastError();
        if (v && v->code == VIR_ERR_NO_INTERFACE)
            return err_set(e, ERR_NOT_FOUND, "failed to get interface '%s'", text);
        return virt_fail(e, NULL);
    }
    *ret = wrap(c, ptr);
    return 0;
}

void virt_iface_free(struct virt_iface *i)
{
    if (!i)
        return;
    virInterfaceFree(i->ptr);
    virt_conn_unref(i->conn);
    free(i);
}

const char *virt_iface_name(const struct virt_iface *i)
{
    return virInterfaceGetName(i->ptr);
}

const char *virt_iface_mac(const struct virt_iface *i)
{
    return virInterfaceGetMACString(i->ptr);
}

static int compare_ifaces(const void *a, const void *b)
{
    return strcmp(virInterfaceGetName(*(const virInterfacePtr *)a), virInterfaceGetName(*(const virInterfacePtr *)b));
}

int virt_iface_list(struct virt_conn *c, unsigned filter, json_t **ret, struct err *e)
{
    virInterfacePtr *all = NULL;
    int n = VIRT(virConnectListAllInterfaces(c->ptr, &all, filter));
    if (n < 0)
        return virt_fail(e, NULL);
    if (n)
        qsort(all, (size_t)n, sizeof(*all), compare_ifaces);
    *ret = json_array();
    for (int i = 0; i < n; i++) {
        int active = VIRT(virInterfaceIsActive(all[i])); // fails for one that is gone since
        const char *mac = virInterfaceGetMACString(all[i]);
        if (active >= 0)
            json_array_append_new(*ret, json_pack("{s:o, s:b, s:o}", "name", json_text(virInterfaceGetName(all[i])),
                                                  "active", active, "mac", mac && *mac ? json_text(mac) : json_null()));
        virInterfaceFree(all[i]);
    }
    free(all);
    return 0;
}

int virt_iface_xml(struct virt_iface *i, bool inactive, char **ret, struct err *e)
{
    char *xml = VIRT(virInterfaceGetXMLDesc(i->ptr, inactive ? VIR_INTERFACE_XML_INACTIVE : 0));
    if (!xml)
        return virt_fail(e, NULL);
    *ret = xml;
    return 0;
}

static int done(int r, struct err *e)
{
    return r < 0 ? virt_fail(e, NULL) : 0;
}

int virt_iface_begin(struct virt_conn *c, struct err *e)
{
    return done(VIRT(virInterfaceChangeBegin(c->ptr, 0)), e);
}

int virt_iface_commit(struct virt_conn *c, struct err *e)
{
    return done(VIRT(virInterfaceChangeCommit(c->ptr, 0)), e);
}

int virt_iface_rollback(struct virt_conn *c, struct err *e)
{
    return done(VIRT(virInterfaceChangeRollback(c->ptr, 0)), e);
}

int virt_iface_define(struct virt_conn *c, const char *xml, bool validate, struct virt_iface **ret, struct err *e)
{
    virInterfacePtr ptr = VIRT(virInterfaceDefineXML(c->ptr, xml, validate ? VIR_INTERFACE_DEFINE_VALIDATE : 0));
    if (!ptr)
        return virt_fail(e, NULL);
    *ret = wrap(c, ptr);
    return 0;
}

int virt_iface_undefine(struct virt_iface *i, struct err *e)
{
    return done(VIRT(virInterfaceUndefine(i->ptr)), e);
}

int virt_iface_start(struct virt_iface *i, struct err *e)
{
    return done(VIRT(virInterfaceCreate(i->ptr, 0)), e);
}

int virt_iface_destroy(struct virt_iface *i, struct err *e)
{
    return done(VIRT(virInterfaceDestroy(i->ptr, 0)), e);
}

int virt_iface_is_active(struct virt_iface *i, bool *ret, struct err *e)
{
    int r = VIRT(virInterfaceIsActive(i->ptr));
    if (r < 0)
        return virt_fail(e, NULL);
    *ret = r > 0;
    return 0;
}
