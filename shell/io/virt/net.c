// SPDX-License-Identifier: GPL-3.0-or-later
// Virtual networks. Job threads. See virt/net.h.
#include "io/virt/net.h"

#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "io/virt/priv.h"

_Static_assert((int)VIRT_NET_NO_AUTOSTART == (int)VIR_CONNECT_LIST_NETWORKS_NO_AUTOSTART &&
                   (int)VIRT_NET_ACTIVE == (int)VIR_CONNECT_LIST_NETWORKS_ACTIVE &&
                   (int)VIRT_NET_AFFECT_CONFIG == (int)VIR_NETWORK_UPDATE_AFFECT_CONFIG &&
                   (int)VIRT_NET_AFFECT_LIVE == (int)VIR_NETWORK_UPDATE_AFFECT_LIVE,
               "our bits are libvirt's");

struct virt_net {
    virNetworkPtr ptr;
    struct virt_conn *conn; // a reference
    char uuid[VIR_UUID_STRING_BUFLEN];
};

static struct virt_net *wrap(struct virt_conn *c, virNetworkPtr ptr)
{
    struct virt_net *n = xnew(struct virt_net);
    n->ptr = ptr;
    n->conn = virt_conn_ref(c);
    virNetworkGetUUIDString(ptr, n->uuid);
    return n;
}

int virt_net_lookup(struct virt_conn *c, const char *text, struct virt_net **ret, struct err *e)
{
    virNetworkPtr ptr = NULL;
    if (strlen(text) == VIR_UUID_STRING_BUFLEN - 1)
        ptr = VIRT(virNetworkLookupByUUIDString(c->ptr, text));
    if (!ptr)
        ptr = VIRT(virNetworkLookupByName(c->ptr, text));
    if (!ptr) {
        virErrorPtr v = virGetLastError();
        if (v && v->code == VIR_ERR_NO_NETWORK)
            return err_set(e, ERR_NOT_FOUND, "failed to get network '%s'", text);
        return virt_fail(e, NULL);
    }
    *ret = wrap(c, ptr);
    return 0;
}

void virt_net_free(struct virt_net *n)
{
    if (!n)
        return;
    virNetworkFree(n->ptr);
    virt_conn_unref(n->conn);
    free(n);
}

const char *virt_net_name(const struct virt_net *n)
{
    return virNetworkGetName(n->ptr);
}

const char *virt_net_uuid(const struct virt_net *n)
{
    return n->uuid;
}

struct nets {
    virNetworkPtr *p;
    int n;
};

static void nets_release(struct nets *list)
{
    for (int i = 0; i < list->n; i++)
        virNetworkFree(list->p[i]);
    free(list->p);
}

static int list_nets(struct virt_conn *c, unsigned filter, struct nets *ret, struct err *e)
{
    ret->n = VIRT(virConnectListAllNetworks(c->ptr, &ret->p, filter));
    if (ret->n >= 0)
        return 0;
    *ret = (struct nets){NULL, 0};
    return virt_fail(e, NULL);
}

static bool contains(const struct nets *list, const char *uuid)
{
    char other[VIR_UUID_STRING_BUFLEN];
    for (int i = 0; i < list->n; i++) {
        if (virNetworkGetUUIDString(list->p[i], other) == 0 && strcmp(other, uuid) == 0)
            return true;
    }
    return false;
}

static int compare_nets(const void *a, const void *b)
{
    const char *x = virNetworkGetName(*(const virNetworkPtr *)a);
    const char *y = virNetworkGetName(*(const virNetworkPtr *)b);
    int r = strcasecmp(x, y);
    return r ? r : strcmp(x, y);
}

static json_t *net_row(virNetworkPtr ptr, const char *uuid, bool active, bool autostart, bool persistent)
{
    json_t *row = json_object();
    json_object_set_new(row, "name", json_text(virNetworkGetName(ptr)));
    json_object_set_new(row, "uuid", json_text(uuid));
    json_object_set_new(row, "active", json_boolean(active));
    json_object_set_new(row, "autostart", json_boolean(autostart));
    json_object_set_new(row, "persistent", json_boolean(persistent));
    return row;
}

