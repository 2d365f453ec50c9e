// SPDX-License-Identifier: GPL-3.0-or-later
// What is defined on a host beside domains and pools: networks, secrets, network filters. Job threads. JSON values are
// the caller's; what is gone before it could be described is left out. ERR_UNSUPPORTED: the driver has no such things.
#pragma once

#include <jansson.h>

#include "base/err.h"
#include "io/virt/conn.h"

// *ret: [{"name", "active", "xml": the persistent configuration, where it has one}]; one call, and two for each.
int virt_networks(struct virt_conn *c, json_t **ret, struct err *e);
// *ret: [{"uuid", "usage_type": "volume", "ceph" …, "usage": what for}]; one call. Their values are not asked for.
int virt_secrets(struct virt_conn *c, json_t **ret, struct err *e);
// *ret: [name]; one call.
int virt_nwfilters(struct virt_conn *c, json_t **ret, struct err *e);
