// SPDX-License-Identifier: GPL-3.0-or-later
// A host's own network interfaces, as libvirt tells of them. Job threads. Strings returned through ret_ and JSON values
// are the caller's; the others live as long as the object.
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/mem.h"
#include "io/virt/conn.h"

struct virt_iface;

// By name or MAC address, in virsh's order. ERR_NOT_FOUND: "failed to get interface 'NAME'".
int virt_iface_lookup(struct virt_conn *c, const char *text, struct virt_iface **ret, struct err *e);
void virt_iface_free(struct virt_iface *i); // NULL is fine
DEFINE_CLEANUP(struct virt_iface, virt_iface_free);

const char *virt_iface_name(const struct virt_iface *i);
const char *virt_iface_mac(const struct virt_iface *i);

// Bits of libvirt's virConnectListAllInterfacesFlags, same values.
enum virt_iface_filter { VIRT_IFACE_INACTIVE = 1 << 0, VIRT_IFACE_ACTIVE = 1 << 1 };
// *ret: [{"name", "active", "mac"}], by name; one call, and one for each. ERR_UNSUPPORTED: the driver has none.
int virt_iface_list(struct virt_conn *c, unsigned filter, json_t **ret, struct err *e);
// `inactive`: as it is configured.
int virt_iface_xml(struct virt_iface *i, bool inactive, char **ret, struct err *e);

// A restore point of all of them: what was changed since is kept, or taken back. ERR_STATE: there is one already, or
// none.
int virt_iface_begin(struct virt_conn *c, struct err *e);
int virt_iface_commit(struct virt_conn *c, struct err *e);
int virt_iface_rollback(struct virt_conn *c, struct err *e);

int virt_iface_define(struct virt_conn *c, const char *xml, bool validate, struct virt_iface **ret, struct err *e);
int virt_iface_undefine(struct virt_iface *i, struct err *e);
int virt_iface_start(struct virt_iface *i, struct err *e);
int virt_iface_destroy(struct virt_iface *i, struct err *e); // stops it
int virt_iface_is_active(struct virt_iface *i, bool *ret, struct err *e);