int virt_net_list(struct virt_conn *c, unsigned filter, json_t **ret, struct err *e)
{
    _cleanup_(nets_release) struct nets all = {NULL, 0}, active = {NULL, 0}, automatic = {NULL, 0}, lasting = {NULL, 0};
    if (list_nets(c, filter, &all, e) < 0 || list_nets(c, VIRT_NET_ACTIVE, &active, e) < 0 ||
        list_nets(c, VIRT_NET_AUTOSTART, &automatic, e) < 0 || list_nets(c, VIRT_NET_PERSISTENT, &lasting, e) < 0)
        return -1;
    if (all.n)
        qsort(all.p, (size_t)all.n, sizeof(*all.p), compare_nets);
    *ret = json_array();
    for (int i = 0; i < all.n; i++) {
        char uuid[VIR_UUID_STRING_BUFLEN] = "";
        virNetworkGetUUIDString(all.p[i], uuid);
        json_array_append_new(*ret, net_row(all.p[i], uuid, contains(&active, uuid), contains(&automatic, uuid),
                                            contains(&lasting, uuid)));
    }
    return 0;
}

// Not every driver keeps the configuration apart from what runs; such a one refuses the flag.
static char *configured_xml(virNetworkPtr ptr)
{
    char *xml = VIRT(virNetworkGetXMLDesc(ptr, VIR_NETWORK_XML_INACTIVE));
    virErrorPtr v = xml ? NULL : virGetLastError();
    return v && v->code == VIR_ERR_INVALID_ARG ? VIRT(virNetworkGetXMLDesc(ptr, 0)) : xml;
}

// 1: described, 0: gone since.
static int describe(virNetworkPtr ptr, json_t *list, struct err *e)
{
    int active = VIRT(virNetworkIsActive(ptr));
    char *xml = active < 0 ? NULL : configured_xml(ptr);
    if (!xml) {
        virErrorPtr v = virGetLastError();
        return v && v->code == VIR_ERR_NO_NETWORK ? 0 : virt_fail(e, NULL);
    }
    json_array_append_new(list, json_pack("{s:o, s:b, s:o}", "name", json_text(virNetworkGetName(ptr)), "active",
                                          active, "xml", json_text(xml)));
    free(xml);
    return 1;
}

int virt_networks(struct virt_conn *c, json_t **ret, struct err *e)
{
    _cleanup_(nets_release) struct nets all = {NULL, 0};
    if (list_nets(c, 0, &all, e) < 0)
        return -1;
    json_auto_t *list = json_array();
    for (int i = 0; i < all.n; i++) {
        if (describe(all.p[i], list, e) < 0)
            return -1;
    }
    *ret = steal(&list);
    return 0;
}

int virt_net_info(struct virt_net *n, json_t **ret, struct err *e)
{
    bool active = false, persistent = false, autostart = false;
    if (virt_net_is_active(n, &active, e) < 0 || virt_net_is_persistent(n, &persistent, e) < 0 ||
        virt_net_autostart(n, &autostart, e) < 0)
        return -1;
    *ret = net_row(n->ptr, n->uuid, active, autostart, persistent);
    char *bridge = VIRT(virNetworkGetBridgeName(n->ptr)); // fails where there is none
    if (bridge)
        json_object_set_new(*ret, "bridge", json_text(bridge));
    free(bridge);
    return 0;
}

static int answer(int r, bool *ret, struct err *e)
{
    if (r < 0)
        return virt_fail(e, NULL);
    *ret = r;
    return 0;
}

int virt_net_is_active(struct virt_net *n, bool *ret, struct err *e)
{
    return answer(VIRT(virNetworkIsActive(n->ptr)), ret, e);
}

