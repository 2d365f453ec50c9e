// SPDX-License-Identifier: GPL-3.0-or-later
// What libvirt counts of a running domain, and whether its monitor answers. Job threads. Results are the caller's.
#pragma once

#include <jansson.h>

#include "base/err.h"
#include "io/virt/dom.h"

// *ret: {"rx_bytes", "rx_packets", "rx_errs", "rx_drop", "tx_bytes", …}, those that the driver counts. `device`: the
// host's name of the card, or its MAC address.
int virt_dom_card_stats(struct virt_dom *d, const char *device, json_t **ret, struct err *e);
// *ret: {"actual", "available", "rss" … in KiB, "major_fault" … , "last_update": epoch seconds}, those that are known.
int virt_dom_memory_stats(struct virt_dom *d, json_t **ret, struct err *e);
// How often the guest is asked for them, in seconds; 0: never. `affect`: bits of enum virt_affect.
int virt_dom_set_memory_period(struct virt_dom *d, int seconds, unsigned affect, struct err *e);
// *ret: {"state": "ok", "background job", "occupied" or "error", "reason": of an error, "for_ms": since then}.
int virt_dom_control(struct virt_dom *d, json_t **ret, struct err *e);

// Of one of its disks ("vda", or where it is stored). *ret: {"capacity", "allocation", "physical"}, bytes.
int virt_dom_block_info(struct virt_dom *d, const char *disk, json_t **ret, struct err *e);
// *ret: {"rd_req", "rd_bytes", …, times in ns}, those that the driver counts, by virsh's names. "": of all disks.
int virt_dom_block_stats(struct virt_dom *d, const char *disk, json_t **ret, struct err *e);
// *ret: [{"disk", "error"}] of those that gave an error.
int virt_dom_block_errors(struct virt_dom *d, json_t **ret, struct err *e);
