// SPDX-License-Identifier: GPL-3.0-or-later
// A domain's scheduler parameters. Job threads.
#pragma once

#include <jansson.h>

#include "base/err.h"
#include "base/strv.h"
#include "io/virt/dom.h"

// *ret: {"scheduler": text, "parameters": {NAME: value}}, in the hypervisor's order; the caller's.
int virt_dom_sched(struct virt_dom *d, unsigned affect, json_t **ret, struct err *e);
// "NAME=VALUE" each. ERR_USAGE: no such parameter, or a value that is none.
int virt_dom_set_sched(struct virt_dom *d, const struct strv *settings, unsigned affect, struct err *e);