int virt_net_is_persistent(struct virt_net *n, bool *ret, struct err *e)
{
    return answer(VIRT(virNetworkIsPersistent(n->ptr)), ret, e);
}

int virt_net_autostart(struct virt_net *n, bool *ret, struct err *e)
{
    int on = 0, r = VIRT(virNetworkGetAutostart(n->ptr, &on));
    return answer(r < 0 ? r : on, ret, e);
}

int virt_net_set_autostart(struct virt_net *n, bool on, struct err *e)
{
    return VIRT(virNetworkSetAutostart(n->ptr, on)) < 0 ? virt_fail(e, NULL) : 0;
}

int virt_net_xml(struct virt_net *n, bool inactive, char **ret, struct err *e)
{
    char *xml = inactive ? configured_xml(n->ptr) : VIRT(virNetworkGetXMLDesc(n->ptr, 0));
    if (!xml)
        return virt_fail(e, NULL);
    *ret = xml;
    return 0;
}

static int made(struct virt_conn *c, virNetworkPtr ptr, struct virt_net **ret, struct err *e)
{
    if (!ptr)
        return virt_fail(e, NULL);
    *ret = wrap(c, ptr);
    return 0;
}

int virt_net_define(struct virt_conn *c, const char *xml, bool validate, struct virt_net **ret, struct err *e)
{
    return made(c,
                validate ? VIRT(virNetworkDefineXMLFlags(c->ptr, xml, VIR_NETWORK_DEFINE_VALIDATE))
                         : VIRT(virNetworkDefineXML(c->ptr, xml)),
                ret, e);
}

int virt_net_create(struct virt_conn *c, const char *xml, bool validate, struct virt_net **ret, struct err *e)
{
    return made(c,
                validate ? VIRT(virNetworkCreateXMLFlags(c->ptr, xml, VIR_NETWORK_CREATE_VALIDATE))
                         : VIRT(virNetworkCreateXML(c->ptr, xml)),
                ret, e);
}

int virt_net_start(struct virt_net *n, struct err *e)
{
    return VIRT(virNetworkCreate(n->ptr)) < 0 ? virt_fail(e, NULL) : 0;
}

int virt_net_destroy(struct virt_net *n, struct err *e)
{
    return VIRT(virNetworkDestroy(n->ptr)) < 0 ? virt_fail(e, NULL) : 0;
}

int virt_net_undefine(struct virt_net *n, struct err *e)
{
    return VIRT(virNetworkUndefine(n->ptr)) < 0 ? virt_fail(e, NULL) : 0;
}

const char *const virt_net_commands[] = {"none", "modify", "delete", "add-last", "add-first", NULL};
const char *const virt_net_sections[] = {"none",         "bridge",
                                         "domain",       "ip",
                                         "ip-dhcp-host", "ip-dhcp-range",
                                         "forward",      "forward-interface",
                                         "forward-pf",   "portgroup",
                                         "dns-host",     "dns-txt",
                                         "dns-srv",      NULL};
_Static_assert(ARRAY_SIZE(virt_net_sections) == VIR_NETWORK_SECTION_DNS_SRV + 2 &&
                   ARRAY_SIZE(virt_net_commands) == VIR_NETWORK_UPDATE_COMMAND_ADD_FIRST + 2,
               "our numbers are libvirt's");

int virt_net_update(struct virt_net *n, unsigned command, unsigned section, int parent, const char *xml,
                    unsigned affect, struct err *e)
{
    return VIRT(virNetworkUpdate(n->ptr, command, section, parent, xml, affect)) < 0 ? virt_fail(e, NULL) : 0;
}

static int compare_leases(const void *a, const void *b)
{
    const virNetworkDHCPLease *x = *(virNetworkDHCPLeasePtr const *)a, *y = *(virNetworkDHCPLeasePtr const *)b;
    int r = strcasecmp(x->mac ? x->mac : "", y->mac ? y->mac : "");
    return r ? r : strcmp(x->ipaddr ? x->ipaddr : "", y->ipaddr ? y->ipaddr : "");
}

