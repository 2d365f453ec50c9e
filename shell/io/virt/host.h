// SPDX-License-Identifier: GPL-3.0-or-later
// What libvirt tells about a host. Job threads.
#pragma once

#include <jansson.h>

#include "base/err.h"
#include "io/virt/conn.h"

// *ret: {"cpu_model", "cpus", "cpu_mhz", "sockets", "cores", "threads", "numa_cells", "memory_kib"}; the caller's.
int virt_node_info(struct virt_conn *c, json_t **ret, struct err *e);
// What nobody uses of its memory: in KiB, and [{"id", "free_kib"}] of its NUMA cells; the caller's.
int virt_node_free(struct virt_conn *c, json_t **ret_kib, struct err *e);
int virt_node_cells_free(struct virt_conn *c, json_t **ret, struct err *e);
// *ret: {"compiled", "library": the libvirt here, "api": "QEMU 9.0.0", "hypervisor": "QEMU 7.2.0" or null, "daemon":
// libvirt there}; the caller's.
int virt_version(struct virt_conn *c, json_t **ret, struct err *e);
