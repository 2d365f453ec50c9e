// SPDX-License-Identifier: GPL-3.0-or-later
// A host's devices. Job threads. See virt/nodedev.h.
#include "io/virt/nodedev.h"

#include <string.h>

#include "base/json.h"
#include "io/virt/priv.h"

_Static_assert(VIRT_NODEDEV_INACTIVE == (unsigned)VIR_CONNECT_LIST_NODE_DEVICES_INACTIVE &&
                   VIRT_NODEDEV_ACTIVE == (unsigned)VIR_CONNECT_LIST_NODE_DEVICES_ACTIVE &&
                   VIR_CONNECT_LIST_NODE_DEVICES_CAP_VPD == 1 << 21,
               "our bits are libvirt's");

struct virt_nodedev {
    virNodeDevicePtr ptr;
    struct virt_conn *conn; // a reference
};

static struct virt_nodedev *wrap(struct virt_conn *c, virNodeDevicePtr ptr)
{
    struct virt_nodedev *d = xnew(struct virt_nodedev);
    d->ptr = ptr;
    d->conn = virt_conn_ref(c);
    return d;
}

static virNodeDevicePtr lookup(struct virt_conn *c, const char *text)
{
    const char *comma = strchr(text, ',');
    if (!comma)
        return VIRT(virNodeDeviceLookupByName(c->ptr, text));
    _cleanup_free_ char *wwnn = xstrndup(text, (size_t)(comma - text));
    return VIRT(virNodeDeviceLookupSCSIHostByWWN(c->ptr, wwnn, comma + 1, 0));
}

int virt_nodedev_lookup(struct virt_conn *c, const char *text, struct virt_nodedev **ret, struct err *e)
{
    virNodeDevicePtr ptr = lookup(c, text);
    if (!ptr) {
        virErrorPtr v = virGetLastError();
        if (v && v->code == VIR_ERR_NO_NODE_DEVICE)
            return err_set(e, ERR_NOT_FOUND, "failed to get device '%s'", text);
        return virt_fail(e, NULL);
    }
    *ret = wrap(c, ptr);
    return 0;
}

void virt_nodedev_free(struct virt_nodedev *d)
{
    if (!d)
        return;
    virNodeDeviceFree(d->ptr);
    virt_conn_unref(d->conn);
    free(d);
}

const char *virt_nodedev_name(const struct virt_nodedev *d)
{
    return virNodeDeviceGetName(d->ptr);
}

const char *const *virt_nodedev_caps(void)
{
    static const char *const names[] = {"system",      "pci",        "usb_device", "usb",     "net",    "scsi_host",
                                        "scsi_target", "scsi",       "storage",    "fc_host", "vports", "scsi_generic",
                                        "drm",         "mdev_types", "mdev",       "ccw",     "css",    "vdpa",
                                        "ap_card",     "ap_queue",   "ap_matrix",  "vpd",     NULL};
    return names;
}

static int compare(const void *a, const void *b)
{
    return strcmp(virNodeDeviceGetName(*(const virNodeDevicePtr *)a),
                  virNodeDeviceGetName(*(const virNodeDevicePtr *)b));
}

// The whole has no parent, whatever a driver calls it.
static const char *parent_of(virNodeDevicePtr ptr)
{
    return strcmp(virNodeDeviceGetName(ptr), "computer") == 0 ? NULL : VIRT(virNodeDeviceGetParent(ptr));
}

int virt_nodedev_list(struct virt_conn *c, unsigned filter, bool parents, json_t **ret, struct err *e)
{
    virNodeDevicePtr *all = NULL;
    int n = VIRT(virConnectListAllNodeDevices(c->ptr, &all, filter));
    if (n < 0 && !(filter & VIRT_NODEDEV_INACTIVE) && virGetLastErrorCode() == VIR_ERR_INVALID_ARG)
        n = VIRT(virConnectListAllNodeDevices(c->ptr, &all, filter & ~VIRT_NODEDEV_ACTIVE));
    if (n < 0)
        return virt_fail(e, NULL);
    if (n)
        qsort(all, (size_t)n, sizeof(*all), compare);
    *ret = json_array();
    for (int i = 0; i < n; i++) {
        json_t *v = json_object();
        json_object_set_new(v, "name", json_text(virNodeDeviceGetName(all[i])));
        if (parents)
            json_object_set_new(v, "parent", json_text(parent_of(all[i])));
        json_array_append_new(*ret, v);
        virNodeDeviceFree(all[i]);
    }
    free(all);
    return 0;
}

