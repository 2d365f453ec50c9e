// SPDX-License-Identifier: GPL-3.0-or-later
// libvirt's secrets. Job threads. See virt/secret.h.
#include "io/virt/secret.h"

#include <string.h>

#include "base/json.h"
#include "io/virt/priv.h"

_Static_assert((int)VIRT_SECRET_NO_PRIVATE == (int)VIR_CONNECT_LIST_SECRETS_NO_PRIVATE &&
                   (int)VIRT_SECRET_EPHEMERAL == (int)VIR_CONNECT_LIST_SECRETS_EPHEMERAL,
               "our filter bits are libvirt's");

struct virt_secret {
    virSecretPtr ptr;
    struct virt_conn *conn; // a reference
    char uuid[VIR_UUID_STRING_BUFLEN];
};

static int made(struct virt_conn *c, virSecretPtr ptr, struct virt_secret **ret, struct err *e)
{
    if (!ptr)
        return virt_fail(e, NULL);
    struct virt_secret *s = xnew(struct virt_secret);
    s->ptr = ptr;
    s->conn = virt_conn_ref(c);
    virSecretGetUUIDString(ptr, s->uuid);
    *ret = s;
    return 0;
}

int virt_secret_lookup(struct virt_conn *c, const char *text, struct virt_secret **ret, struct err *e)
{
    virSecretPtr ptr = VIRT(virSecretLookupByUUIDString(c->ptr, text));
    virErrorPtr v = ptr ? NULL : virGetLastError();
    // What is no uuid at all is an invalid argument.
    if (v && (v->code == VIR_ERR_NO_SECRET || v->code == VIR_ERR_INVALID_ARG))
        return err_set(e, ERR_NOT_FOUND, "failed to get secret '%s'", text);
    return made(c, ptr, ret, e);
}

void virt_secret_free(struct virt_secret *s)
{
    if (!s)
        return;
    virSecretFree(s->ptr);
    virt_conn_unref(s->conn);
    free(s);
}

const char *virt_secret_uuid(const struct virt_secret *s)
{
    return s->uuid;
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

static int compare_secrets(const void *a, const void *b)
{
    unsigned char x[VIR_UUID_BUFLEN] = {0}, y[VIR_UUID_BUFLEN] = {0};
    virSecretGetUUID(*(const virSecretPtr *)a, x);
    virSecretGetUUID(*(const virSecretPtr *)b, y);
    return memcmp(x, y, sizeof(x));
}

int virt_secret_list(struct virt_conn *c, unsigned filter, json_t **ret, struct err *e)
{
    virSecretPtr *all = NULL;
    int n = VIRT(virConnectListAllSecrets(c->ptr, &all, filter));
    if (n < 0)
        return virt_fail(e, NULL);
    if (n)
        qsort(all, (size_t)n, sizeof(*all), compare_secrets);
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

int virt_secret_xml(struct virt_secret *s, char **ret, struct err *e)
{
    char *xml = VIRT(virSecretGetXMLDesc(s->ptr, 0));
    if (!xml)
        return virt_fail(e, NULL);
    *ret = xml;
    return 0;
}

int virt_secret_define(struct virt_conn *c, const char *xml, bool validate, struct virt_secret **ret, struct err *e)
{
    return made(c, VIRT(virSecretDefineXML(c->ptr, xml, validate ? VIR_SECRET_DEFINE_VALIDATE : 0)), ret, e);
}

int virt_secret_undefine(struct virt_secret *s, struct err *e)
{
    return VIRT(virSecretUndefine(s->ptr)) < 0 ? virt_fail(e, NULL) : 0;
}

int virt_secret_value(struct virt_secret *s, unsigned char **ret, size_t *ret_n, struct err *e)
{
    size_t n = 0;
    unsigned char *value = VIRT(virSecretGetValue(s->ptr, &n, 0));
    if (!value) {
        virErrorPtr v = virGetLastError();
        virt_fail(e, NULL);
        if (v && v->code == VIR_ERR_NO_SECRET)
            return err_set(e, ERR_NOT_FOUND, "secret '%s' does not have a value", s->uuid);
        if (v && v->code == VIR_ERR_INVALID_SECRET)
            e->code = ERR_AUTH;
        return -1;
    }
    // libvirt's has no NUL behind it.
    unsigned char *copy = xcalloc(n + 1, 1);
    memcpy(copy, value, n);
    mem_wipe(value, n);
    free(value);
    *ret = copy;
    *ret_n = n;
    return 0;
}

int virt_secret_set_value(struct virt_secret *s, const void *value, size_t n, struct err *e)
{
    return VIRT(virSecretSetValue(s->ptr, value, n, 0)) < 0 ? virt_fail(e, NULL) : 0;
}
