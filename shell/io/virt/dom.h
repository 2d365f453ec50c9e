// SPDX-License-Identifier: GPL-3.0-or-later
// A domain of a connection. Calls that talk to the daemon may block: job threads only. Strings returned through ret_
// are the caller's to free; the others live as long as the object.
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "base/mem.h"
#include "io/virt/conn.h"

struct virt_dom;

// virDomainModificationImpact and virDomainDeviceModifyFlags, same bits. Neither of the first two: the running domain,
// else its configuration. FORCE is for virt_dom_update(): also media that the guest has locked.
enum virt_affect { VIRT_AFFECT_LIVE = 1, VIRT_AFFECT_CONFIG = 2, VIRT_AFFECT_FORCE = 4 };
// Both can be set at once, but not asked for: which of them is.
static inline unsigned virt_affect_asked(unsigned affect)
{
    return affect & VIRT_AFFECT_CONFIG ? VIRT_AFFECT_CONFIG : affect;
}

// By id (digits of a running domain), uuid or name, in virsh's order: a number is tried as an id first.
int virt_dom_lookup(struct virt_conn *c, const char *text, struct virt_dom **ret, struct err *e);
int virt_dom_lookup_uuid(struct virt_conn *c, const char *uuid, struct virt_dom **ret, struct err *e);
struct virt_dom *virt_dom_ref(struct virt_dom *d); // an object of its own on the same domain
void virt_dom_free(struct virt_dom *d);
DEFINE_CLEANUP(struct virt_dom, virt_dom_free);

const char *virt_dom_name(const struct virt_dom *d);
const char *virt_dom_uuid(const struct virt_dom *d);
int virt_dom_id(const struct virt_dom *d);                 // -1 when it was not running at the time of the lookup
struct virt_conn *virt_dom_conn(const struct virt_dom *d); // no new reference

// virsh's words: "running", "paused", "shut off", "in shutdown", "crashed", "pmsuspended", "idle", "no state".
// *ret_reason (may be NULL) is libvirt's reason in virsh's words ("booted", "migrating", …). Both are static strings.
int virt_dom_state(struct virt_dom *d, const char **ret_state, const char **ret_reason, struct err *e);
