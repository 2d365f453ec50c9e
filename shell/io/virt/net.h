// SPDX-License-Identifier: GPL-3.0-or-later
// Virtual networks: finding, listing, describing, and what can be done to one. Job threads. Strings returned through
// ret_ and JSON values are the caller's; the others live as long as the object.
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/mem.h"
#include "io/virt/conn.h"

struct virt_net;

// By uuid or name, in virsh's order. ERR_NOT_FOUND: "failed to get network 'NAME'".
int virt_net_lookup(struct virt_conn *c, const char *text, struct virt_net **ret, struct err *e);
void virt_net_free(struct virt_net *n); // NULL is fine
DEFINE_CLEANUP(struct virt_net, virt_net_free);

const char *virt_net_name(const struct virt_net *n);
const char *virt_net_uuid(const struct virt_net *n);

// Which networks: bits of libvirt's virConnectListAllNetworksFlags, same values. Bits of one group (a line) are
// alternatives; groups narrow each other.
enum virt_net_filter {
    VIRT_NET_INACTIVE = 1 << 0,
    VIRT_NET_ACTIVE = 1 << 1,
    VIRT_NET_PERSISTENT = 1 << 2,
    VIRT_NET_TRANSIENT = 1 << 3,
    VIRT_NET_AUTOSTART = 1 << 4,
    VIRT_NET_NO_AUTOSTART = 1 << 5,
};
// *ret: [{"name", "uuid", "active", "autostart", "persistent"}], by name. Four calls.
int virt_net_list(struct virt_conn *c, unsigned filter, json_t **ret, struct err *e);
// *ret: [{"name", "active", "xml": the persistent configuration, where it has one}]; one call, and two for each. What
// is gone before it could be described is left out. ERR_UNSUPPORTED: the driver has none.
int virt_networks(struct virt_conn *c, json_t **ret, struct err *e);
// *ret: such an object, and "bridge": its name, or absent.
int virt_net_info(struct virt_net *n, json_t **ret, struct err *e);
int virt_net_is_active(struct virt_net *n, bool *ret, struct err *e);
int virt_net_is_persistent(struct virt_net *n, bool *ret, struct err *e);
int virt_net_autostart(struct virt_net *n, bool *ret, struct err *e);
int virt_net_set_autostart(struct virt_net *n, bool on, struct err *e);
// `inactive`: the persistent configuration instead of what runs, where the driver keeps the two apart.
int virt_net_xml(struct virt_net *n, bool inactive, char **ret, struct err *e);

int virt_net_define(struct virt_conn *c, const char *xml, bool validate, struct virt_net **ret, struct err *e);
int virt_net_create(struct virt_conn *c, const char *xml, bool validate, struct virt_net **ret, struct err *e);
int virt_net_start(struct virt_net *n, struct err *e);
int virt_net_destroy(struct virt_net *n, struct err *e);
int virt_net_undefine(struct virt_net *n, struct err *e);

enum virt_net_affect { VIRT_NET_AFFECT_LIVE = 1, VIRT_NET_AFFECT_CONFIG = 2 }; // neither: what is active, or defined
// virsh's words for the two, in libvirt's numbers; NULL-terminated, static.
extern const char *const virt_net_commands[], *const virt_net_sections[];
int virt_net_update(struct virt_net *n, unsigned command, unsigned section, int parent, const char *xml,
                    unsigned affect, struct err *e);

// *ret: [{"expires": epoch seconds, "mac", "protocol": "ipv4" or "ipv6", "address", "prefix", "hostname", "client_id",
// "interface", "iaid"}] (null: not told), by MAC address, as virsh has them. `mac` NULL: all.
int virt_net_leases(struct virt_net *n, const char *mac, json_t **ret, struct err *e);
// *ret: [{"uuid"}] of its ports: what guests (and others) have plugged in.
int virt_net_ports(struct virt_net *n, json_t **ret, struct err *e);
int virt_net_port_xml(struct virt_net *n, const char *uuid, char **ret, struct err *e);
// *ret_uuid: the new port's; the caller's.
int virt_net_port_create(struct virt_net *n, const char *xml, bool validate, char **ret_uuid, struct err *e);
int virt_net_port_delete(struct virt_net *n, const char *uuid, struct err *e);