static json_t *mark(int r)
{
    return r < 0 ? json_null() : json_boolean(r);
}

int virt_nodedev_info(struct virt_nodedev *d, json_t **ret, struct err *e)
{
    (void)e;
    int on = 0;
    json_t *v = json_object();
    json_object_set_new(v, "name", json_text(virt_nodedev_name(d)));
    json_object_set_new(v, "parent", json_text(VIRT(virNodeDeviceGetParent(d->ptr))));
    json_object_set_new(v, "active", mark(VIRT(virNodeDeviceIsActive(d->ptr))));
    json_object_set_new(v, "persistent", mark(VIRT(virNodeDeviceIsPersistent(d->ptr))));
    json_object_set_new(v, "autostart", VIRT(virNodeDeviceGetAutostart(d->ptr, &on)) < 0 ? json_null() : mark(on));
    *ret = v;
    return 0;
}

static int done(int r, struct err *e)
{
    return r < 0 ? virt_fail(e, NULL) : 0;
}

int virt_nodedev_xml(struct virt_nodedev *d, char **ret, struct err *e)
{
    char *xml = VIRT(virNodeDeviceGetXMLDesc(d->ptr, 0));
    if (!xml)
        return virt_fail(e, NULL);
    *ret = xml;
    return 0;
}

int virt_nodedev_detach(struct virt_nodedev *d, const char *driver, struct err *e)
{
    // The older call where it will do: not every hypervisor knows the other.
    return done(driver ? VIRT(virNodeDeviceDetachFlags(d->ptr, driver, 0)) : VIRT(virNodeDeviceDettach(d->ptr)), e);
}

int virt_nodedev_reattach(struct virt_nodedev *d, struct err *e)
{
    return done(VIRT(virNodeDeviceReAttach(d->ptr)), e);
}

int virt_nodedev_reset(struct virt_nodedev *d, struct err *e)
{
    return done(VIRT(virNodeDeviceReset(d->ptr)), e);
}

static int made(struct virt_conn *c, virNodeDevicePtr ptr, struct virt_nodedev **ret, struct err *e)
{
    if (!ptr)
        return virt_fail(e, NULL);
    *ret = wrap(c, ptr);
    return 0;
}

int virt_nodedev_create(struct virt_conn *c, const char *xml, bool validate, struct virt_nodedev **ret, struct err *e)
{
    unsigned flags = validate ? VIR_NODE_DEVICE_CREATE_XML_VALIDATE : 0;
    return made(c, VIRT(virNodeDeviceCreateXML(c->ptr, xml, flags)), ret, e);
}

int virt_nodedev_define(struct virt_conn *c, const char *xml, bool validate, struct virt_nodedev **ret, struct err *e)
{
    unsigned flags = validate ? VIR_NODE_DEVICE_DEFINE_XML_VALIDATE : 0;
    return made(c, VIRT(virNodeDeviceDefineXML(c->ptr, xml, flags)), ret, e);
}

int virt_nodedev_start(struct virt_nodedev *d, struct err *e)
{
    return done(VIRT(virNodeDeviceCreate(d->ptr, 0)), e);
}

int virt_nodedev_destroy(struct virt_nodedev *d, struct err *e)
{
    return done(VIRT(virNodeDeviceDestroy(d->ptr)), e);
}

int virt_nodedev_undefine(struct virt_nodedev *d, struct err *e)
{
    return done(VIRT(virNodeDeviceUndefine(d->ptr, 0)), e);
}

int virt_nodedev_set_autostart(struct virt_nodedev *d, bool on, struct err *e)
{
    return done(VIRT(virNodeDeviceSetAutostart(d->ptr, on)), e);
}
