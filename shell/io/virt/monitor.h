// SPDX-License-Identifier: GPL-3.0-or-later
// QEMU itself, asked past libvirt. libvirt marks a guest that was asked so as tainted ("custom-monitor"), for as long
// as it runs: only on the operator's word. Job threads.
#pragma once

#include <jansson.h>

#include "base/err.h"
#include "io/virt/dom.h"

// *ret: what keeps QEMU from migrating it, [text] in QEMU's words; empty: nothing. The caller's. ERR_UNSUPPORTED: it is
// no QEMU, or one that does not tell.
int virt_qemu_blockers(struct virt_dom *d, json_t **ret, struct err *e);
// The same out of an answer to query-migrate. Pure.
int virt_qemu_blockers_parse(const char *answer, json_t **ret, struct err *e);
