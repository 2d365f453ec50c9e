// SPDX-License-Identifier: GPL-3.0-or-later
// Domain statistics. Job threads.
#pragma once

#include <jansson.h>

#include "base/err.h"
#include "io/virt/dom.h"

// Bits of virDomainStatsTypes, same values; 0 asks for all that the driver has.
enum virt_stats_groups {
    VIRT_STATS_STATE = 1 << 0,
    VIRT_STATS_CPU_TOTAL = 1 << 1,
    VIRT_STATS_BALLOON = 1 << 2,
    VIRT_STATS_VCPU = 1 << 3,
    VIRT_STATS_INTERFACE = 1 << 4,
    VIRT_STATS_BLOCK = 1 << 5,
    VIRT_STATS_PERF = 1 << 6,
    VIRT_STATS_IOTHREAD = 1 << 7,
    VIRT_STATS_MEMORY = 1 << 8,
    VIRT_STATS_DIRTYRATE = 1 << 9,
    VIRT_STATS_VM = 1 << 10,
};
// Filters are enum virt_list_filter up to VIRT_LIST_OTHER; these go beside them.
#define VIRT_STATS_NOWAIT (1U << 29)
#define VIRT_STATS_BACKING (1U << 30)
#define VIRT_STATS_ENFORCE (1U << 31)

// *ret: [{"name", "uuid", "stats": {"state.state": 1, …}}], in the driver's order; the caller's. One call.
int virt_stats(struct virt_conn *c, unsigned groups, unsigned flags, json_t **ret, struct err *e);
// The same for one domain: an array of at most one.
int virt_dom_stats(struct virt_dom *d, unsigned groups, unsigned flags, json_t **ret, struct err *e);

enum virt_dirtyrate_mode { VIRT_DIRTYRATE_SAMPLING, VIRT_DIRTYRATE_BITMAP, VIRT_DIRTYRATE_RING };
// Lets the hypervisor find out for so many seconds how fast the domain changes its memory, and returns at once: the
// statistics of VIRT_STATS_DIRTYRATE have the result. ERR_STATE while one such measurement is going on.
int virt_dirtyrate_start(struct virt_dom *d, int seconds, enum virt_dirtyrate_mode mode, struct err *e);
