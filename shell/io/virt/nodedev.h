// SPDX-License-Identifier: GPL-3.0-or-later
// A host's devices, as libvirt tells of them. Job threads. Strings returned through ret_ and JSON values are the
// caller's; the others live as long as the object.
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/mem.h"
#include "io/virt/conn.h"

struct virt_nodedev;

// By name, or "WWNN,WWPN" of a SCSI host. ERR_NOT_FOUND: "failed to get device 'TEXT'".
int virt_nodedev_lookup(struct virt_conn *c, const char *text, struct virt_nodedev **ret, struct err *e);
void virt_nodedev_free(struct virt_nodedev *d); // NULL is fine
DEFINE_CLEANUP(struct virt_nodedev, virt_nodedev_free);

const char *virt_nodedev_name(const struct virt_nodedev *d);

// The names of capabilities, each of them at the bit that asks for it ("system" at bit 0); NULL ends.
const char *const *virt_nodedev_caps(void);
// Bits of libvirt's virConnectListAllNodeDeviceFlags beside them, same values.
#define VIRT_NODEDEV_INACTIVE (1U << 30)
#define VIRT_NODEDEV_ACTIVE (1U << 31)
// *ret: [{"name", "parent": text|null}], by name. An old libvirt, which knows active devices only, is asked for all.
int virt_nodedev_list(struct virt_conn *c, unsigned filter, bool parents, json_t **ret, struct err *e);
// *ret: {"name", "parent", "active", "persistent", "autostart"}; null where the driver cannot tell.
int virt_nodedev_info(struct virt_nodedev *d, json_t **ret, struct err *e);
int virt_nodedev_xml(struct virt_nodedev *d, char **ret, struct err *e);

// From its driver on the host, and back to it. `driver` NULL: libvirt's choice.
int virt_nodedev_detach(struct virt_nodedev *d, const char *driver, struct err *e);
int virt_nodedev_reattach(struct virt_nodedev *d, struct err *e);
int virt_nodedev_reset(struct virt_nodedev *d, struct err *e);

// Devices that can be made (vports, mediated devices): running, or defined and started.
int virt_nodedev_create(struct virt_conn *c, const char *xml, bool validate, struct virt_nodedev **ret, struct err *e);
int virt_nodedev_define(struct virt_conn *c, const char *xml, bool validate, struct virt_nodedev **ret, struct err *e);
int virt_nodedev_start(struct virt_nodedev *d, struct err *e);
int virt_nodedev_destroy(struct virt_nodedev *d, struct err *e);
int virt_nodedev_undefine(struct virt_nodedev *d, struct err *e);
int virt_nodedev_set_autostart(struct virt_nodedev *d, bool on, struct err *e);
