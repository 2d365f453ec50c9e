// SPDX-License-Identifier: GPL-3.0-or-later
// What libvirt tells about one domain, and its autostart mark. Job threads.
#pragma once

#include <jansson.h>

#include "base/err.h"
#include "io/virt/dom.h"

// *ret: {"id": int|null, "name", "uuid", "os_type", "state", "reason", "cpus", "cpu_time_s", "max_memory_kib",
// "memory_kib", "persistent", "autostart", "managed_save": booleans (null where the driver cannot tell),
// "security_model", "security_doi", "security_label" (absent where there is none), "messages": [text]}.
// The caller owns it.
int virt_dom_info(struct virt_dom *d, json_t **ret, struct err *e);

// *ret: what libvirt has to say of it, its taints and what in it is deprecated: [text]; the caller's. One call.
int virt_dom_messages(struct virt_dom *d, json_t **ret, struct err *e);

// Persistent, not autostarted, and so on: 0 or 1, or -1 with an error.
int virt_dom_is_persistent(struct virt_dom *d, struct err *e);
int virt_dom_is_active(struct virt_dom *d, struct err *e);
int virt_dom_has_managed_save(struct virt_dom *d, struct err *e);
int virt_dom_autostart(struct virt_dom *d, struct err *e);
int virt_dom_set_autostart(struct virt_dom *d, bool on, struct err *e);

enum virt_addr_source { VIRT_ADDR_LEASE, VIRT_ADDR_AGENT, VIRT_ADDR_ARP };
// *ret: [{"name", "mac": text|null, "addresses": [{"protocol": "ipv4"|"ipv6", "address", "prefix"}]}]; the caller's.
int virt_dom_addresses(struct virt_dom *d, enum virt_addr_source source, json_t **ret, struct err *e);
