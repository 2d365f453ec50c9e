// SPDX-License-Identifier: GPL-3.0-or-later
// All domains of a connection, in a number of calls that does not depend on how many there are. Job threads.
#pragma once

#include <jansson.h>

#include "base/err.h"
#include "base/strv.h"
#include "io/virt/conn.h"

// Which domains: bits of libvirt's virConnectListAllDomainsFlags, same values. Bits of one group (a line) are
// alternatives; groups narrow each other.
enum virt_list_filter {
    VIRT_LIST_ACTIVE = 1 << 0,
    VIRT_LIST_INACTIVE = 1 << 1,
    VIRT_LIST_PERSISTENT = 1 << 2,
    VIRT_LIST_TRANSIENT = 1 << 3,
    VIRT_LIST_RUNNING = 1 << 4,
    VIRT_LIST_PAUSED = 1 << 5,
    VIRT_LIST_SHUTOFF = 1 << 6,
    VIRT_LIST_OTHER = 1 << 7,
    VIRT_LIST_MANAGED_SAVE = 1 << 8,
    VIRT_LIST_NO_MANAGED_SAVE = 1 << 9,
    VIRT_LIST_AUTOSTART = 1 << 10,
    VIRT_LIST_NO_AUTOSTART = 1 << 11,
    VIRT_LIST_SNAPSHOT = 1 << 12,
    VIRT_LIST_NO_SNAPSHOT = 1 << 13,
    VIRT_LIST_CHECKPOINT = 1 << 14,
    VIRT_LIST_NO_CHECKPOINT = 1 << 15,
};

// What is told beside id, name, uuid and state; each costs calls.
enum virt_list_extra {
    VIRT_LIST_TITLE = 1,     // "title" (null: none): one call a domain, libvirt has no other way
    VIRT_LIST_SAVED_TOO = 2, // "managed_save", and "saved" as an inactive domain's state: one call
};

// *ret: [{"id": int or null, "name", "uuid", "state", "reason", …}] in virsh's words and order (running ones by id,
// then the others by name). The caller owns it. One call for the filters up to VIRT_LIST_OTHER, two for the rest.
int virt_list(struct virt_conn *c, unsigned filter, unsigned extra, json_t **ret, struct err *e);
// The uuids of those that pass, in no order, appended; one call.
int virt_list_uuids(struct virt_conn *c, unsigned filter, struct strv *ret, struct err *e);
// Their names alone, appended; one call. The others: of storage pools, networks …, active or not (secrets have only
// their uuid).
int virt_list_names(struct virt_conn *c, struct strv *ret, struct err *e);
int virt_list_pools(struct virt_conn *c, struct strv *ret, struct err *e);
int virt_list_networks(struct virt_conn *c, struct strv *ret, struct err *e);
int virt_list_secrets(struct virt_conn *c, struct strv *ret, struct err *e);
int virt_list_nwfilters(struct virt_conn *c, struct strv *ret, struct err *e);
int virt_list_ifaces(struct virt_conn *c, struct strv *ret, struct err *e);
int virt_list_nodedevs(struct virt_conn *c, struct strv *ret, struct err *e);
