// SPDX-License-Identifier: GPL-3.0-or-later
// Networks, secrets, network filters. Job threads. See virt/objects.h.
#include "io/virt/objects.h"

#include "base/json.h"
#include "io/virt/priv.h"

// Not every driver keeps the configuration apart from what runs; such a one refuses the flag.
static char *network_xml(virNetworkPtr ptr)
{
    char *xml = VIRT(virNetworkGetXMLDesc(ptr, VIR_NETWORK_XML_INACTIVE));
    virErrorPtr v = xml ? NULL : virGetLastError();
    return v && v->code == VIR_ERR_INVALID_ARG ? VIRT(virNetworkGetXMLDesc(ptr, 0)) : xml;
}

// 1: described, 0: gone since.
static int describe_network(virNetworkPtr ptr, json_t *list, struct err *e)
{
    int active = VIRT(virNetworkIsActive(ptr));
    char *xml = active < 0 ? NULL : network_xml(ptr);
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
    virNetworkPtr *all;
    int n = VIRT(virConnectListAllNetworks(c->ptr, &all, 0)), r = 0;
    if (n < 0)
        return virt_fail(e, NULL);
    json_auto_t *list = json_array();
    for (int i = 0; i < n; i++) {
        if (r >= 0)
            r = describe_network(all[i], list, e);
        virNetworkFree(all[i]);
    }
    free(all);
    if (r < 0)
        return -1;
    *ret = steal(&list);
    return 0;
}

static const char *usage_name(int type)
{
    static const char *const names[] = {
        [VIR_SECRET_USAGE_TYPE_NONE] = "none", [VIR_SECRET_USAGE_TYPE_VOLUME] = "volume",
        [VIR_SECRET_USAGE_TYPE_CEPH] = "ceph", [VIR_SECRET_USAGE_TYPE_ISCSI] = "iscsi",
        [VIR_SECRET_USAGE_TYPE_TLS] = "tls",   [VIR_SECRET_USAGE_TYPE_VTPM] = "vtpm",
    };
    return type >= 0 && (size_t)type < ARRAY_SIZE(names) ? names[type] : "unknown";
}

int virt_secrets(struct virt_conn *c, json_t **ret, struct err *e)
{
    virSecretPtr *all;
    int n = VIRT(virConnectListAllSecrets(c->ptr, &all, 0));
    if (n < 0)
        return virt_fail(e, NULL);
    *ret = json_array();
    for (int i = 0; i < n; i++) {
        char uuid[VIR_UUID_STRING_BUFLEN] = "";
        virSecretGetUUIDString(all[i], uuid);
        json_array_append_new(*ret, json_pack("{s:o, s:o, s:o}", "uuid", json_text(uuid), "usage_type",
                                              json_text(usage_name(virSecretGetUsageType(all[i]))), "usage",
                                              json_text(virSecretGetUsageID(all[i]))));
        virSecretFree(all[i]);
    }
    free(all);
    return 0;
}

int virt_nwfilters(struct virt_conn *c, json_t **ret, struct err *e)
{
    virNWFilterPtr *all;
    int n = VIRT(virConnectListAllNWFilters(c->ptr, &all, 0));
    if (n < 0)
        return virt_fail(e, NULL);
    *ret = json_array();
    for (int i = 0; i < n; i++) {
        json_array_append_new(*ret, json_text(virNWFilterGetName(all[i])));
        virNWFilterFree(all[i]);
    }
    free(all);
    return 0;
}