static json_t *lease_row(const virNetworkDHCPLease *l)
{
    json_t *row = json_object();
    json_object_set_new(row, "expires", json_integer(l->expirytime));
    json_object_set_new(row, "mac", json_text(l->mac));
    json_object_set_new(row, "protocol", json_text(l->type == VIR_IP_ADDR_TYPE_IPV6 ? "ipv6" : "ipv4"));
    json_object_set_new(row, "address", json_text(l->ipaddr));
    json_object_set_new(row, "prefix", json_integer(l->prefix));
    json_object_set_new(row, "hostname", json_text(l->hostname));
    json_object_set_new(row, "client_id", json_text(l->clientid));
    json_object_set_new(row, "interface", json_text(l->iface));
    json_object_set_new(row, "iaid", json_text(l->iaid));
    return row;
}

int virt_net_leases(struct virt_net *n, const char *mac, json_t **ret, struct err *e)
{
    virNetworkDHCPLeasePtr *leases = NULL;
    int count = VIRT(virNetworkGetDHCPLeases(n->ptr, mac, &leases, 0));
    if (count < 0)
        return virt_fail(e, NULL);
    if (count)
        qsort(leases, (size_t)count, sizeof(*leases), compare_leases);
    *ret = json_array();
    for (int i = 0; i < count; i++) {
        json_array_append_new(*ret, lease_row(leases[i]));
        virNetworkDHCPLeaseFree(leases[i]);
    }
    free(leases);
    return 0;
}

int virt_net_ports(struct virt_net *n, json_t **ret, struct err *e)
{
    virNetworkPortPtr *ports = NULL;
    int count = VIRT(virNetworkListAllPorts(n->ptr, &ports, 0));
    if (count < 0)
        return virt_fail(e, NULL);
    *ret = json_array();
    for (int i = 0; i < count; i++) {
        char uuid[VIR_UUID_STRING_BUFLEN] = "";
        virNetworkPortGetUUIDString(ports[i], uuid);
        json_array_append_new(*ret, json_pack("{s:o}", "uuid", json_text(uuid)));
        virNetworkPortFree(ports[i]);
    }
    free(ports);
    return 0;
}

int virt_net_port_xml(struct virt_net *n, const char *uuid, char **ret, struct err *e)
{
    virNetworkPortPtr port = VIRT(virNetworkPortLookupByUUIDString(n->ptr, uuid));
    char *xml = port ? VIRT(virNetworkPortGetXMLDesc(port, 0)) : NULL;
    int r = xml ? 0 : virt_fail(e, NULL);
    if (port)
        virNetworkPortFree(port);
    if (r == 0)
        *ret = xml;
    return r;
}

int virt_net_port_create(struct virt_net *n, const char *xml, bool validate, char **ret_uuid, struct err *e)
{
    char uuid[VIR_UUID_STRING_BUFLEN] = "";
    virNetworkPortPtr port =
        VIRT(virNetworkPortCreateXML(n->ptr, xml, validate ? VIR_NETWORK_PORT_CREATE_VALIDATE : 0));
    if (!port)
        return virt_fail(e, NULL);
    virNetworkPortGetUUIDString(port, uuid);
    virNetworkPortFree(port);
    *ret_uuid = xstrdup(uuid);
    return 0;
}

int virt_net_port_delete(struct virt_net *n, const char *uuid, struct err *e)
{
    virNetworkPortPtr port = VIRT(virNetworkPortLookupByUUIDString(n->ptr, uuid));
    int r = port ? VIRT(virNetworkPortDelete(port, 0)) : -1;
    if (r < 0)
        virt_fail(e, NULL);
    if (port)
        virNetworkPortFree(port);
    return r;
}
