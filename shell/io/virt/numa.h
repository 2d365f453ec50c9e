// SPDX-License-Identifier: GPL-3.0-or-later
// A host's memory and its NUMA cells. Job threads. JSON values are the caller's. virt/host.h has what is free of it.
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/strv.h"
#include "io/virt/conn.h"

// What nobody uses of the memory of cell `cell`, in bytes.
int virt_cell_free(struct virt_conn *c, int cell, unsigned long long *ret_bytes, struct err *e);
// *ret: {"total_kib", "free_kib", "buffers_kib", "cached_kib"} of one cell or (<0) of all, as far as it is told.
int virt_node_memory_stats(struct virt_conn *c, int cell, json_t **ret, struct err *e);

// *ret: [{"size_kib", "free"}] of the pages of these sizes in a cell.
int virt_free_pages(struct virt_conn *c, int cell, const unsigned *sizes_kib, unsigned n, json_t **ret, struct err *e);
// Makes the pool of pages of that size so big, or (`add`) bigger by so many, in `cells` cells from `cell` on (<0: in
// all together).
int virt_alloc_pages(struct virt_conn *c, unsigned size_kib, unsigned long long count, int cell, unsigned cells,
                     bool add, struct err *e);

// How the kernel merges equal pages (KSM): {NAME: value}. "NAME=VALUE" each: as virt_dom_tune().
int virt_node_memory_params(struct virt_conn *c, json_t **ret, struct err *e);
int virt_node_set_memory_params(struct virt_conn *c, const struct strv *settings, struct err *e);
