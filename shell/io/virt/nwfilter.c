// SPDX-License-Identifier: GPL-3.0-or-later
// Network filters. Job threads. See virt/nwfilter.h.
#include "io/virt/nwfilter.h"

#include <string.h>

#include "base/json.h"
#include "io/virt/priv.h"

struct virt_nwfilter {
    virNWFilterPtr ptr;
    struct virt_conn *conn; // a reference
    char uuid[VIR_UUID_STRING_BUFLEN];
};

static int made(struct virt_conn *c, virNWFilterPtr ptr, struct virt_nwfilter **ret, struct err *e)
{
    if (!ptr)
        return virt_fail(e, NULL);
    struct virt_nwfilter *f = xnew(struct virt_nwfilter);
    f->ptr = ptr;
    f->conn = virt_conn_ref(c);
    virNWFilterGetUUIDString(ptr, f->uuid);
    *ret = f;
    return 0;
}

int virt_nwfilter_lookup(struct virt_conn *c, const char *text, struct virt_nwfilter **ret, struct err *e)
{
    virNWFilterPtr ptr = NULL;
    if (strlen(text) == VIR_UUID_STRING_BUFLEN - 1)
        ptr = VIRT(virNWFilterLookupByUUIDString(c->ptr, text));
    if (!ptr)
        ptr = VIRT(virNWFilterLookupByName(c->ptr, text));
    virErrorPtr v = ptr ? NULL : virGetLastError();
    if (v && v->code == VIR_ERR_NO_NWFILTER)
        return err_set(e, ERR_NOT_FOUND, "failed to get nwfilter '%s'", text);
    return made(c, ptr, ret, e);
}

void virt_nwfilter_free(struct virt_nwfilter *f)
{
    if (!f)
        return;
    virNWFilterFree(f->ptr);
    virt_conn_unref(f->conn);
    free(f);
}

const char *virt_nwfilter_name(const struct virt_nwfilter *f)
{
    return virNWFilterGetName(f->ptr);
}

const char *virt_nwfilter_uuid(const struct virt_nwfilter *f)
{
    return f->uuid;
}

static int compare_filters(const void *a, const void *b)
{
    return strcmp(virNWFilterGetName(*(const virNWFilterPtr *)a), virNWFilterGetName(*(const virNWFilterPtr *)b));
}

int virt_nwfilter_list(struct virt_conn *c, json_t **ret, struct err *e)
{
    virNWFilterPtr *all = NULL;
    int n = VIRT(virConnectListAllNWFilters(c->ptr, &all, 0));
    if (n < 0)
        return virt_fail(e, NULL);
    if (n)
        qsort(all, (size_t)n, sizeof(*all), compare_filters);
    *ret = json_array();
    for (int i = 0; i < n; i++) {
        char uuid[VIR_UUID_STRING_BUFLEN] = "";
        virNWFilterGetUUIDString(all[i], uuid);
        json_array_append_new(
            *ret, json_pack("{s:o, s:o}", "uuid", json_text(uuid), "name", json_text(virNWFilterGetName(all[i]))));
        virNWFilterFree(all[i]);
    }
    free(all);
    return 0;
}

int virt_nwfilter_xml(struct virt_nwfilter *f, char **ret, struct err *e)
{
    char *xml = VIRT(virNWFilterGetXMLDesc(f->ptr, 0));
    if (!xml)
        return virt_fail(e, NULL);
    *ret = xml;
    return 0;
}

int virt_nwfilter_define(struct virt_conn *c, const char *xml, bool validate, struct virt_nwfilter **ret, struct err *e)
{
    return made(c,
                validate ? VIRT(virNWFilterDefineXMLFlags(c->ptr, xml, VIR_NWFILTER_DEFINE_VALIDATE))
                         : VIRT(virNWFilterDefineXML(c->ptr, xml)),
                ret, e);
}

int virt_nwfilter_undefine(struct virt_nwfilter *f, struct err *e)
{
    return VIRT(virNWFilterUndefine(f->ptr)) < 0 ? virt_fail(e, NULL) : 0;
}

static int compare_bindings(const void *a, const void *b)
{
    return strcmp(virNWFilterBindingGetPortDev(*(const virNWFilterBindingPtr *)a),
                  virNWFilterBindingGetPortDev(*(const virNWFilterBindingPtr *)b));
}

int virt_nwfilter_bindings(struct virt_conn *c, json_t **ret, struct err *e)
{
    virNWFilterBindingPtr *all = NULL;
    int n = VIRT(virConnectListAllNWFilterBindings(c->ptr, &all, 0));
    if (n < 0)
        return virt_fail(e, NULL);
    if (n)
        qsort(all, (size_t)n, sizeof(*all), compare_bindings);
    *ret = json_array();
    for (int i = 0; i < n; i++) {
        json_array_append_new(*ret, json_pack("{s:o, s:o}", "port", json_text(virNWFilterBindingGetPortDev(all[i])),
                                              "filter", json_text(virNWFilterBindingGetFilterName(all[i]))));
        virNWFilterBindingFree(all[i]);
    }
    free(all);
    return 0;
}

int virt_nwfilter_binding_xml(struct virt_conn *c, const char *port, char **ret, struct err *e)
{
    virNWFilterBindingPtr binding = VIRT(virNWFilterBindingLookupByPortDev(c->ptr, port));
    char *xml = binding ? VIRT(virNWFilterBindingGetXMLDesc(binding, 0)) : NULL;
    if (!xml)
        virt_fail(e, NULL);
    if (binding)
        virNWFilterBindingFree(binding);
    if (!xml)
        return -1;
    *ret = xml;
    return 0;
}

int virt_nwfilter_binding_create(struct virt_conn *c, const char *xml, bool validate, char **ret_port, struct err *e)
{
    unsigned flags = validate ? VIR_NWFILTER_BINDING_CREATE_VALIDATE : 0;
    virNWFilterBindingPtr binding = VIRT(virNWFilterBindingCreateXML(c->ptr, xml, flags));
    if (!binding)
        return virt_fail(e, NULL);
    *ret_port = xstrdup(virNWFilterBindingGetPortDev(binding));
    virNWFilterBindingFree(binding);
    return 0;
}

int virt_nwfilter_binding_delete(struct virt_conn *c, const char *port, struct err *e)
{
    virNWFilterBindingPtr binding = VIRT(virNWFilterBindingLookupByPortDev(c->ptr, port));
    int r = binding ? VIRT(virNWFilterBindingDelete(binding)) : -1;
    if (r < 0)
        virt_fail(e, NULL);
    if (binding)
        virNWFilterBindingFree(binding);
    return r;
}
