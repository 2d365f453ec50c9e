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
// *ret: {"present", "online", "map": "y-y-", "list": "0,2"} of its CPUs; the caller's.
int virt_node_cpu_map(struct virt_conn *c, json_t **ret, struct err *e);
// *ret: {"user": nanoseconds, "system", "idle", "iowait", …} since its start, or {"utilization": percent}, of one CPU
// or (<0) of all; the caller's.
int virt_node_cpu_stats(struct virt_conn *c, int cpu, json_t **ret, struct err *e);
// What it offers to guests whose memory is encrypted: {NAME: value}; the caller's.
int virt_node_sev(struct virt_conn *c, json_t **ret, struct err *e);
// What its firmware says of it, as XML; the caller frees.
int virt_node_sysinfo(struct virt_conn *c, char **ret, struct err *e);
// *ret: {"compiled", "library": the libvirt here, "api": "QEMU 9.0.0", "hypervisor": "QEMU 7.2.0" or null, "daemon":
// libvirt there}; the caller's.
int virt_version(struct virt_conn *c, json_t **ret, struct err *e);
